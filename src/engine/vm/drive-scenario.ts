import { setTimeout as delay } from 'node:timers/promises';
import { type CommandOutcome, openChannel } from '../../guest/channel.ts';
import { SnapgateError } from '../../host/error.ts';
import type { Run } from '../../host/run.ts';
import { formatDuration } from '../../host/units.ts';
import type { Scenario } from '../contract.ts';
import { plainWords } from './guest-failure.ts';
import { createOutputTail } from './output-tail.ts';
import type { RunningVm } from './running-vm.ts';

/** Does in a resumed guest what the scenario says. Throws a SnapgateError `scenario` when its command or check fails. */
export async function driveScenario(run: Run, scenario: Scenario, vm: RunningVm): Promise<void> {
  const channel = vm.agent === undefined ? undefined : openChannel(vm.agent, true);
  const step = async (name: StepName, command: string) => {
    if (channel === undefined) throw new Error('the machine has no channel for the agent');
    const begin = performance.now();
    const outcome = await channel.run(command, scenario.timeoutMs);
    if (outcome.status === 0) return;
    throw stepError(scenario, name, outcome, performance.now() - begin, vm.consoleLines(400));
  };
  if (scenario.run !== undefined) await step('run', scenario.run);
  // No reason by itself for this process to stay: the machine's is one, and where that has died, nobody waits any more.
  if (scenario.settleMs > 0) await delay(scenario.settleMs, undefined, { signal: run.signal, ref: false });
  if (scenario.check !== undefined) await step('check', scenario.check);
}

type StepName = 'run' | 'check';

function stepError(
  scenario: Scenario,
  step: StepName,
  { status, output }: CommandOutcome,
  tookMs: number,
  console: readonly string[],
): SnapgateError {
  const name = plainWords(scenario.name);
  const lines = linesOf(output);
  const limited = status === 137 && tookMs >= scenario.timeoutMs;
  const how = limited ? `did not end within ${formatDuration(scenario.timeoutMs)}` : `exited ${status}`;
  const { why, remedy } = limited ? tooLong : causeOf(lines, console);
  return new SnapgateError('scenario', `scenario ${name}: \`${step}\` ${how}${why}`, remedy, {
    details: { title: `output of ${name} in the guest`, lines },
  });
}

interface Cause {
  /** For the end of the sentence. */
  readonly why: string;
  readonly remedy: string;
}

const tooLong: Cause = { why: '', remedy: 'Raise its time limit, or let the command end by itself.' };

function causeOf(output: readonly string[], console: readonly string[]): Cause {
  if (console.some((line) => line.includes('Out of memory: Killed process')))
    return {
      why: ': the guest was out of memory',
      remedy: 'Raise `memory-size`, or let the command use less.',
    };
  if (output.some((line) => line.includes('No space left on device')))
    return {
      why: ": the guest's disk is full",
      remedy: 'Raise `disk-size`, or `memory-size` where it is a tmpfs that is full.',
    };
  return { why: '', remedy: 'Its last lines say why; try it in the guest.' };
}

/** The last lines that a command put out, cleaned of control characters. */
export function linesOf(output: Buffer): string[] {
  const tail = createOutputTail();
  tail.add(output);
  return tail.lines(40);
}
