import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../src/cli/arguments.ts';
import { readConfig } from '../../src/config/config.ts';
import { inputs } from '../../src/config/inputs.ts';
import { reproduceOptions } from '../../src/config/reproduce.ts';

const open = { hideText: false };

/** What the command line makes of the options. */
function typed(options: readonly string[]): Readonly<Record<string, string>> {
  const command = parseCommand(['gate', ...options]);
  return command.kind === 'verb' ? command.inputs : {};
}

describe('reproduceOptions', () => {
  it('is read back by the command line as what was given', () => {
    const given = {
      dockerfile: 'guest/Dockerfile',
      'build-args': 'A=1\n\nB= two \n',
      boots: '7',
      scenarios: 'pause, idle-2s',
      'ready-command': '-x "$(id)" `id` \\ \' \n second line',
      'fail-above': '3%',
      config: 'ci/gate.yml',
    };
    const back = typed(reproduceOptions(given, open));
    expect(back).toEqual({ ...given, 'build-args': 'A=1\nB= two' });
    expect(readConfig(back, undefined)).toEqual(readConfig(given, undefined));
  });

  it('is without folders, the token and what is empty', () => {
    const every = Object.fromEntries(inputs.map(({ name }) => [name, 'x']));
    const names = reproduceOptions(every, open).filter((word) => word.startsWith('--'));
    for (const name of [
      'output-dir',
      'work-dir',
      'cache-dir',
      'github-token',
      'pr-number',
      'mode',
      'comment-key',
    ])
      expect(names).not.toContain(`--${name}`);
    expect(reproduceOptions({ dockerfile: '', boots: ' \n', target: undefined }, open)).toEqual([]);
  });

  it('names a base that is no commit, and leaves the others to the report', () => {
    expect(reproduceOptions({ base: ' rootfs:old.ext4 ' }, open)).toEqual(['--base', 'rootfs:old.ext4']);
    expect(reproduceOptions({ base: 'image:guest:1' }, open)).toEqual(['--base', 'image:guest:1']);
    expect(reproduceOptions({ base: 'measurement:m.json' }, open)).toEqual(['--base', 'measurement:m.json']);
    for (const base of ['auto', 'none', 'ref:main', '']) expect(reproduceOptions({ base }, open)).toEqual([]);
  });

  it('hides what a workflow may have put a secret into, but for the names of build arguments', () => {
    const given = {
      dockerfile: 'D',
      'build-args': 'TOKEN=hunter2\n  SPACED = hunter2\n=hunter2',
      'build-command': 'curl -H hunter2',
      'ready-command': 'PASS=hunter2 check',
    };
    const options = reproduceOptions(given, { hideText: true });
    expect(options.join(' ')).not.toContain('hunter2');
    expect(options).toEqual([
      '--dockerfile',
      'D',
      '--build-args',
      'TOKEN=…',
      '--build-args',
      '…',
      '--build-args',
      '…',
      '--build-command',
      '…',
      '--ready-command',
      'PASS=…',
    ]);
  });
});
