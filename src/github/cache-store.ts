import { appendToHistory, historyEntryOf, sortHistory } from '../baseline/history.ts';
import { oneWarning } from '../baseline/one-warning.ts';
import { judgeStored } from '../baseline/stand-in.ts';
import type { BaselineStore, ResultStore, Stored, StoreQuery } from '../baseline/store.ts';
import { SnapgateError } from '../host/error.ts';
import type { Log } from '../host/run.ts';
import type { Measurement } from '../measure/record.ts';
import type { Cache, CacheEntry, Restored } from './cache.ts';
import { branchKeys, measurementKeys, resultKey } from './cache-keys.ts';
import {
  readLastStored,
  readMeasurementEntry,
  readResult,
  writeLastStored,
  writeResult,
} from './cache-records.ts';

/** The run that stores, which is in the keys of what it stores. */
export interface StoringRun {
  readonly runId: number;
  readonly attempt: number;
}

/**
 * Measurements in the cache of GitHub Actions. What a run of a pull request stores is found by runs of the same pull request only; what a
 * push stores, by those of its branch, and of the default branch by all. Two pushes that end at once may each leave a history without
 * the other's entry: an entry of the cache is never changed, and the newest is the history. A branch as the store has no such loss.
 */
export function openCacheStore(log: Log, cache: Cache, run: StoringRun): BaselineStore {
  const reader: Reader = { cache, read: ignoring(log), run: `${run.runId}-${run.attempt}` };
  return {
    name: 'the cache',
    ofCommit: (commit, query) => findOfCommit(reader, commit, query),
    latest: (branch, query, except) => findLatest(reader, branch, query, except),
    history: async (branch, query) => {
      const keys = branchKeys(branch, reader.run, query);
      const last = reader.read(await cache.restore([keys.ofClass]), readLastStored);
      return sortHistory(last?.history.entries ?? []);
    },
    save: async (measurement, measuringSha256, branch) => {
      const { commit } = measurement.subject;
      if (commit === undefined) return;
      const parts = { measuringSha256, fingerprint: measurement.fingerprint };
      const { exact } = measurementKeys(commit, measurement.boots.length, parts);
      await cache.save(exact, JSON.stringify(measurement));
      if (branch !== undefined) await saveLast(reader, measurement, branchKeys(branch, reader.run, parts));
    },
  };
}

/** The measurements of a pull request's head in the cache. Only runs of the same pull request find them. */
export function openCacheResults(log: Log, cache: Cache, run: StoringRun): ResultStore {
  const read = ignoring(log);
  return {
    load: async (headSha, measuringSha256) => {
      const restored = await cache.restore([resultKey(headSha, measuringSha256)]);
      return read(restored, (entry) => readResult(entry, { headSha, measuringSha256 }));
    },
    save: async (headSha, measuringSha256, pair) => {
      const key = `${resultKey(headSha, measuringSha256)}${run.runId}-${run.attempt}`;
      await cache.save(key, writeResult({ headSha, measuringSha256 }, pair));
    },
  };
}

interface Reader {
  readonly cache: Cache;
  readonly read: <T>(restored: Restored, read: (entry: CacheEntry) => T) => T | undefined;
  /** The run, as it stands in keys. */
  readonly run: string;
}

/**
 * The service goes through one scope (the branch) for all keys before it goes into the next (the default branch). So the key that finds
 * other machine classes is asked for alone, and only when there is none of this class anywhere.
 */
async function findOfCommit({ cache, read }: Reader, commit: string, query: StoreQuery): Promise<Stored> {
  const keys = measurementKeys(commit, query.boots, query);
  const own = await cache.restore([keys.exact, keys.ofClass]);
  const restored = own.kind === 'nothing' ? await cache.restore([keys.anyClass]) : own;
  return judge(
    read(restored, (entry) => readMeasurementEntry(entry, commit)),
    query,
  );
}

async function findLatest(
  reader: Reader,
  branch: string,
  query: StoreQuery,
  except?: string,
): Promise<Stored> {
  const { cache, read, run } = reader;
  const keys = branchKeys(branch, run, query);
  const own = await cache.restore([keys.ofClass]);
  const restored = own.kind === 'nothing' ? await cache.restore([keys.anyClass]) : own;
  const last = read(restored, readLastStored);
  if (last === undefined || last.latest.subject.commit !== except) return judge(last?.latest, query);
  const before = sortHistory(last.history.entries).findLast(({ commit }) => commit !== except);
  return before === undefined ? { kind: 'none' } : await findOfCommit(reader, before.commit, query);
}

function judge(measurement: Measurement | undefined, query: StoreQuery): Stored {
  return measurement === undefined ? { kind: 'none' } : judgeStored(measurement, query);
}

/** Not where the history could not be asked for: what is stored here would be the newest, and end it. */
async function saveLast(
  { cache, read }: Reader,
  measurement: Measurement,
  keys: ReturnType<typeof branchKeys>,
): Promise<void> {
  const entry = historyEntryOf(measurement);
  if (entry === undefined) return;
  const restored = await cache.restore([keys.ofClass]);
  if (restored.kind === 'trouble') return;
  const history = appendToHistory(read(restored, readLastStored)?.history.entries ?? [], entry);
  await cache.save(keys.exact, writeLastStored(history, measurement));
}

/** Reads an entry, or warns and has nothing: one that is not what it should be is somebody's mistake or worse, and no error of this run. */
function ignoring(log: Log): Reader['read'] {
  const warn = oneWarning(log);
  return (restored, read) => {
    if (restored.kind !== 'entry') return undefined;
    try {
      return read(restored);
    } catch (error) {
      if (!(error instanceof SnapgateError)) throw error;
      warn(
        `A stored record in the cache is ignored: ${error.message}. It can be deleted under Actions, Caches in the repository.`,
      );
      return undefined;
    }
  };
}
