import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { diskTime, readyDisk, settleDisk } from '../../../src/engine/firecracker/disk.ts';
import { runCycle } from '../../../src/engine/firecracker/run-cycle.ts';
import { diskPathOf, keptDiskPathOf } from '../../../src/engine/firecracker/snapshot.ts';
import { openBench } from '../guests.ts';

const bench = openBench();
const { run } = bench;
afterAll(() => bench.close());
afterEach(() => {
  vi.unstubAllEnvs();
});

const blockBytes = 4096;
/** The last block is cut short. */
const sizeBytes = 5 * 1024 * 1024 + 1234;

/** A sparse disk, the snapshot's, and the one for machines ready beside it. */
async function newDisk(name: string): Promise<string> {
  const dir = bench.folder(name);
  writeFileSync(keptDiskPathOf(dir), Buffer.alloc(1024 * 1024, 7));
  truncateSync(keptDiskPathOf(dir), sizeBytes);
  await readyDisk(run, dir);
  return dir;
}

/** As a machine does: with pwrite(2), a moment after its start. */
async function writeAt(
  dir: string,
  writes: readonly (readonly [at: number, content: Buffer])[],
): Promise<void> {
  await delay(20);
  const fd = openSync(diskPathOf(dir), 'r+');
  for (const [at, content] of writes) writeSync(fd, content, 0, content.length, at);
  closeSync(fd);
}

function differingBlocks(before: Buffer, after: Buffer): number {
  let count = 0;
  for (let at = 0; at < Math.max(before.length, after.length); at += blockBytes)
    if (!before.subarray(at, at + blockBytes).equals(after.subarray(at, at + blockBytes))) count += 1;
  return count;
}

const writes: readonly (readonly [at: number, content: Buffer])[] = [
  // In data: a byte, over the border of two blocks, what was there already.
  [5, Buffer.from([1])],
  [8 * blockBytes - 1, Buffer.from([1, 2])],
  [20 * blockBytes, Buffer.alloc(blockBytes, 7)],
  // In a hole: zeroes, which change nothing, and others.
  [300 * blockBytes, Buffer.alloc(blockBytes)],
  [400 * blockBytes + 17, Buffer.from([9])],
  // In the last block.
  [sizeBytes - 1, Buffer.from([3])],
];

test.each([
  ['the kept disk becomes what the machine has left', true],
  ["the machine's disk is set back", false],
])('blocks that differ are counted, and %s', async (_what, advance) => {
  const dir = await newDisk(`advance-${advance}`);
  const before = readFileSync(keptDiskPathOf(dir));
  const time = diskTime(dir);
  await writeAt(dir, writes);
  const after = readFileSync(diskPathOf(dir));
  expect(differingBlocks(before, after)).toBe(5);
  expect(await settleDisk(run, dir, time, advance)).toBe(5 * blockBytes);
  const kept = readFileSync(keptDiskPathOf(dir));
  expect(kept.equals(advance ? after : before)).toBe(true);
  expect(readFileSync(diskPathOf(dir)).equals(kept)).toBe(true);
});

test('a disk that nobody wrote to has no blocks that differ', async () => {
  const dir = await newDisk('untouched');
  expect(await settleDisk(run, dir, diskTime(dir), true)).toBe(0);
});

test('where the disk for machines has no room, that is what is said, and no part of it stays', async () => {
  const dir = await newDisk('no-room');
  rmSync(diskPathOf(dir));
  const bin = bench.folder('bin');
  const full =
    '#!/bin/sh\nfor to; do :; done\necho part >"$to"\necho "cp: No space left on device" >&2\nexit 1\n';
  writeFileSync(join(bin, 'cp'), full, { mode: 0o755 });
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`);
  const host = {
    binary: '/nowhere/firecracker',
    version: { major: 1, minor: 12, patch: 1 },
    said: '',
    jailer: undefined,
    answerMs: 1_000,
  };
  const parent = { dir, memoryBytes: 1024 ** 2, hasDisk: true, floor: new Uint32Array() };
  const cycle = runCycle(run, host, parent, { advance: true, activity: 'in a cycle' }, async () => {});
  await expect(cycle).rejects.toMatchObject({
    code: 'host',
    message: `the disk of this machine is full at ${dir}, where the guest's memory and disk are kept`,
  });
  expect(existsSync(diskPathOf(dir))).toBe(false);
});
