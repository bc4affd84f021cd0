import { closeSync, existsSync, openSync, rmSync, statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Run } from '../../host/run.ts';
import { dataExtents, type Extent } from '../../pages/data-extents.ts';
import { readFully, writeFully } from '../../pages/whole-io.ts';
import { copySparse, diskPathOf, keptDiskPathOf } from './snapshot.ts';

/*
 * Firecracker's disk is a raw file, and a raw file does not say what was written to it. So a snapshot keeps its disk twice: `kept` as it was when the
 * snapshot was taken, and one that machines write to, which is copied (by reflink where the file system can) when a snapshot is first resumed, and brought
 * to the same content after each cycle, block by block. A cycle that has not touched the file costs nothing; any other one compares the two files where
 * they have data. The other ways: a device-mapper snapshot needs root and a loop device, and a vhost-user disk, which could be an overlay, cannot be
 * in a snapshot. What is not seen is a block that was written with what it held.
 */

/** A block of ext4, and what QEMU's overlays count in. */
export const blockBytes = 4096;
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
  const extents = await dataExtents(run, diskPathOf(dir));
  const kept = openSync(keptDiskPathOf(dir), 'r+');
  const disk = openSync(diskPathOf(dir), 'r+');
  try {
    return await compareDisks(kept, disk, extents, advance);
  } finally {
    closeSync(kept);
    closeSync(disk);
  }
}

async function compareDisks(
  kept: number,
  disk: number,
  extents: readonly Extent[],
  advance: boolean,
): Promise<number> {
  const before = Buffer.alloc(chunkBytes);
  const after = Buffer.alloc(chunkBytes);
  let changed = 0;
  for (const { offset, end } of wholeBlocks(extents)) {
    for (let at = offset; at < end; at += chunkBytes) {
      const length = Math.min(chunkBytes, end - at);
      readFully(kept, before.subarray(0, length), at);
      readFully(disk, after.subarray(0, length), at);
      for (const part of differing(before.subarray(0, length), after.subarray(0, length))) {
        changed += blockBytes;
        const source = advance ? after : before;
        writeFully(
          advance ? kept : disk,
          source.subarray(part, Math.min(part + blockBytes, length)),
          at + part,
        );
      }
      await setImmediate();
    }
  }
  return changed;
}

/** The extents in whole blocks, each block once: a file system may have smaller ones. The last block may be cut short by the file's end. */
function* wholeBlocks(extents: readonly Extent[]): Generator<{ offset: number; end: number }> {
  let done = 0;
  for (const { offset, bytes } of extents) {
    const start = Math.max(done, offset - (offset % blockBytes));
    const end = offset + bytes;
    if (start < end) yield { offset: start, end };
    done = Math.max(done, Math.ceil(end / blockBytes) * blockBytes);
  }
}

/** Where the blocks begin that differ. */
function* differing(before: Buffer, after: Buffer): Generator<number> {
  if (before.equals(after)) return;
  for (let at = 0; at < after.length; at += blockBytes)
    if (!before.subarray(at, at + blockBytes).equals(after.subarray(at, at + blockBytes))) yield at;
}
