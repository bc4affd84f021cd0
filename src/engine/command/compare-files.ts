import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { pageBytes } from '../../pages/page-set.ts';
import { createPageTally, type PageDiff } from '../../pages/page-tally.ts';
import type { DataExtent } from './data-extents.ts';

/** What two whole images tell: which pages were written and left the same, they cannot. */
export type ContentDiff = Pick<PageDiff, 'changedBytes' | 'zeroedBytes' | 'compressedBytes'>;

const chunkBytes = 1024 * 1024;
const chunksAtATime = 16;

/** Compares two images of `bytes` bytes, a multiple of 4,096, from end to end. */
export async function compareWhole(before: string, after: string, bytes: number): Promise<ContentDiff> {
  const { changedBytes, zeroedBytes, compressedBytes } = await tallyRanges(
    before,
    after,
    [{ offset: 0, bytes }],
    false,
  );
  return { changedBytes, zeroedBytes, compressedBytes };
}

/** Compares what a diff holds, by its extents, with the image that it is a diff of. */
export function compareDiff(before: string, diff: string, extents: readonly DataExtent[]): Promise<PageDiff> {
  return tallyRanges(before, diff, extents, true);
}

/** Writes what a diff holds into the image that it is a diff of, which then is the next one. */
export async function applyDiff(diff: string, image: string, extents: readonly DataExtent[]): Promise<void> {
  const buffer = Buffer.alloc(chunkBytes);
  await withFiles(diff, image, 'r+', async (from, to) => {
    for await (const { offset, bytes } of chunksOf(extents)) {
      const content = buffer.subarray(0, bytes);
      readFully(from, content, offset);
      for (let done = 0; done < bytes; ) done += writeSync(to, content, done, bytes - done, offset + done);
    }
  });
}

async function tallyRanges(
  before: string,
  after: string,
  ranges: readonly DataExtent[],
  countsEqual: boolean,
): Promise<PageDiff> {
  const tally = createPageTally();
  const [one, other] = [Buffer.alloc(chunkBytes), Buffer.alloc(chunkBytes)];
  await withFiles(before, after, 'r', async (first, second) => {
    for await (const { offset, bytes } of chunksOf(ranges)) {
      const [a, b] = [one.subarray(0, bytes), other.subarray(0, bytes)];
      readFully(first, a, offset);
      readFully(second, b, offset);
      if (countsEqual || !a.equals(b)) tally.add(offset / pageBytes, a, b);
    }
  });
  return tally.finish();
}

async function withFiles<T>(
  one: string,
  other: string,
  otherMode: 'r' | 'r+',
  use: (one: number, other: number) => Promise<T>,
): Promise<T> {
  const first = openSync(one, 'r');
  try {
    const second = openSync(other, otherMode);
    try {
      return await use(first, second);
    } finally {
      closeSync(second);
    }
  } finally {
    closeSync(first);
  }
}

/** Another guest of this process may be waiting to be timed: after some of them, it may go on. */
async function* chunksOf(extents: readonly DataExtent[]): AsyncGenerator<DataExtent> {
  let count = 0;
  for (const { offset, bytes } of extents) {
    for (let at = 0; at < bytes; at += chunkBytes) {
      yield { offset: offset + at, bytes: Math.min(chunkBytes, bytes - at) };
      count += 1;
      if (count % chunksAtATime === 0) await setImmediate();
    }
  }
}

function readFully(fd: number, into: Buffer, position: number): void {
  for (let done = 0; done < into.length; ) {
    const count = readSync(fd, into, done, into.length - done, position + done);
    if (count === 0) throw new Error('a snapshot file became shorter while it was read');
    done += count;
  }
}
