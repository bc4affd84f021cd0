import { createHash } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { errnoOf, messageOf, SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import { imageKey } from '../measure/image-key.ts';
import { maxRecordBytes } from '../measure/parse.ts';
import type { Measurement } from '../measure/record.ts';
import { fingerprintKey, shortKey } from './measuring-key.ts';
import { oneWarning } from './one-warning.ts';
import { judgeStored, notWhatItSays, readStored } from './stand-in.ts';
import type { StoreQuery } from './store.ts';

/** Measurements of commits that a machine keeps for its next run, in its cache folder. */
export interface CommitRecords {
  /**
   * The newest one of exactly this commit that may stand in for one of now, if it is no older than `trustedMs`: what a commit is built from
   * beside itself (`FROM debian:stable`, packages) moves.
   */
  find(commit: string, query: RecordQuery): Measurement | undefined;
  /** One of any commit and any age whose image is the same bytes, see `imageKey`. Of several the one with the most boots. */
  findImage(image: string, query: RecordQuery): Measurement | undefined;
  /** Keeps a measurement whose subject has a commit. A folder that is full or closed is a warning. */
  save(measurement: Measurement): void;
}

export type RecordQuery = Omit<StoreQuery, 'measuringSha256'>;

/** How long a measurement stands for its commit without a build: a search that was ended goes on within hours, and so do the builds that it compares. */
export const trustedMs = 6 * 3600e3;

/** Files that the folder keeps: those used last. A hundred searches. */
const mostFiles = 1000;

/** `<cache>/measurements/<measuring key>-<commit>-<machine class>-<image>.json`. */
export function openCommitRecords(
  run: Run,
  measuringSha256: string,
  { limitBytes, nowMs = Date.now }: { readonly limitBytes: number; readonly nowMs?: () => number },
): CommitRecords {
  const folder = join(run.cacheDir, 'measurements');
  const key = shortKey(measuringSha256);
  const warn = oneWarning(run.log);
  const find = (query: RecordQuery, is: (name: RecordName) => boolean) => {
    return namesIn(folder)
      .flatMap(parseName)
      .filter((name) => name.measuring === key && is(name))
      .flatMap((name) => read(folder, name, warn))
      .filter((measurement) => judgeStored(measurement, { ...query, measuringSha256 }).kind === 'found');
  };
  const ageMs = ({ createdAt }: Measurement) => nowMs() - Date.parse(createdAt);
  const isTrusted = (measurement: Measurement) => ageMs(measurement) >= 0 && ageMs(measurement) <= trustedMs;
  return {
    find: (commit, query) =>
      find(query, (name) => name.commit === commit)
        .filter(isTrusted)
        .toSorted((a, b) => ageMs(a) - ageMs(b))[0],
    findImage: (image, query) =>
      find(query, (name) => name.image === shortImage(image)).toSorted(
        (a, b) => b.boots.length - a.boots.length,
      )[0],
    save: (measurement) => {
      const { subject, fingerprint, image } = measurement;
      if (subject.commit === undefined) return;
      const ofClass = shortKey(fingerprintKey(fingerprint));
      const name = `${key}-${subject.commit}-${ofClass}-${shortImage(imageKey(image))}.json`;
      try {
        write(run, folder, name, `${JSON.stringify(measurement)}\n`);
        prune(folder, limitBytes);
      } catch (error) {
        if (errnoOf(error) === undefined) throw error;
        warn(`the measurement of ${subject.commit.slice(0, 7)} is not kept: ${messageOf(error)}`);
      }
    },
  };
}

/** What a file is, by its name. */
interface RecordName {
  readonly name: string;
  readonly measuring: string;
  readonly commit: string;
  readonly ofClass: string;
  readonly image: string;
}

function parseName(name: string): RecordName[] {
  const pattern = /^([0-9a-f]{16})-([0-9a-f]{40})-([0-9a-f]{16})-([0-9a-f]{16}|none)\.json$/;
  const [, measuring, commit, ofClass, image] = pattern.exec(name) ?? [];
  if (measuring === undefined || commit === undefined || ofClass === undefined || image === undefined)
    return [];
  return [{ name, measuring, commit, ofClass, image }];
}

function shortImage(image: string | undefined): string {
  if (image === undefined) return 'none';
  return createHash('sha256').update(image).digest('hex').slice(0, 16);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

/** None, and said, for a file that is not what its name says. */
function read(folder: string, record: RecordName, warn: (message: string) => void): Measurement[] {
  const { name, commit, ofClass, image } = record;
  const where = join(folder, name);
  try {
    if (statSync(where).size > maxRecordBytes) return [];
    const measurement = readStored(readFileSync(where, 'utf8'), { where, commit, fingerprintKey: ofClass });
    if (shortImage(imageKey(measurement.image)) !== image)
      throw notWhatItSays(where, 'it is of another image');
    const now = new Date();
    utimesSync(where, now, now);
    return [measurement];
  } catch (error) {
    if (!(error instanceof SnapgateError) && errnoOf(error) === undefined) throw error;
    warn(`${messageOf(error)}; it is not used`);
    return [];
  }
}

/** Whole or not at all. */
function write(run: Run, folder: string, name: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  const temporary = join(folder, `.${run.id}.tmp`);
  run.ledger.add({ kind: 'path', path: temporary });
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, join(folder, name));
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Removes the files that were used longest ago, but for the last one. */
function prune(folder: string, limitBytes: number): void {
  const files = namesIn(folder).filter((name) => name.endsWith('.json'));
  const used = files.flatMap((name) => {
    const stat = statSync(join(folder, name), { throwIfNoEntry: false });
    return stat === undefined ? [] : [{ name, usedMs: stat.mtimeMs, bytes: stat.size }];
  });
  let keptBytes = 0;
  const newestFirst = used.toSorted((a, b) => b.usedMs - a.usedMs);
  for (const [place, { name, bytes }] of newestFirst.entries()) {
    keptBytes += bytes;
    if (place >= mostFiles || (place > 0 && keptBytes > limitBytes))
      rmSync(join(folder, name), { force: true });
  }
}
