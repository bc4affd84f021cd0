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
import { maxRecordBytes } from '../measure/parse.ts';
import type { Measurement } from '../measure/record.ts';
import { fingerprintKey, shortKey } from './measuring-key.ts';
import { oneWarning } from './one-warning.ts';
import { judgeStored, readStored } from './stand-in.ts';
import type { StoreQuery } from './store.ts';

/** Measurements of commits that a machine keeps for its next run, in its cache folder. */
export interface CommitRecords {
  /** One of exactly this commit that may stand in for one of now. Of several the one with the most boots. */
  find(commit: string, query: Omit<StoreQuery, 'measuringSha256'>): Measurement | undefined;
  /** Keeps a measurement whose subject has a commit. A folder that is full or closed is a warning. */
  save(measurement: Measurement): void;
}

/** Files that the folder keeps: those used last. A hundred searches. */
const mostFiles = 1000;

/** `<cache>/measurements/<measuring key>-<commit>-<machine class>.json`. */
export function openCommitRecords(run: Run, measuringSha256: string): CommitRecords {
  const folder = join(run.cacheDir, 'measurements');
  const key = shortKey(measuringSha256);
  const warn = oneWarning(run.log);
  return {
    find: (commit, query) => {
      const found = namesIn(folder)
        .filter((name) => name.startsWith(`${key}-${commit}-`) && name.endsWith('.json'))
        .flatMap((name) => read(join(folder, name), commit, warn))
        .filter((measurement) => judgeStored(measurement, { ...query, measuringSha256 }).kind === 'found');
      return found.toSorted((a, b) => b.boots.length - a.boots.length)[0];
    },
    save: (measurement) => {
      const { subject, fingerprint } = measurement;
      if (subject.commit === undefined) return;
      const name = `${key}-${subject.commit}-${shortKey(fingerprintKey(fingerprint))}.json`;
      try {
        write(run, folder, name, `${JSON.stringify(measurement)}\n`);
        prune(folder);
      } catch (error) {
        if (errnoOf(error) === undefined) throw error;
        warn(`the measurement of ${subject.commit.slice(0, 7)} is not kept: ${messageOf(error)}`);
      }
    },
  };
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
function read(path: string, commit: string, warn: (message: string) => void): Measurement[] {
  const ofClass = /-([0-9a-f]{16})\.json$/.exec(path)?.[1] ?? 'none';
  try {
    if (statSync(path).size > maxRecordBytes) return [];
    const measurement = readStored(readFileSync(path, 'utf8'), {
      where: path,
      commit,
      fingerprintKey: ofClass,
    });
    const now = new Date();
    utimesSync(path, now, now);
    return [measurement];
  } catch (error) {
    if (!(error instanceof SnapgateError) && errnoOf(error) === undefined) throw error;
    warn(`${messageOf(error)}; it is measured again`);
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

/** Removes the files that were used longest ago. */
function prune(folder: string): void {
  const files = namesIn(folder).filter((name) => name.endsWith('.json'));
  if (files.length <= mostFiles) return;
  const used = files.flatMap((name) => {
    const stat = statSync(join(folder, name), { throwIfNoEntry: false });
    return stat === undefined ? [] : [{ name, usedMs: stat.mtimeMs }];
  });
  const old = used.toSorted((a, b) => a.usedMs - b.usedMs).slice(0, files.length - mostFiles);
  for (const { name } of old) rmSync(join(folder, name), { force: true });
}
