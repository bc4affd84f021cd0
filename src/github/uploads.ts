import pLimit from 'p-limit';
import { SnapgateError } from '../host/error.ts';
import type { Measurement } from '../measure/record.ts';
import { entryArtifactName, entryPrefix, guessEntry } from './artifact-names.ts';
import { downloadArtifact, listArtifacts, type RunArtifact } from './artifacts.ts';
import { jsonLimits } from './bounded-json.ts';
import { readZip } from './bounded-zip.ts';
import { startPatience } from './client.ts';
import type { GitHubRepository } from './repository.ts';
import { explainFailure } from './service-failure.ts';
import {
  type EntryRecord,
  readForeignMeasurement,
  readUpload,
  type UploadFailure,
  type UploadRecord,
  uploadFiles,
} from './upload-record.ts';

/** What an artifact of snapgate holds, by its schemas. */
export interface Upload {
  readonly record: UploadRecord;
  readonly base: Measurement | undefined;
  readonly head: Measurement | undefined;
}

/** Three files, and room for what later versions add. */
const mostEntries = 32;

/**
 * Reads the archive of an artifact. It is somebody else's, whoever that is: nothing of it is believed, and nothing written to disk.
 * @throws SnapgateError('record') for whatever is wrong with it.
 */
export async function readUploadArchive(bytes: Buffer, where: string): Promise<Upload> {
  const limits = { entries: mostEntries, entryBytes: jsonLimits.bytes };
  const files = await readZip(bytes, Object.values(uploadFiles), where, limits);
  const text = (name: string) => files.get(name)?.toString('utf8');
  const said = text(uploadFiles.record);
  if (said === undefined) {
    throw new SnapgateError(
      'record',
      `${where} has no ${uploadFiles.record}`,
      'Let snapgate upload it: the inputs artifact, and mode: measure with an entry.',
    );
  }
  const record = readUpload(said, `${uploadFiles.record} of ${where}`);
  const measurement = (side: 'base' | 'head') => {
    const found = text(uploadFiles[side]);
    return found === undefined
      ? undefined
      : readForeignMeasurement(found, `${uploadFiles[side]} of ${where}`, side);
  };
  return { record, base: measurement('base'), head: measurement('head') };
}

/** What one job of a matrix has handed over. */
export interface CollectedEntry {
  readonly entry: string;
  readonly side: EntryRecord['side'];
  readonly shard: string | undefined;
  readonly base: Measurement | undefined;
  readonly head: Measurement | undefined;
  /** Why there is no measurement, or none that can be used. The message is foreign. */
  readonly failure: UploadFailure | undefined;
}

export interface Collected {
  readonly entries: readonly CollectedEntry[];
  /** Sentences for the log: what GitHub or an artifact did not do as it should, and what to do about it. They hold foreign text. */
  readonly problems: readonly string[];
}

/** All of a matrix, in milliseconds. */
const totalMs = 600_000;
const atOnce = 4;

/**
 * What the jobs of this run have measured for the matrix of a key. It throws nothing: an artifact that cannot be used is the failure of
 * its entry, and where GitHub does not list any, that is the problem.
 * @param expected names of the entries that there should be, by which the names of broken artifacts are understood.
 */
export async function collectEntries(
  repository: GitHubRepository,
  runId: number,
  key: string,
  expected: readonly string[],
): Promise<Collected> {
  const limited = { ...repository, patience: startPatience(repository.patience, totalMs) };
  try {
    const listed = await listArtifacts(limited, runId);
    const own = listed.filter(({ name }) => name.startsWith(entryPrefix(key)));
    const inTurn = pLimit(atOnce);
    const found = await Promise.all(
      own.map((artifact) => inTurn(() => collectEntry(limited, artifact, key, expected))),
    );
    return {
      entries: found.flatMap(({ entry }) => entry ?? []),
      problems: found.flatMap(({ problem }) => problem ?? []),
    };
  } catch (error) {
    return {
      entries: [],
      problems: [explainDownload(error, `The artifacts of run ${runId} could not be listed`)],
    };
  }
}

/** One line for a list or an artifact that GitHub did not hand out. */
function explainDownload(error: unknown, what: string): string {
  const consequence = 'What was measured there is not known here.';
  return explainFailure(error, { what, scope: 'actions: read', consequence });
}

interface FoundEntry {
  readonly entry?: CollectedEntry | undefined;
  readonly problem?: string;
}

async function collectEntry(
  repository: GitHubRepository,
  artifact: RunArtifact,
  key: string,
  expected: readonly string[],
): Promise<FoundEntry> {
  const where = `the artifact ${JSON.stringify(artifact.name.slice(0, 200))}`;
  const failed = (code: UploadFailure['code'], problem: string): FoundEntry => {
    const guess = guessEntry(key, artifact.name, expected);
    if (guess === undefined) return { problem };
    const failure = { code, message: problem.slice(0, 1000) };
    const nothing = { shard: undefined, base: undefined, head: undefined };
    return { entry: { ...guess, ...nothing, failure }, problem };
  };
  if (artifact.expired) return failed('base', `${where} has expired: run all jobs of the workflow again.`);
  try {
    const upload = await readUploadArchive(await downloadArtifact(repository, artifact), where);
    return isOfAnother(upload, artifact, key) ? {} : { entry: entryOf(upload, artifact, where) };
  } catch (error) {
    return error instanceof SnapgateError
      ? failed(error.code, `${error.message}. ${error.remedy}`)
      : failed('host', explainDownload(error, `${where} could not be downloaded`));
  }
}

/** The key of another gate may go on where this one's ends. */
function isOfAnother({ record }: Upload, { name }: RunArtifact, key: string): boolean {
  return record.kind === 'entry' && record.key !== key && entryArtifactName(record) === name;
}

function entryOf({ record, base, head }: Upload, { name }: RunArtifact, where: string): CollectedEntry {
  const fault = (why: string) =>
    new SnapgateError('record', `${where} ${why}`, 'Look at the job that uploaded it, and run it again.');
  if (record.kind !== 'entry' || entryArtifactName(record) !== name) throw fault('is not what its name says');
  const { entry, side, shard, failure } = record;
  const wanted = side === 'both' ? ['base', 'head'] : [side];
  const found = [...(base ? ['base'] : []), ...(head ? ['head'] : [])];
  const stray = found.find((each) => !wanted.includes(each));
  if (stray !== undefined) throw fault(`has a measurement of ${stray}, which it is not of`);
  const missing = wanted.find((each) => !found.includes(each));
  const lack = { code: 'record', message: `${where} has no measurement of ${missing}` } as const;
  return { entry, side, shard, base, head, failure: failure ?? (missing === undefined ? undefined : lack) };
}
