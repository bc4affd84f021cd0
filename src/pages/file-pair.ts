import { closeSync, fstatSync, openSync, type Stats, statSync } from 'node:fs';
import { errnoOf, messageOf, SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';

/** Two files of the same length, open. */
export interface FilePair {
  readonly paths: readonly [string, string];
  /** File descriptors. */
  readonly before: number;
  readonly after: number;
  readonly stats: readonly [Stats, Stats];
  /** Length of either. */
  readonly bytes: number;
}

/**
 * Opens both for the time of `work`, whose unexpected errors are about reading them, but for a full disk.
 *
 * @param flags the first is opened with; the second is only read
 * @throws SnapgateError `host` where a file cannot be read, or their lengths differ
 */
export async function withFilePair<T>(
  run: Run,
  before: string,
  after: string,
  work: (pair: FilePair) => Promise<T>,
  flags: 'r' | 'r+' = 'r',
): Promise<T> {
  run.signal.throwIfAborted();
  const files: number[] = [];
  try {
    const first = openFile(before, flags);
    files.push(first);
    const second = openFile(after, 'r');
    files.push(second);
    const stats = [fstatSync(first), fstatSync(second)] as const;
    const paths = [before, after] as const;
    checkLengths(paths, stats);
    return await work({ paths, before: first, after: second, stats, bytes: stats[0].size });
  } catch (error) {
    run.signal.throwIfAborted();
    if (error instanceof SnapgateError || errnoOf(error) === 'ENOSPC') throw error;
    throw brokenOff(before, after, error);
  } finally {
    for (const file of files) closeSync(file);
  }
}

/** No memory is larger, and hardly a disk; the bits of its pages take 256 MiB. */
const maxBytes = 4 * 1024 ** 4;

function openFile(path: string, flags: 'r' | 'r+'): number {
  try {
    // To open a pipe would wait for its other end.
    if (!statSync(path).isFile()) throw new Error('it is not a file');
    return openSync(path, flags);
  } catch (error) {
    throw new SnapgateError(
      'host',
      `${path} cannot be read: ${messageOf(error)}`,
      'Name a file that holds a memory or a disk, and that this user may read.',
      { cause: error },
    );
  }
}

function checkLengths(
  [before, after]: FilePair['paths'],
  [{ size: bytes }, { size: other }]: FilePair['stats'],
): void {
  if (bytes !== other)
    throw new SnapgateError(
      'host',
      `${before} has ${bytes} bytes and ${after} ${other}`,
      'Only files of the same length are compared: two memories, or two raw disks, of one guest.',
    );
  if (bytes > maxBytes)
    throw new SnapgateError(
      'host',
      `${before} and ${after} have ${bytes} bytes, more than the ${maxBytes} that are compared`,
      'Check that they are memories or raw disks.',
    );
}

function brokenOff(before: string, after: string, cause: unknown): SnapgateError {
  return new SnapgateError(
    'host',
    `comparing ${before} with ${after} broke off: ${messageOf(cause)}`,
    'Check that neither file is being written to, and that the disk they are on has no errors (dmesg).',
    { cause },
  );
}
