import type { Fingerprint, Measurement } from '../measure/record.ts';

/** What a stored measurement must be of to stand in for one of now. */
export interface StoreQuery {
  /** Hash of what is measured and how, but for the content of the sources: see `measuringKey`. */
  readonly measuringSha256: string;
  /** The machine class that measures now. */
  readonly fingerprint: Fingerprint;
}

export type Stored =
  | { readonly kind: 'found'; readonly measurement: Measurement }
  /** There is one that must not be used; `reason` is one sentence for the report. */
  | { readonly kind: 'unusable'; readonly reason: string }
  | { readonly kind: 'none' };

/** Measurements kept for later runs. A store that is down has nothing: it warns once, and no verdict depends on it. */
export interface BaselineStore {
  /** For people: `the cache`, `branch snapgate-baselines`. */
  readonly name: string;
  /** The measurement of exactly this commit. */
  ofCommit(commit: string, query: StoreQuery): Promise<Stored>;
  /** What was stored last of a branch. */
  latest(branch: string, query: StoreQuery): Promise<Stored>;
  /** Keeps a measurement whose subject has a commit; with `branch`, also as the newest of its history. */
  save(measurement: Measurement, measuringSha256: string, branch: string | undefined): Promise<void>;
}

/** Both measurements of a head of a pull request: what an event that only changed a label is answered from. */
export interface ResultPair {
  readonly base: Measurement | undefined;
  readonly head: Measurement;
}

export interface ResultStore {
  load(headSha: string, measuringSha256: string): Promise<ResultPair | undefined>;
  save(headSha: string, measuringSha256: string, pair: ResultPair): Promise<void>;
}
