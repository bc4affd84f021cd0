import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { plainWords } from '../vm/guest-failure.ts';
import { brokenPromise, type Ended } from './failure.ts';

/** All that is in a snapshot's folder: by its path there, what changes whenever it does or is replaced. */
export type FolderState = ReadonlyMap<string, string>;

/** A snapshot is some files; more than this is a mistake, such as a SNAPGATE_OUT in which something was unpacked. */
const maxEntries = 10_000;

/** @throws RangeError for a folder of more than 10,000 entries */
export function readFolderState(dir: string): FolderState {
  const found = new Map<string, string>();
  const look = (at: string) => {
    const stat = lstatSync(join(dir, at), { bigint: true });
    const mark = [stat.dev, stat.ino, stat.mode, stat.size, stat.mtimeNs, stat.ctimeNs].join(' ');
    found.set(at, mark);
    if (found.size > maxEntries) throw new RangeError(`more than ${maxEntries} files`);
    if (stat.isDirectory()) for (const name of readdirSync(join(dir, at))) look(join(at, name));
  };
  look('.');
  return found;
}

/** A path that differs between two looks at a folder, fit for a sentence: a file before the folder that it was in, which has changed with it. */
export function firstDifference(before: FolderState, after: FolderState): string | undefined {
  const paths = [...before.keys(), ...after.keys()];
  const differing = paths.filter((each) => before.get(each) !== after.get(each));
  const [path] = differing.toSorted((one, other) => depthOf(other) - depthOf(one));
  return path === undefined ? undefined : plainWords(path);
}

/** 0 of the folder itself. */
function depthOf(path: string): number {
  return path === '.' ? 0 : path.split('/').length;
}

/**
 * Refuses a snapshot of more files than one has: each is looked at in every cycle.
 *
 * @throws SnapgateError `guest` that names the command
 */
export function checkFolder(ended: Ended, dir: string): void {
  try {
    readFolderState(dir);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const remedy = 'Leave there what a snapshot consists of, and nothing else.';
    throw brokenPromise(ended, `left ${error.message} in SNAPGATE_OUT`, remedy);
  }
}
