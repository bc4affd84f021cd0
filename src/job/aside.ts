import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { removeEmptyFolder } from '../host/folder.ts';
import { type MovedFile, moveAway, putBack } from '../host/moved.ts';
import type { Run } from '../host/run.ts';
import { recordNames } from './files.ts';

/**
 * Does `work`, which builds images from `checkouts`, without the records that an earlier run has left there: with them the same tree would
 * make another image. They are put back afterwards, however it ends; after a SIGKILL, by whoever closes the run.
 */
export async function withRecordsAside<T>(
  run: Run,
  outputDir: string,
  checkouts: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const folder = realPath(outputDir);
  const checkout = checkouts.map(realPath).find((each) => isWithin(folder, each));
  if (checkout === undefined) return await work();
  const moved = moveRecords(run, folder);
  const emptied = removeEmptied(folder, checkout);
  try {
    return await work();
  } finally {
    if (emptied) mkdirSync(folder, { recursive: true });
    for (const file of moved) putBack(file);
  }
}

function moveRecords(run: Run, folder: string): readonly MovedFile[] {
  const files = recordNames
    .map((name) => ({ path: join(folder, name), kept: join(run.dir, 'records-aside', name) }))
    .filter(({ path }) => lstatSync(path, { throwIfNoEntry: false })?.isFile());
  for (const file of files) {
    run.ledger.add({ kind: 'moved', ...file });
    moveAway(file);
  }
  return files;
}

/** Removes the folder and those above it that hold nothing else: git knows no empty ones, and a run makes them. */
function removeEmptied(folder: string, checkout: string): boolean {
  if (folder === checkout || !removeEmptyFolder(folder)) return false;
  removeEmptied(dirname(folder), checkout);
  return true;
}

/** Also of what is not there. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}${sep}`);
}
