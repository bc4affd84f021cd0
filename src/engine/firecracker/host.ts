import type { FirecrackerVersion } from './version.ts';

/** The Firecracker that a run drives, as the probe has found it. */
export interface FirecrackerHost {
  /** Absolute path. */
  readonly binary: string;
  readonly version: FirecrackerVersion;
  /** What the binary says of itself: `Firecracker v1.16.1`. */
  readonly said: string;
  /** Absolute path of the jailer where it is used. */
  readonly jailer: string | undefined;
  /** Limit of each call of its API; a snapshot has more, by the size of the guest. */
  readonly answerMs: number;
}
