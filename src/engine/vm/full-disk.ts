import { errnoOf, SnapgateError } from '../../host/error.ts';

/**
 * The work's result; where it failed for want of room below `dir`, an error that says so.
 *
 * @param meansFull knows further errors that say it in other words, of the engine's own program
 */
export async function explainFullDisk<T>(
  dir: string,
  work: () => Promise<T>,
  meansFull: (error: unknown) => boolean = () => false,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isFull(error) || meansFull(error) ? fullDiskError(dir, error) : error;
  }
}

/** The host has no room left for what a guest or snapgate writes below `dir`. */
export function fullDiskError(dir: string, cause?: unknown): SnapgateError {
  return new SnapgateError(
    'host',
    `the disk of this machine is full at ${dir}, where the guest's memory and disk are kept`,
    'Free some of it, set `work-dir` to a larger file system, or lower `memory-size`.',
    { cause, ofMachine: true },
  );
}

function isFull(error: unknown): boolean {
  if (!(error instanceof SnapgateError)) return errnoOf(error) === 'ENOSPC';
  return error.code === 'host' && (error.details?.lines ?? []).some((line) => line.includes('No space left'));
}
