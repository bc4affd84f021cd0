import type { Ledger } from './ledger.ts';

/** Where progress goes. Every string may hold what a guest or a builder said: implementations neutralise it. */
export interface Log {
  /** One line of progress for people. */
  info(message: string): void;
  /** Something the user should know that does not stop the run. */
  warning(message: string): void;
  /** Detail, folded in CI, hidden on a terminal unless asked for. */
  detail(message: string): void;
}

/** What one run of snapgate carries through all its parts. Made by the entries, never at module level. */
export interface Run {
  /** Unique to the run; in the environment of every process it starts as SNAPGATE_RUN_ID. */
  readonly id: string;
  /** Folder of this run alone; everything temporary is below it, and it is removed at the end. */
  readonly dir: string;
  /** Folder kept between runs: images and kernels by content. */
  readonly cacheDir: string;
  readonly log: Log;
  /** Records what must not outlive the run, as it is made. */
  readonly ledger: Ledger;
  /** Aborted on SIGINT/SIGTERM and when the run is over; long waits listen to it. */
  readonly signal: AbortSignal;
}
