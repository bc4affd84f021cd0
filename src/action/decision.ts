import type { Judged } from './judged.ts';

/** What a gate came to, and what is to be kept of it. */
export interface Decision {
  readonly judged: Judged;
  /** Since when a result of this very head is known, ISO 8601; undefined: since now. */
  shownAt(): Promise<string | undefined>;
  /** Stores and uploads what other runs can use. Warns where that fails, and throws nothing but the end of the run. */
  keep(): Promise<void>;
}
