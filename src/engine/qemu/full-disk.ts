import { statfsSync } from 'node:fs';
import { errnoOf, SnapgateError } from '../../host/error.ts';
import { fullDiskError } from '../vm/full-disk.ts';
import { QmpError } from './qmp.ts';

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
  if (error instanceof QmpError) return error.message.includes('IO error') && isUsedUp(dir);
  if (!(error instanceof SnapgateError)) return errnoOf(error) === 'ENOSPC';
  if (error.code !== 'host') return false;
  // The memory file is sparse: where it cannot grow, the write to memory fails.
  if (error.message.includes('SIGBUS')) return isUsedUp(dir);
  return (error.details?.lines ?? []).some((line) => line.includes('No space left'));
}

function isUsedUp(dir: string): boolean {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize < 1024 * 1024;
}
