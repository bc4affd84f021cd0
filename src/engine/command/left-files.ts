import { lstatSync, readdirSync, realpathSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../host/error.ts';
import { formatBytes } from '../../host/units.ts';
import { pageBytes } from '../../pages/page-set.ts';
import { plainWords } from '../vm/guest-failure.ts';
import { brokenPromise, type Ended } from './failure.ts';

/** What a command should have left in a snapshot's folder. */
export interface Expected {
  /** Its name in the folder. */
  readonly name: string;
  /** For errors: `memfile` or `rootfs-file`. */
  readonly input: 'memfile' | 'rootfs-file';
  /** Its size must be this, where there is a parent. */
  readonly bytes: number | undefined;
  /** At least so large; for a guest's memory. */
  readonly minBytes: number;
  readonly maxBytes: number;
  /** Where the parent's file of that name is, which it must not be. */
  readonly parentDir: string | undefined;
}

/**
 * Size of a file that a command has left.
 *
 * @throws SnapgateError `guest` that names the command, unless it is an ordinary file of its own, of a size that can be
 */
export function checkLeftFile(ended: Ended, dir: string, expected: Expected): number {
  const { name } = expected;
  const { size } = checkOwnFile(ended, dir, name, expected.parentDir);
  const problem = sizeProblem(size, expected);
  if (problem === undefined) return size;
  const what = `left ${plainWords(name)} of ${formatBytes(size)} (${size} B)${problem.why}`;
  throw brokenPromise(ended, what, problem.remedy);
}

/** @throws SnapgateError `guest` that names the command, unless it is an ordinary file, and another than the parent's */
export function checkOwnFile(ended: Ended, dir: string, name: string, parentDir: string | undefined): Stats {
  const shown = plainWords(name);
  const stat = statOf(dir, name);
  if (stat === undefined)
    throw brokenPromise(
      ended,
      `left no file ${shown} in SNAPGATE_OUT, which holds ${namesIn(dir)}`,
      'Let it write there, or say by `memfile` and `rootfs-file` what the files are called.',
    );
  if (!stat.isFile() || !isWithin(dir, name))
    throw brokenPromise(
      ended,
      `left ${kindOf(stat)} at ${shown} in SNAPGATE_OUT, not a file`,
      'Copy what it leads to: a snapshot has to be whole, and its folder is all that is kept of it.',
    );
  if (isSameFile(stat, parentDir && join(parentDir, name)))
    throw brokenPromise(
      ended,
      `left the parent's own file as ${shown}: a link to it, and not what the guest's memory or disk is now`,
      'Let it save the guest anew; `cp --reflink=auto` makes a cheap copy, which is fine.',
    );
  return stat;
}

interface SizeProblem {
  readonly why: string;
  readonly remedy: string;
}

function sizeProblem(size: number, { bytes, minBytes, maxBytes, input }: Expected): SizeProblem | undefined {
  if (size < minBytes)
    return {
      why: `, and the guest has ${formatBytes(minBytes)} of memory`,
      remedy: `Let it write all of the guest's memory, uncompressed; a guest of another size needs \`memory-size\`.`,
    };
  if (size === 0 || size % pageBytes !== 0)
    return {
      why: `, which is not a number of pages`,
      remedy: `\`${input}\` is compared page by page: it must be the plain content, without a header, uncompressed.`,
    };
  if (size > maxBytes)
    return {
      why: `, more than ${formatBytes(maxBytes)}`,
      remedy: `\`${input}\` must be the plain content of the guest's memory or disk; check \`memory-size\`.`,
    };
  if (bytes !== undefined && size !== bytes)
    return {
      why: `, and the parent's has ${formatBytes(bytes)} (${bytes} B)`,
      remedy:
        'Two snapshots of one guest are of one size: the command may have been cut short, or saves in another way.',
    };
  return undefined;
}

function statOf(dir: string, name: string): Stats | undefined {
  try {
    return lstatSync(join(dir, name), { throwIfNoEntry: false });
  } catch (error) {
    // A file where a folder of the name should be.
    if (errnoOf(error) === 'ENOTDIR' || errnoOf(error) === 'ELOOP') return undefined;
    throw error;
  }
}

/** Whether no folder on the way to it is a symbolic link. */
function isWithin(dir: string, name: string): boolean {
  return lstatSync(dir).isDirectory() && realpathSync(join(dir, name)) === join(realpathSync(dir), name);
}

function isSameFile(stat: Stats, parentPath: string | undefined): boolean {
  const parent = parentPath === undefined ? undefined : lstatSync(parentPath, { throwIfNoEntry: false });
  return parent !== undefined && parent.dev === stat.dev && parent.ino === stat.ino;
}

function kindOf(stat: Stats): string {
  if (stat.isSymbolicLink()) return 'a symbolic link';
  if (stat.isDirectory()) return 'a folder';
  if (stat.isFIFO()) return 'a FIFO';
  if (stat.isSocket()) return 'a socket';
  return stat.isFile() ? 'a file behind a symbolic link' : 'a device';
}

/** The first names in a folder, for an error. */
function namesIn(dir: string): string {
  const names = lstatSync(dir, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(dir) : [];
  if (names.length === 0) return 'nothing';
  const shown = names.slice(0, 8).map((name) => plainWords(name, 40));
  return names.length > shown.length
    ? `${shown.join(', ')} and ${names.length - shown.length} more`
    : shown.join(', ');
}
