import type { Duplex } from 'node:stream';

/** A guest that runs in a process of its own, whatever its machine: what driving it takes. */
export interface RunningVm {
  /** The process whose use of the host's processor is the guest's. */
  readonly pid: number;
  /** The host's end of the agent's channel, where there is one. */
  readonly agent: Duplex | undefined;
  /** performance.now() of the start. */
  readonly startedAtMs: number;
  /** The last lines of the guest's console, control characters removed; untrusted. */
  consoleLines(count: number): string[];
  /** The work's result, or the error that says why the machine ended before. */
  guard<T>(work: Promise<T>): Promise<T>;
}
