import { statfsSync, statSync } from 'node:fs';
import { SnapgateError } from '../host/error.ts';
import { formatBytes } from '../host/units.ts';

/** Throws where the file system that holds the folder `dir` has less than `bytes` to give to this user. */
export function requireFreeDisk(dir: string, bytes: number, what: string): void {
  const { bavail, bsize } = statfsSync(dir);
  const free = bavail * bsize;
  if (free < bytes) throw shortOfDisk(dir, bytes, free, what);
}

/** Bytes that a file takes on its disk, without its holes. */
export function allocatedBytes(path: string): number {
  return statSync(path).blocks * 512;
}

function shortOfDisk(dir: string, bytes: number, free: number, what: string): SnapgateError {
  return new SnapgateError(
    'host',
    `${what} needs ${formatBytes(bytes)} of disk below ${dir}, and ${formatBytes(free)} are free: ${formatBytes(bytes - free)} are missing`,
    'Free some, or point work-dir and cache-dir at a disk that has more.',
    { ofMachine: true },
  );
}
