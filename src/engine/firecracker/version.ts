import { SnapgateError } from '../../host/error.ts';
import { formatBytes } from '../../host/units.ts';

/** A release of Firecracker, as far as its API depends on it. */
export interface FirecrackerVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** The first release whose memory snapshots and request bodies are what this engine sends: 1.7 dropped the target version of a snapshot. */
const oldestMinor = 7;

/** Reads `Firecracker v1.16.1`, or only `1.16.1`; undefined for anything else. What follows the three numbers is a builder's own. */
export function parseVersion(text: string): FirecrackerVersion | undefined {
  const match = /(?:^|\bv)(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?!\d)/.exec(text.trim());
  if (match === null) return undefined;
  const [, major, minor, patch] = match.map(Number);
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  return { major, minor, patch };
}

/** Why this engine does not drive a release; undefined where it does. Releases newer than any that is known are tried. */
export function refusedVersion({ major, minor }: FirecrackerVersion): string | undefined {
  if (major === 1 && minor >= oldestMinor) return undefined;
  return major > 1
    ? 'its API is of a major version that snapgate does not know'
    : `it is older than 1.${oldestMinor}.0, the oldest that snapgate drives`;
}

/** Dirty pages are tracked after a load only where this says so; the name changed, and the old one is deprecated (CHANGELOG of 1.13). */
export function trackingField({ minor }: FirecrackerVersion): 'track_dirty_pages' | 'enable_diff_snapshots' {
  return minor >= 13 ? 'track_dirty_pages' : 'enable_diff_snapshots';
}

/** PVH kernels are entered by their ELF note since 1.12; before, any ELF is entered in 64-bit mode. */
export function bootsPvh({ minor }: FirecrackerVersion): boolean {
  return minor >= 12;
}

/** Where a guest's memory is no more in one piece: the gap for devices below 4 GiB begins there. */
const oneRegionBytes = 3 * 1024 ** 3;

/** @throws SnapgateError `usage` for a guest whose Diff snapshots this release writes to the wrong places */
export function requireSoundDiffs({ minor }: FirecrackerVersion, memoryBytes: number): void {
  if (minor >= 15 || memoryBytes <= oneRegionBytes) return;
  throw new SnapgateError(
    'usage',
    `Firecracker before 1.15 writes corrupt Diff snapshots of guests over 3 GiB, and this guest has ${formatBytes(memoryBytes)}`,
    'Lower `memory-size`, or use Firecracker 1.15 or later.',
  );
}
