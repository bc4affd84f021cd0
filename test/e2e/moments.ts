import { setTimeout as delay } from 'node:timers/promises';
import { processesOf } from './leftovers.ts';
import type { Job, Step } from './runner.ts';

/** Id that the processes of a job's run carry; of no process before the run has begun. */
export function runIdOf(job: Job): string {
  return (job.state()['run-dir'] ?? '').split('snapgate-run-')[1] ?? 'not yet';
}

/** A machine that boots. */
export function inBoot(job: Job): boolean {
  return processesOf(runIdOf(job)).some(({ command }) => command.includes('boot-0'));
}

/** A machine whose disk is a cycle's own overlay. */
export function inCycle(job: Job): boolean {
  return processesOf(runIdOf(job)).some(({ command }) => command.includes('cycle.qcow2'));
}

/** Waits for what another process does; an end of that process before it is an error with its log. */
export async function until(reached: () => boolean, { ended, log }: Step): Promise<void> {
  let isOver = false;
  ended.then(() => {
    isOver = true;
  });
  while (!reached()) {
    if (isOver) throw new Error(`main ended too soon:\n${log()}`);
    await delay(20);
  }
}
