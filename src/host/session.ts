import { closeOrSay, openRun } from './cleanup.ts';
import { SnapgateError } from './error.ts';
import type { Log, Run } from './run.ts';

export interface SessionOptions {
  readonly workDir: string;
  readonly cacheDir: string;
  readonly log: Log;
  /** Told the run's folder before anything is made in it, for whoever cleans up after a SIGKILL. */
  readonly onOpen?: (dir: string) => void;
}

const stoppingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Does a job with a run of its own, and removes all that it made: at its end, on an error, and on a signal, which ends the job
 * with a SnapgateError `interrupted`. A second signal does not wait for the job.
 */
export async function withRun<T>(options: SessionOptions, job: (run: Run) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const run = openRun(options.workDir, options.cacheDir, options.log, controller.signal);
  options.onOpen?.(run.dir);
  const interrupted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true });
  });
  interrupted.catch(() => {});
  const stop = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      closeOrSay(run.dir, run.log);
      process.exit(75);
    }
    controller.abort(interruption(signal));
  };
  for (const signal of stoppingSignals) process.on(signal, stop);
  try {
    return await Promise.race([job(run), interrupted]);
  } finally {
    if (!controller.signal.aborted) controller.abort(interruption('the end of the run'));
    closeOrSay(run.dir, run.log);
    for (const signal of stoppingSignals) process.off(signal, stop);
  }
}

function interruption(by: string): SnapgateError {
  return new SnapgateError('interrupted', `interrupted by ${by}`, 'Nothing was left behind; run it again.');
}
