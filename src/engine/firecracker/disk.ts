import { closeSync, existsSync, fstatSync, openSync, rmSync, statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Run } from '../../host/run.ts';
import { dataRuns } from '../../pages/extent-pages.ts';
import { type PageRun, pageBytes } from '../../pages/page-set.ts';
import { readFully, writeFully } from '../../pages/whole-io.ts';
import { copySparse, diskPathOf, keptDiskPathOf } from './snapshot.ts';

/*
 * Firecracker's disk is a raw file, and a raw file does not say what was written to it. So a snapshot keeps its disk twice: `kept` as it was when the
 * snapshot was taken, and one that machines write to, which is copied (by reflink where the file system can) when a snapshot is first resumed, and brought
 * to the same content after each cycle, block by block. A cycle that has not touched the file costs nothing; any other one compares the two files where
 * they have data. The other ways: a device-mapper snapshot needs root and a loop device, and a vhost-user disk, which could be an overlay, cannot be
 * in a snapshot. What is not seen is a block that was written with what it held.
 */

/** A block of ext4, and what QEMU's overlays count in: as large as a page. */
const blockBytes = pageBytes;
const chunkBytes = 1024 * 1024;

/** Makes sure that the disk for machines is there and as the snapshot has it. */
export async function readyDisk(run: Run, dir: string): Promise<void> {
  if (existsSync(diskPathOf(dir))) return;
  try {
    await copySparse(run, keptDiskPathOf(dir), diskPathOf(dir));
  } catch (error) {
    forgetDisk(dir);
    throw error;
  }
}

/** The disk for machines is not as the snapshot has it any more. */
export function forgetDisk(dir: string): void {
  rmSync(diskPathOf(dir), { force: true });
}

/** When the disk for machines was last written to, in ns. */
export function diskTime(dir: string): bigint {
  return statSync(diskPathOf(dir), { bigint: true }).mtimeNs;
}

/**
 * Counts the blocks that differ, in bytes, and makes the two disks alike again: with `advance` the kept one becomes as the machine has left
 * its own; else the machine's is set back.
 *
 * @param timeBefore of the disk before the machine ran
 */
export async function settleDisk(
  run: Run,
  dir: string,
  timeBefore: bigint,
  advance: boolean,
): Promise<number> {
  if (diskTime(dir) === timeBefore) return 0;
  // What the kept disk has, this one has too: it began as its copy, and Firecracker punches no holes.
  const blocks = await dataRuns(run, diskPathOf(dir), chunkBytes / blockBytes);
  const kept = openSync(keptDiskPathOf(dir), 'r+');
  const disk = openSync(diskPathOf(dir), 'r+');
  try {
    return await compareDisks(run, { kept, disk }, blocks, advance);
  } finally {
    closeSync(kept);
    closeSync(disk);
  }
}

/** File descriptors. */
interface Disks {
  readonly kept: number;
  readonly disk: number;
}

async function compareDisks(
  run: Run,
  { kept, disk }: Disks,
  blocks: Iterable<PageRun>,
  advance: boolean,
): Promise<number> {
  const { size } = fstatSync(disk);
  const before = Buffer.alloc(chunkBytes);
  const after = Buffer.alloc(chunkBytes);
  const [source, target] = advance ? [after, kept] : [before, disk];
  let changed = 0;
  for (const { first, count } of blocks) {
    const at = first * blockBytes;
    // The last block may be cut short.
    const length = Math.min(count * blockBytes, size - at);
    readFully(kept, before.subarray(0, length), at);
    readFully(disk, after.subarray(0, length), at);
    for (const part of differing(before.subarray(0, length), after.subarray(0, length))) {
      changed += blockBytes;
      writeFully(target, source.subarray(part, Math.min(part + blockBytes, length)), at + part);
    }
    await setImmediate();
    run.signal.throwIfAborted();
  }
  return changed;
}

/** Where the blocks begin that differ. */
function* differing(before: Buffer, after: Buffer): Generator<number> {
  if (before.equals(after)) return;
  for (let at = 0; at < after.length; at += blockBytes)
    if (!before.subarray(at, at + blockBytes).equals(after.subarray(at, at + blockBytes))) yield at;
}
