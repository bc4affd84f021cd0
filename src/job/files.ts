import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { errnoOf, SnapgateError } from '../host/error.ts';

/** Makes the folder for records and reports; asked for before anything expensive, so that a wrong path is known at once. */
export function openOutputDir(dir: string): string {
  const path = resolve(dir);
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
    return path;
  } catch (error) {
    throw new SnapgateError(
      'host',
      `output-dir ${path} cannot be written (${errnoOf(error) ?? error})`,
      'Name a folder that this user may write to.',
      { cause: error },
    );
  }
}

export function writeRecord(dir: string, name: string, record: object): string {
  return writeText(dir, name, `${JSON.stringify(record, null, 2)}\n`);
}

export function writeText(dir: string, name: string, text: string): string {
  const path = join(dir, name);
  try {
    writeFileSync(path, text);
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
