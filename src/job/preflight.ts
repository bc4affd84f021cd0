import { statfsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { MeasureConfig } from '../config/types.ts';
import { SnapgateError } from '../host/error.ts';
import { availableMemoryBytes } from '../host/memory.ts';
import type { Run } from '../host/run.ts';
import { formatBytes } from '../host/units.ts';

/** What the machine has now. */
export interface HostResources {
  readonly cores: number;
  readonly availableMemoryBytes: number;
  /** Free for this user in the file system of the run's folder. */
  readonly freeDiskBytes: number;
}

/** Room for one guest's process beside its memory, and for its disk overlay and device state. */
const processOverheadBytes = 256 * 1024 ** 2;
const overlayBytes = 512 * 1024 ** 2;

export function readHostResources(run: Run): HostResources {
  const disk = statfsSync(run.dir);
  return {
    cores: availableParallelism(),
    availableMemoryBytes: availableMemoryBytes(),
    freeDiskBytes: disk.bavail * disk.bsize,
  };
}

/**
 * How many guests run at the same time: two where both sides are measured and the machine has the cores, memory and disk for it, and the
 * engine's guests do not share what only one can have (a builder's network slots and devices, what commands of the user's call).
 *
 * @throws SnapgateError `host` where there is not even room for one, with what is short and by how much.
 */
export function planLanes(config: MeasureConfig, sides: number, host: HostResources): number {
  const { kind } = config.engine;
  if (kind === 'e2b' || kind === 'command') return 1;
  const need = guestNeeds(config);
  const fits = (lanes: number) =>
    host.availableMemoryBytes >= need.memoryBytes * lanes && host.freeDiskBytes >= need.diskBytes * lanes;
  if (sides === 2 && host.cores >= 2 * config.vcpus && fits(2)) return 2;
  if (fits(1)) return 1;
  throw shortOf(need, host);
}

interface GuestNeeds {
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

function guestNeeds(config: MeasureConfig): GuestNeeds {
  const keepsBase = config.scenarios.some((scenario) => scenario.from === 'base');
  const snapshots = keepsBase ? 2 : 1;
  // Firecracker's Diff is a file beside its parent's, and may be as large.
  const diffs = config.engine.kind === 'firecracker' ? 1 : 0;
  return {
    memoryBytes: config.memoryBytes + processOverheadBytes,
    diskBytes: config.memoryBytes * (snapshots + diffs) + overlayBytes,
  };
}

function shortOf(need: GuestNeeds, host: HostResources): SnapgateError {
  const disk = host.freeDiskBytes < need.diskBytes;
  const what = disk
    ? `the run needs ${formatBytes(need.diskBytes)} of free disk, and there are ${formatBytes(host.freeDiskBytes)}`
    : `the guest needs ${formatBytes(need.memoryBytes)} of free memory, and there are ${formatBytes(host.availableMemoryBytes)}`;
  const remedy = disk
    ? `Free ${formatBytes(need.diskBytes - host.freeDiskBytes)}, set work-dir to a larger file system, or lower memory-size.`
    : 'Lower memory-size, or use a runner with more memory.';
  return new SnapgateError('host', what, remedy);
}
