import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Run } from '../../host/run.ts';
import { dataExtents, type Extent } from '../../pages/data-extents.ts';
import { pageBytes } from '../../pages/page-set.ts';
import { createPageTally, type PageDiff } from '../../pages/page-tally.ts';

/** What two whole images tell: which pages were written and left the same, they cannot. */
export type ContentDiff = Pick<PageDiff, 'changedBytes' | 'zeroedBytes' | 'compressedBytes'>;

const chunkBytes = 1024 * 1024;
const chunksAtATime = 16;

/** Compares two images of `bytes` bytes, a multiple of 4,096; where both have holes, nothing is read. */
export async function compareWhole(
  run: Run,
  before: string,
  after: string,
  bytes: number,
): Promise<ContentDiff> {
  const extents = [...(await dataPages(run, before)), ...(await dataPages(run, after))];
  const ranges = joinExtents(extents).map((extent) => ({
    ...extent,
    bytes: Math.min(extent.bytes, bytes - extent.offset),
  }));
  const { changedBytes, zeroedBytes, compressedBytes } = await tallyRanges(before, after, ranges, false);
  return { changedBytes, zeroedBytes, compressedBytes };
}

/** What of a file is no hole, in whole pages, ascending and apart. */
export async function dataPages(run: Run, path: string): Promise<readonly Extent[]> {
  const extents = await dataExtents(run, path);
  return joinExtents(
    extents.map(({ offset, bytes }) => {
      const start = Math.floor(offset / pageBytes) * pageBytes;
      return { offset: start, bytes: Math.ceil((offset + bytes) / pageBytes) * pageBytes - start };
    }),
  );
}

/** The same bytes, ascending and apart. */
function joinExtents(extents: readonly Extent[]): Extent[] {
  const joined: Extent[] = [];
  for (const extent of extents.toSorted((one, other) => one.offset - other.offset)) {
    const last = joined.at(-1);
    const end = last === undefined ? -1 : last.offset + last.bytes;
    if (last === undefined || extent.offset > end) joined.push(extent);
    else
      joined[joined.length - 1] = {
        offset: last.offset,
        bytes: Math.max(end, extent.offset + extent.bytes) - last.offset,
      };
  }
  return joined;
}

/** Compares what a diff holds, by its extents, with the image that it is a diff of. */
export function compareDiff(before: string, diff: string, extents: readonly Extent[]): Promise<PageDiff> {
  return tallyRanges(before, diff, extents, true);
}

/** Writes what a diff holds into the image that it is a diff of, which then is the next one. */
export async function applyDiff(diff: string, image: string, extents: readonly Extent[]): Promise<void> {
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
  ranges: readonly Extent[],
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
async function* chunksOf(extents: readonly Extent[]): AsyncGenerator<Extent> {
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
