import { join } from 'node:path';
import { closeRun, openRun } from '../../src/host/cleanup.ts';
import type { Run } from '../../src/host/run.ts';

export interface TestRun extends Disposable {
  readonly run: Run;
  /** Warnings, in order. */
  readonly warnings: readonly string[];
}

/** A run below `folder`, closed when its scope ends. */
export function openTestRun(folder: string): TestRun {
  const warnings: string[] = [];
  const log = { info: () => {}, detail: () => {}, warning: (message: string) => warnings.push(message) };
  const run = openRun(join(folder, 'work'), join(folder, 'cache'), log, new AbortController().signal);
  return { run, warnings, [Symbol.dispose]: () => closeRun(run.dir) };
}
