import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../host/error.ts';
import { publish } from '../host/publish.ts';
import type { Run } from '../host/run.ts';

export interface CacheRequest {
  /** What it is: `rootfs`, `kernel`, … Letters and hyphens. */
  readonly kind: string;
  /** Names the content: a hash of all that it is made from. Letters and digits. */
  readonly key: string;
  /** Disk that all entries together may take. Entries that a live run uses are never removed, even past it. */
  readonly limitBytes: number;
}

/**
 * The folder of a cache entry, made by `make` where there is none. Any number of runs may ask at once: an entry appears whole or not at
 * all, and of two that are made at the same time one stays. What is in it must not be written to.
 */
export async function cached(
  run: Run,
  request: CacheRequest,
  make: (dir: string) => Promise<void>,
): Promise<string> {
  const name = `${request.kind}-${request.key}`;
  const path = join(contentDir(run), name);
  claimEntry(run, name);
  if (isThere(path)) return path;
  const temporary = newTemporary(run);
  mkdirSync(temporary, { mode: 0o700 });
  try {
    await make(temporary);
    makeReadOnly(temporary);
    publish(temporary, path);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  evictEntries(run, request.limitBytes);
  return path;
}

/** Says that this run uses an entry, until its clean-up. */
export function claimEntry(run: Run, name: string): void {
  const dir = join(contentDir(run), usersDir, run.id);
  mkdirSync(contentDir(run), { recursive: true });
  if (!existsSync(dir)) run.ledger.add({ kind: 'path', path: dir });
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, name), '');
}

/** Runs other than this one that use an entry. */
export function isUsedByOthers(run: Run, name: string): boolean {
  return users(run).some((id) => id !== run.id && existsSync(join(contentDir(run), usersDir, id, name)));
}

function contentDir(run: Run): string {
  return join(run.cacheDir, 'content');
}

const usersDir = 'users';
const temporaryPrefix = 'tmp-';
/** A claim older than this is of a run whose clean-up never came. */
const claimLimitMs = 7 * 24 * 3600e3;

/** True for an entry that is there; it is then the one used last. */
function isThere(path: string): boolean {
  try {
    const now = new Date();
    utimesSync(path, now, now);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function newTemporary(run: Run): string {
  const path = join(contentDir(run), `${temporaryPrefix}${run.id}-${randomUUID()}`);
  run.ledger.add({ kind: 'path', path });
  return path;
}

/** As an entry never changes. */
function makeReadOnly(dir: string): void {
  for (const item of readdirSync(dir, { recursive: true, withFileTypes: true }))
    if (item.isFile()) chmodSync(join(item.parentPath, item.name), 0o444);
}

/** Removes the entries used longest ago until the rest fits the limit. */
function evictEntries(run: Run, limitBytes: number): void {
  removeAbandoned(contentDir(run), (name) => name.startsWith(temporaryPrefix));
  removeAbandoned(join(contentDir(run), usersDir), () => true);
  const entries = readdirSync(contentDir(run))
    .filter((name) => name !== usersDir && !name.startsWith(temporaryPrefix))
    .flatMap((name) => describe(run, name))
    .sort((a, b) => a.usedMs - b.usedMs);
  let total = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  for (const entry of entries) {
    if (total <= limitBytes) return;
    if (!isUsed(run, entry.name) && evict(run, entry.name)) total -= entry.bytes;
  }
}

/** Of runs whose clean-up never came, since their work-dir is gone with its ledger: after a power cut, on a new runner. */
function removeAbandoned(dir: string, isOfRun: (name: string) => boolean): void {
  for (const name of readdirSync(dir).filter(isOfRun))
    if (!isRecent(join(dir, name))) rmSync(join(dir, name), { recursive: true, force: true });
}

function describe(run: Run, name: string): { name: string; bytes: number; usedMs: number }[] {
  const path = join(contentDir(run), name);
  try {
    return [{ name, bytes: allocated(path), usedMs: statSync(path).mtimeMs }];
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Disk that a folder takes, without the holes of its files. */
function allocated(dir: string): number {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  return names.reduce((sum, name) => sum + lstatSync(join(dir, name)).blocks * 512, 0);
}

/**
 * Moved aside first, and looked at again: a run that claimed it in between gets it back. Whoever claims after the move finds no entry
 * and makes its own.
 */
function evict(run: Run, name: string): boolean {
  const path = join(contentDir(run), name);
  const aside = newTemporary(run);
  try {
    renameSync(path, aside);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return true;
    throw error;
  }
  const claimed = isUsed(run, name);
  if (claimed) publish(aside, path);
  rmSync(aside, { recursive: true, force: true });
  return !claimed;
}

function isUsed(run: Run, name: string): boolean {
  return users(run).some((id) => existsSync(join(contentDir(run), usersDir, id, name)));
}

/** Ids of the runs whose claims still count. */
function users(run: Run): string[] {
  const dir = join(contentDir(run), usersDir);
  if (!existsSync(dir)) return [];
  return readdirSync(dir).filter((id) => isRecent(join(dir, id)));
}

function isRecent(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs < claimLimitMs;
}
