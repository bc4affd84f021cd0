import { SnapgateError } from '../../host/error.ts';

/** The host has no room left for what a guest or snapgate writes below `dir`. */
export function fullDiskError(dir: string, cause?: unknown): SnapgateError {
  return new SnapgateError(
    'host',
    `the disk of this machine is full at ${dir}, where the guest's memory and disk are kept`,
    'Free some of it, set `work-dir` to a larger file system, or lower `memory-size`.',
    { cause },
  );
}
