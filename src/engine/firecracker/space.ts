import { errnoOf, SnapgateError } from '../../host/error.ts';
import { fullDiskError } from '../vm/full-disk.ts';

/** The work's result; where it failed for want of room below `dir`, an error that says so. What Firecracker had no room for, it says itself. */
export async function explainSpace<T>(dir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isFull(error) ? fullDiskError(dir, error) : error;
  }
}

function isFull(error: unknown): boolean {
  if (!(error instanceof SnapgateError)) return errnoOf(error) === 'ENOSPC';
  return error.code === 'host' && (error.details?.lines ?? []).some((line) => line.includes('No space left'));
}
