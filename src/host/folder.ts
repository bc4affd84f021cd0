import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
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
  try {
    makeFolder(path);
    accessSync(path, constants.W_OK);
    return path;
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
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another run may have been quicker; a file of that name is an error.
    if (errnoOf(error) !== 'EEXIST' || !statSync(path).isDirectory()) throw error;
  }
}
