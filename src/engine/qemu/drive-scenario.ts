import { setTimeout as delay } from 'node:timers/promises';
import { type Channel, type CommandOutcome, openChannel } from '../../guest/channel.ts';
import { SnapgateError } from '../../host/error.ts';
import type { Run } from '../../host/run.ts';
import { formatDuration } from '../../host/units.ts';
import type { Scenario } from '../contract.ts';
import { plainWords } from './guest-failure.ts';
import { createOutputTail } from './output-tail.ts';
import type { Vm } from './vm.ts';

/** Does in a resumed guest what the scenario says. Throws a SnapgateError `scenario` when its command or check fails. */
export async function driveScenario(run: Run, scenario: Scenario, vm: Vm): Promise<void> {
  const channel = vm.agent === undefined ? undefined : openChannel(vm.agent, true);
  if (scenario.run !== undefined) await runStep(scenario, 'run', scenario.run, channel);
  // No reason by itself for this process to stay: QEMU's is one, and where that has died, nobody waits any more.
  if (scenario.settleMs > 0) await delay(scenario.settleMs, undefined, { signal: run.signal, ref: false });
  if (scenario.check !== undefined) await runStep(scenario, 'check', scenario.check, channel);
}

async function runStep(
  scenario: Scenario,
  step: 'run' | 'check',
  command: string,
  channel: Channel | undefined,
): Promise<void> {
  if (channel === undefined) throw new Error('the machine has no port for the agent');
  const begin = performance.now();
  const outcome = await channel.run(command, scenario.timeoutMs);
  if (outcome.status === 0) return;
  const limited = outcome.status === 137 && performance.now() - begin >= scenario.timeoutMs;
  throw scenarioError(scenario, step, outcome, limited);
}

function scenarioError(
  scenario: Scenario,
  step: 'run' | 'check',
  outcome: CommandOutcome,
  limited: boolean,
): SnapgateError {
  const name = plainWords(scenario.name);
  const how = limited
    ? `did not end within ${formatDuration(scenario.timeoutMs)}`
    : `exited ${outcome.status}`;
  const remedy = limited
    ? 'Raise its time limit, or let the command end by itself.'
    : 'The lines below are the end of its output in the guest; try it there. A full disk of the guest needs a larger `disk-size`.';
  return new SnapgateError('scenario', `scenario ${name}: \`${step}\` ${how}`, remedy, {
    details: { title: `output of ${name} in the guest`, lines: linesOf(outcome.output) },
  });
}

/** The last lines that a command put out, cleaned of control characters. */
export function linesOf(output: Buffer): string[] {
  const tail = createOutputTail();
  tail.add(output);
  return tail.lines(40);
}
