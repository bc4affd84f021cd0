import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { builtInScenarios } from '../../../src/config/scenarios.ts';
import type { Scenario } from '../../../src/engine/contract.ts';
import { composeCommand } from '../../../src/engine/e2b/compose-command.ts';
import { readTiming } from '../../../src/engine/e2b/read-timing.ts';

const nothing: Scenario = {
  name: 'own',
  run: undefined,
  settleMs: 0,
  check: undefined,
  from: 'previous',
  repeat: 1,
  timeoutMs: 1000,
};

/** As resume-build runs it in the guest, with sleeps that take no time. */
function runAsGuest(command: string | undefined) {
  const quick = `sleep() { echo "slept $1"; }; export -f sleep; ${command}`;
  return spawnSync('bash', ['-c', quick], { encoding: 'utf8' });
}

describe('the command of a cycle', () => {
  it('is none for a pause, a sleep for a rest, and the scenario’s own by itself', () => {
    const commands = Object.fromEntries(builtInScenarios.map((each) => [each.name, composeCommand(each)]));
    expect(commands).toMatchObject({
      pause: undefined,
      'idle-2s': 'sleep 2',
      'idle-5s': 'sleep 5',
      'pause-x10': undefined,
    });
    expect(commands['write-64k']).toContain('bs=64k count=1');
    expect(commands['spawn']).toContain('python3');
    expect(composeCommand({ ...nothing, settleMs: 1500 })).toBe('sleep 1.5');
  });

  it.each([
    ['quotes', `echo "it's" 'a "test"'`, `it's a "test"\n`],
    ['a comment', 'echo one # && exit 9', 'one\n'],
    ['an exit', 'echo done; exit 0', 'done\n'],
    ['two lines and a substitution', 'a=$(echo two)\necho "$a lines"', 'two lines\n'],
    ['a here document', "cat <<'END'\n$HOME 'x'\nEND", "$HOME 'x'\n"],
    ['an alternative', 'false || echo other', 'other\n'],
  ])('goes on to its settle and its check after %s', (_, run, output) => {
    const composed = composeCommand({ ...nothing, run, settleMs: 2000, check: `echo 'checked'` });
    const { status, stdout } = runAsGuest(composed);
    expect([status, stdout]).toEqual([0, `${output}slept 2\nchecked\n`]);
  });

  it('ends where run fails, and with the status of the check', () => {
    const failing = runAsGuest(composeCommand({ ...nothing, run: 'exit 7', settleMs: 1000, check: 'true' }));
    expect([failing.status, failing.stdout]).toEqual([7, '']);
    expect(runAsGuest(composeCommand({ ...nothing, check: 'exit 4' })).status).toBe(4);
  });
});

describe('the times that resume-build tells', () => {
  it('are those of its last breakdown', () => {
    const lines = [
      '📊 Timing breakdown:',
      '   Resume: 1.0ms',
      'said by the guest',
      '📊 Timing breakdown:',
      '   Resume: 41.2ms',
      '   Pause:  123.4ms',
      '   Total:  164.7ms',
    ];
    expect(readTiming(lines)).toEqual({ resumeMs: 41.2, pauseMs: 123.4 });
  });

  it('are none where there are none, or where they are told in another way', () => {
    expect(readTiming(['✅ Sandbox resumed in 41.2ms'])).toEqual({});
    expect(readTiming(['📊 Timing breakdown:', '   Resume: 41ms', '   Pause:  1m2s'])).toEqual({});
  });
});
