import { join } from 'node:path';
import { closeRun, openRun } from '../../src/host/cleanup.ts';
import { SnapgateError } from '../../src/host/error.ts';
import type { Run } from '../../src/host/run.ts';

export interface TestRun extends Disposable {
  readonly run: Run;
  /** Warnings, in order. */
  readonly warnings: readonly string[];
  /** Lines of progress, in order. */
  readonly infos: readonly string[];
  /** Ends the run as a signal does. */
  abort(): void;
}

/** A run below `folder`, closed when its scope ends. */
export function openTestRun(folder: string): TestRun {
  const warnings: string[] = [];
  const infos: string[] = [];
  const log = {
    info: (message: string) => infos.push(message),
    detail: () => {},
    warning: (message: string) => warnings.push(message),
  };
  const controller = new AbortController();
  const run = openRun(join(folder, 'work'), join(folder, 'cache'), log, controller.signal);
  return {
    run,
    warnings,
    infos,
    abort: () => controller.abort(new SnapgateError('interrupted', 'interrupted by the test', 'None.')),
    [Symbol.dispose]: () => closeRun(run.dir),
  };
}
