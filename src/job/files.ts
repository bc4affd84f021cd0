import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, SnapgateError } from '../host/error.ts';

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
