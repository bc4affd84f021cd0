import { statfsSync } from 'node:fs';
import { errnoOf, SnapgateError } from '../../host/error.ts';
import { QmpError } from './qmp.ts';

/** The host has no room left for what a guest or snapgate writes below `dir`. */
export function fullDiskError(dir: string, cause?: unknown): SnapgateError {
  return new SnapgateError(
    'host',
    `the disk of this machine is full at ${dir}, where the guest's memory and disk are kept`,
    'Free some of it, set `work-dir` to a larger file system, or lower `memory-size`.',
    { cause },
  );
}

/** The work's result; where it failed for want of room, an error that says so. */
export async function explainFullDisk<T>(dir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isFull(error, dir) ? fullDiskError(dir, error) : error;
  }
}

function isFull(error: unknown, dir: string): boolean {
  // xen-save-devices-state says no more than `An IO error has occurred`.
  if (error instanceof QmpError && error.message.includes('IO error')) return freeBytes(dir) < 1024 * 1024;
  if (error instanceof SnapgateError)
    return (
      error.code === 'host' && (error.details?.lines ?? []).some((line) => line.includes('No space left'))
    );
  return errnoOf(error) === 'ENOSPC';
}

function freeBytes(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}
