import { closeSync, constants, lstatSync, openSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { errnoOf, SnapgateError } from '../host/error.ts';
import { checkFolder } from '../host/folder.ts';

/** Everything that is written into output-dir. */
export const recordNames = [
  'measurement.json',
  'measurement-base.json',
  'measurement-head.json',
  'comparison.json',
  'matrix.json',
  'calibration.json',
  'bisection.json',
  'report.md',
] as const;
export type RecordName = (typeof recordNames)[number];

/**
 * Checks early that records can be written, and leaves no trace of it: a folder that is there before the images are built may get into one.
 *
 * @throws SnapgateError `host` where they cannot
 */
export function checkOutputDir(dir: string): void {
  refuseLink(resolve(dir));
  for (const name of recordNames) refuseLink(join(resolve(dir), name));
  checkFolder(dir, 'output-dir');
}

export function writeRecord(dir: string, name: RecordName, record: object): string {
  return writeText(dir, name, `${JSON.stringify(record, null, 2)}\n`);
}

export function writeText(dir: string, name: RecordName, text: string): string {
  const path = join(dir, name);
  refuseLink(resolve(dir));
  try {
    writeNew(path, text);
    return path;
  } catch (error) {
    throw new SnapgateError(
      'host',
      `${path} cannot be written (${errnoOf(error) ?? error})`,
      'Make room and make it writable, or name another output-dir.',
      { cause: error },
    );
  }
}

/** output-dir lies in the checkout by default, and a commit may hold a symlink there that leads to any file of the runner. */
function refuseLink(path: string): void {
  if (!isLink(path)) return;
  throw new SnapgateError(
    'host',
    `${path} is a symlink, and records are not written through one`,
    'Remove it, or name another output-dir: the folder itself, not a link to it.',
  );
}

/** What cannot be looked at cannot be written either, which says so itself. */
function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

function writeNew(path: string, text: string): void {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  const file = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o666);
  try {
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}
