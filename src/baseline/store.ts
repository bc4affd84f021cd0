import type { ExpectedFingerprint, Measurement } from '../measure/record.ts';
import type { HistoryEntry } from './history.ts';

/** What a stored measurement must be of to stand in for one of now. */
export interface StoreQuery {
  /** Hash of what is measured and how, but for the content of the sources: see `measuringKey`. */
  readonly measuringSha256: string;
  /** The machine class that measures now. */
  readonly fingerprint: ExpectedFingerprint;
  /** Boots that this run asks for: a measurement with fewer would widen its intervals. */
  readonly boots: number;
  /** What this run measures. The key says so too; a record that says something else is not what its key says. */
  readonly scenarios: Measurement['scenarios'];
  /** Names of metrics that the measurement must have, such as those that gate; none if not given. */
  readonly metrics?: readonly string[];
}

export type Stored =
  | { readonly kind: 'found'; readonly measurement: Measurement }
  /** There is one that must not be used; `reason` is one sentence for the report. It may quote the record: escape it. */
  | { readonly kind: 'unusable'; readonly reason: string }
  | { readonly kind: 'none' };

/**
 * Measurements kept for later runs. A store that is down has nothing: it warns once, and no verdict depends on it. Of all that its
 * methods meet, only the end of the run is thrown.
 */
export interface BaselineStore {
  /** For people: `the cache`, `branch snapgate-baselines`. */
  readonly name: string;
  /** The measurement of exactly this commit. */
  ofCommit(commit: string, query: StoreQuery): Promise<Stored>;
  /** What was stored last of a branch; with `except`, of another commit than that: a push that runs again must not meet itself. */
  latest(branch: string, query: StoreQuery, except?: string): Promise<Stored>;
  /** What was stored of a branch, oldest first, of the query's machine class; the newest 1000. */
  history(branch: string, query: StoreQuery): Promise<readonly HistoryEntry[]>;
  /** Keeps a measurement whose subject has a commit; with `branch`, also as the newest of its history. */
  save(measurement: Measurement, measuringSha256: string, branch: string | undefined): Promise<void>;
}

/** Both measurements of a head of a pull request: what an event that only changed a label is answered from. */
export interface ResultPair {
  readonly base: Measurement | undefined;
  readonly head: Measurement;
  /** Why there is no base although one was asked for: `state` and `reason` of the comparison. */
  readonly noVerdict?:
    | { readonly state: 'no-baseline' | 'not-comparable'; readonly reason: string }
    | undefined;
  /** Sentences of the report. */
  readonly notes: readonly string[];
}

/** Like a BaselineStore in what it throws and when it warns. */
export interface ResultStore {
  /** The newest pair of this head. */
  load(headSha: string, measuringSha256: string): Promise<ResultPair | undefined>;
  save(headSha: string, measuringSha256: string, pair: ResultPair): Promise<void>;
}
