import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { isInterruption, SnapgateError } from '../host/error.ts';
import { printable } from '../host/printable.ts';
import type { Run } from '../host/run.ts';
import { maxRecordBytes } from '../measure/parse.ts';
import type { Measurement } from '../measure/record.ts';
import {
  type BranchFile,
  type BranchOptions,
  type BranchRepository,
  openBranch,
} from './branch-repository.ts';
import {
  type HistoryEntry,
  historyEntryOf,
  maxHistoryEntries,
  readHistory,
  sortHistory,
  toHistory,
} from './history.ts';
import { fingerprintKey, shortKey } from './measuring-key.ts';
import { oneWarning } from './one-warning.ts';
import { judgeStored, readStored } from './stand-in.ts';
import type { BaselineStore, Stored, StoreQuery } from './store.ts';

export type BranchStoreOptions = Omit<BranchOptions, 'pause'> & Partial<Pick<BranchOptions, 'pause'>>;

/**
 * Measurements and their history on a branch of the repository, one file a commit, so that no two runs change the same file:
 *
 *     measurements/<measuring key>/<machine class>/<commit>.json
 *     history/<measuring key>/<machine class>/<branch>/<time>-<commit>.json
 */
export function openBranchStore(run: Run, options: BranchStoreOptions): BaselineStore {
  const { branch } = options;
  const store = openStore(run, openBranch(run, { pause: pauseAtRandom, ...options }), branch);
  return {
    name: `branch ${branch}`,
    ofCommit: (commit, query) => store.guard(none, () => findOfCommit(store, commit, query)),
    latest: (of, query, except) => store.guard(none, () => findLatest(store, of, query, except)),
    history: (of, query) => store.guard([], () => findHistory(store, of, query)),
    save: (measurement, measuringSha256, of) =>
      store.guardSave(() => save(store, measurement, measuringSha256, of)),
  };
}

/** A branch's name as the name of one folder, on any file system, that nothing can be hidden behind. */
export function folderOfBranch(branch: string): string {
  const escaped = encodeURIComponent(branch.toWellFormed()).replaceAll(
    /[.!'()*~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  if (escaped.length <= 120) return escaped;
  return `${escaped.slice(0, 80)}~${createHash('sha256').update(branch).digest('hex').slice(0, 16)}`;
}

const none: Stored = { kind: 'none' };

/** Bytes of one entry of the history: a thousand scenarios with all their metrics. */
const maxEntryBytes = 512 * 1024;

/** Measurements that are looked at before it is said that there is none: damaged ones are passed over. */
const maxLookedAt = 5;

interface Store {
  readonly name: string;
  readonly repository: BranchRepository;
  /** What `job` finds; `nothing`, with a warning, where the branch cannot be read: then it is asked for nothing more, and not written. */
  readonly guard: <T>(nothing: T, job: () => Promise<T>) => Promise<T>;
  readonly guardSave: (job: () => Promise<void>) => Promise<void>;
  /** Says that something on the branch is not what it should be. */
  readonly ignore: (path: string, why: string) => void;
}

const unkept = 'nothing of this run is kept for others';

function openStore(run: Run, repository: BranchRepository, branch: string): Store {
  const warn = oneWarning(run.log);
  const warnOfFile = oneWarning(run.log);
  let isGone = false;
  const trouble = (error: unknown, lost: string) => {
    if (!(error instanceof SnapgateError) || isInterruption(error)) throw error;
    warn(`${error.message}: ${lost}. The verdict stands. ${error.remedy}`);
  };
  return {
    name: `branch ${branch}`,
    repository,
    guard: async (nothing, job) => {
      if (isGone) return nothing;
      try {
        return await job();
      } catch (error) {
        trouble(error, `stored measurements are not used, and ${unkept}`);
        isGone = true;
        return nothing;
      }
    },
    guardSave: async (job) => {
      if (isGone) return;
      try {
        await job();
      } catch (error) {
        trouble(error, unkept);
      }
    },
    ignore: (path, why) =>
      warnOfFile(`${printable(path, 200)} on branch ${branch} is ignored: ${why}. It can be deleted there.`),
  };
}

type PathParts = Pick<StoreQuery, 'measuringSha256' | 'fingerprint'>;

function pathsOf({ measuringSha256, fingerprint }: PathParts) {
  const measuring = shortKey(measuringSha256);
  const ofClass = shortKey(fingerprintKey(fingerprint));
  return {
    ofClass,
    allMeasurements: `measurements/${measuring}`,
    measurements: `measurements/${measuring}/${ofClass}`,
    allHistories: `history/${measuring}`,
    history: (branch: string) => `history/${measuring}/${ofClass}/${folderOfBranch(branch)}`,
  };
}

/** A file under `measurements/`, by what its path says. */
interface StoredFile {
  readonly file: BranchFile;
  readonly ofClass: string;
  readonly commit: string;
}

async function storedFiles(
  { repository }: Store,
  path: string,
  is: (found: StoredFile) => boolean,
): Promise<StoredFile[]> {
  const files = await repository.list(path);
  return files.flatMap((file) => {
    const [, ofClass, commit] =
      /^measurements\/[0-9a-f]{16}\/([0-9a-f]{16})\/([0-9a-f]{40})\.json$/.exec(file.path) ?? [];
    if (ofClass === undefined || commit === undefined) return [];
    const found = { file, ofClass, commit };
    return is(found) ? [found] : [];
  });
}

async function findOfCommit(store: Store, commit: string, query: StoreQuery): Promise<Stored> {
  const { allMeasurements, ofClass } = pathsOf(query);
  const files = await storedFiles(store, allMeasurements, (found) => found.commit === commit);
  const own = files.filter((found) => found.ofClass === ofClass);
  const others = files.filter((found) => found.ofClass !== ofClass);
  return await judgeFirst(store, [...own, ...others], query);
}

/** The first file, of a few, that is what its path says. */
async function judgeFirst(store: Store, files: readonly StoredFile[], query: StoreQuery): Promise<Stored> {
  for (const found of files.slice(0, maxLookedAt)) {
    const measurement = await readMeasurementFile(store, found);
    if (measurement !== undefined) return judgeStored(measurement, query);
  }
  return none;
}

async function readMeasurementFile(
  store: Store,
  { file, ofClass, commit }: StoredFile,
): Promise<Measurement | undefined> {
  const claim = { where: file.path, commit, fingerprintKey: ofClass };
  const [text] = await readTexts(store, [file], maxRecordBytes);
  return text === undefined ? undefined : readOrIgnore(store, file, () => readStored(text, claim));
}

/** What each file holds; undefined, and said, for one that is no file or too large. */
async function readTexts(
  store: Store,
  files: readonly BranchFile[],
  maxBytes: number,
): Promise<readonly (string | undefined)[]> {
  const regular = files.filter(({ isRegular }) => isRegular).map(({ object }) => object);
  const contents = await store.repository.read(regular, maxBytes);
  return files.map(({ path, object, isRegular }) => {
    const text = isRegular ? contents.get(object) : undefined;
    if (text === undefined) store.ignore(path, isRegular ? 'it is too large' : 'it is no regular file');
    return text;
  });
}

function readOrIgnore<T>(store: Store, { path }: BranchFile, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SnapgateError)) throw error;
    store.ignore(path, error.message);
    return undefined;
  }
}

/** A file under `history/`, by what its path says. */
interface HistoryFile {
  readonly file: BranchFile;
  readonly ofClass: string;
  /** Names sort by time. */
  readonly name: string;
  /** The first 12 digits. */
  readonly commit: string;
}

/** The newest files of a branch's histories, oldest first. */
async function historyFiles({ repository }: Store, path: string, branch: string): Promise<HistoryFile[]> {
  const files = (await repository.list(path)).flatMap((file) => {
    const [, ofClass, folder, name, commit] =
      /^history\/[0-9a-f]{16}\/([0-9a-f]{16})\/([^/]+)\/(\d{8}T\d{6}\.\d{3}Z-([0-9a-f]{12}))\.json$/.exec(
        file.path,
      ) ?? [];
    if (ofClass === undefined || name === undefined || commit === undefined) return [];
    return folder === folderOfBranch(branch) ? [{ file, ofClass, name, commit }] : [];
  });
  return files.sort((one, other) => (one.name < other.name ? -1 : 1)).slice(-maxHistoryEntries);
}

async function findLatest(store: Store, branch: string, query: StoreQuery, except?: string): Promise<Stored> {
  const paths = pathsOf(query);
  const isOther = ({ commit }: HistoryFile) => except === undefined || !except.startsWith(commit);
  const own = await historyFiles(store, paths.history(branch), branch);
  const entries = own.length > 0 ? own : await historyFiles(store, paths.allHistories, branch);
  const newest = entries.filter(isOther).toReversed().slice(0, maxLookedAt);
  const measurements = await storedFiles(store, paths.allMeasurements, () => true);
  const files = newest.flatMap(({ ofClass, commit }) =>
    measurements.filter((found) => found.ofClass === ofClass && found.commit.startsWith(commit)),
  );
  return await judgeFirst(store, files, query);
}

async function findHistory(
  store: Store,
  branch: string,
  query: StoreQuery,
): Promise<readonly HistoryEntry[]> {
  const files = await historyFiles(store, pathsOf(query).history(branch), branch);
  const texts = await readTexts(
    store,
    files.map(({ file }) => file),
    maxEntryBytes,
  );
  const expected = fingerprintKey(query.fingerprint);
  return sortHistory(
    files.flatMap((found, index) => {
      const text = texts[index];
      if (text === undefined) return [];
      return readOrIgnore(store, found.file, () => readEntry(text, found, expected)) ?? [];
    }),
  );
}

function readEntry(
  text: string,
  { file, commit }: HistoryFile,
  fingerprintSha256: string,
): readonly HistoryEntry[] {
  const entries = readHistory(text, file.path);
  const isWhatItSays = (entry: HistoryEntry) =>
    entry.commit.startsWith(commit) && entry.fingerprintSha256 === fingerprintSha256;
  if (entries.length === 1 && entries.every(isWhatItSays)) return entries;
  throw new SnapgateError('record', `${file.path} is not what its name says`, 'Measure again.');
}

async function save(
  store: Store,
  measurement: Measurement,
  measuringSha256: string,
  branch: string | undefined,
): Promise<void> {
  const { commit } = measurement.subject;
  if (commit === undefined) return;
  const text = line(measurement);
  if (Buffer.byteLength(text) > maxRecordBytes)
    throw new SnapgateError(
      'base',
      `the measurement of ${commit.slice(0, 7)} is too large for ${store.name}`,
      'Give it fewer boots or cycles.',
    );
  const paths = pathsOf({ measuringSha256, fingerprint: measurement.fingerprint });
  const entry = branch === undefined ? undefined : historyEntryOf(measurement);
  const files = { [`${paths.measurements}/${commit}.json`]: text };
  if (branch !== undefined && entry !== undefined)
    files[`${paths.history(branch)}/${sortable(entry)}-${commit.slice(0, 12)}.json`] = line(
      toHistory([entry]),
    );
  await store.repository.add(files, `Measurement of ${commit.slice(0, 12)}`);
}

function line(record: object): string {
  return `${JSON.stringify(record)}\n`;
}

/** `20260102T030405.678Z`: sorts by time, and is a file name everywhere. */
function sortable({ measuredAt }: HistoryEntry): string {
  return new Date(measuredAt).toISOString().replaceAll(/[-:]/g, '');
}

/** Runs that met once must not meet at every try. */
async function pauseAtRandom(tries: number): Promise<void> {
  await wait(Math.random() * Math.min(5000, 250 * 2 ** tries));
}
