import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Everything below a folder by its path, with what tells whether it was written to.
 * @param ignored names of folders at its top that are the runner's own.
 */
export function surroundingsOf(folder: string, ignored: readonly string[] = []): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (ignored.some((each) => name === each || name.startsWith(`${each}/`))) continue;
    const { mode, size, mtimeMs, ino } = lstatSync(join(folder, name));
    const isFolder = (mode & 0o170000) === 0o040000;
    // A folder's time changes with what is in it, which is listed too.
    found.set(name, isFolder ? 'folder' : `${mode.toString(8)} ${size} ${mtimeMs} ${ino}`);
  }
  return found;
}

/** What was made, changed or removed. */
export function changesSince(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).toSorted();
}
