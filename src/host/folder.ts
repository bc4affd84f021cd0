import { accessSync, constants, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errnoOf, SnapgateError } from './error.ts';

/**
 * The absolute path of a folder that an input names, made where it is not there.
 *
 * @param input the input's name, for the error
 * @throws SnapgateError `host` where it cannot be made, is none, or is not this user's to write to
 */
export function openFolder(dir: string, input: string): string {
  const path = resolve(dir);
  makeWritable(path, input);
  return path;
}

/** Throws what `openFolder` would, and leaves no folder behind that was not there before. */
export function checkFolder(dir: string, input: string): void {
  for (const path of makeWritable(resolve(dir), input)) removeEmptyFolder(path);
}

/** False where there is something in it, or nothing to remove. */
export function removeEmptyFolder(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR', 'EACCES', 'EBUSY'].includes(errnoOf(error) ?? ''))
      return false;
    throw error;
  }
}

/** The folders that were made, the lowest first. */
function makeWritable(path: string, input: string): readonly string[] {
  try {
    const made = makeFolder(path);
    accessSync(path, constants.W_OK);
    return made;
  } catch (error) {
    throw new SnapgateError(
      'host',
      `${input} ${path} cannot be written (${errnoOf(error) ?? error})`,
      'Name a folder that this user may write to.',
      { cause: error },
    );
  }
}

/** Not by `recursive`, with which node never returns from below /proc (mkdir answers ENOENT there, whatever exists). */
function makeFolder(path: string): readonly string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [];
  const parent = dirname(path);
  const above = parent === path ? [] : makeFolder(parent);
  try {
    mkdirSync(path);
    return [path, ...above];
  } catch (error) {
    // Another run may have been quicker; a file of that name is an error.
    if (errnoOf(error) !== 'EEXIST' || !statSync(path).isDirectory()) throw error;
    return above;
  }
}
