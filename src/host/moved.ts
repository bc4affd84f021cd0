import { copyFileSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from './error.ts';

/** A user's file that a run keeps out of the way for a while. */
export interface MovedFile {
  /** Where it belongs. */
  readonly path: string;
  /** Where it is meanwhile: in the folder of the run. */
  readonly kept: string;
}

export function moveAway({ path, kept }: MovedFile): void {
  mkdirSync(dirname(kept), { recursive: true, mode: 0o700 });
  moveFile(path, kept);
}

/** Does nothing where it was put back before. What has come in its place meanwhile is newer, and stays. */
export function putBack({ path, kept }: MovedFile): void {
  if (!exists(kept) || exists(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  moveFile(kept, path);
}

/** Whether there is anything of that name, also a symlink that leads nowhere. */
function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function moveFile(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errnoOf(error) !== 'EXDEV') throw error;
    copyFileSync(from, to);
    rmSync(from);
  }
}
