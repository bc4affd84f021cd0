import type { Stats } from 'node:fs';
import type { Run } from '../host/run.ts';
import { granularities, type SharedComparison } from './compare-spans.ts';
import { compareInThreads, defaultThreads, type Threads } from './compare-threads.ts';
import { dataExtents, type Extent } from './data-extents.ts';
import { pagesOfExtents } from './extent-pages.ts';
import { type FilePair, withFilePair } from './file-pair.ts';
import { type PageSet, pageBytes } from './page-set.ts';

/** Of the aligned blocks of one size, how many differ; the last one may be cut off by the end of the files. */
export interface BlockCounts {
  readonly blockBytes: number;
  readonly changed: number;
  /** Those of `changed` that are all zero in the second file. */
  readonly zeroed: number;
}

/** What two files of the same length tell. Which pages were written and left the same, they cannot tell. */
export interface FileComparison {
  /** Length of either. */
  readonly bytes: number;
  /** At 4 KiB, 16 KiB, 64 KiB and 2 MiB, in this order. */
  readonly blocks: readonly BlockCounts[];
  /** The numbers of the 4 KiB pages that differ. */
  readonly changed: PageSet;
}

/**
 * Compares two memory or disk files of the same length from end to end, in one pass. Where both have holes nothing is read, a hole of one
 * is zeros. The cost follows the data and not the differences; the memory it takes is a MiB for each thread, a bit for each page of the files, and
 * four bytes for each that differs.
 *
 * @throws SnapgateError `host` where a file cannot be read, or their lengths differ
 */
export async function comparePages(
  run: Run,
  before: string,
  after: string,
  threads = defaultThreads(),
): Promise<FileComparison> {
  return await withFilePair(run, before, after, async (pair) =>
    comparisonOf(await compareOpen(run, pair, threads)),
  );
}

async function compareOpen(run: Run, pair: FilePair, threads: Threads): Promise<SharedComparison> {
  const { before, after, bytes, paths, stats } = pair;
  const extents = paths.map((path, index) => extentsOf(run, path, stats[index] ?? stats[0]));
  const data = pagesOfExtents((await Promise.all(extents)).flat());
  const shared: SharedComparison = {
    before,
    after,
    bytes,
    data,
    spans: new Int32Array(new SharedArrayBuffer(8)),
    counts: new Int32Array(new SharedArrayBuffer(granularities.length * 8)),
    bits: bitsFor(bytes),
  };
  await compareInThreads(run, shared, threads);
  return shared;
}

/** Where as much is stored as the file is long, it has no holes worth a look. */
async function extentsOf(run: Run, path: string, { size, blocks }: Stats): Promise<readonly Extent[]> {
  return blocks * 512 >= size ? [{ offset: 0, bytes: size }] : await dataExtents(run, path);
}

function bitsFor(bytes: number): Uint32Array<SharedArrayBuffer> {
  return new Uint32Array(new SharedArrayBuffer(Math.ceil(bytes / pageBytes / 32) * 4));
}

function comparisonOf({ bytes, counts, bits }: SharedComparison): FileComparison {
  const blocks = granularities.map((blockBytes, index) => ({
    blockBytes,
    changed: counts[2 * index] ?? 0,
    zeroed: counts[2 * index + 1] ?? 0,
  }));
  return { bytes, blocks, changed: pagesOf(bits, counts[0] ?? 0) };
}

/** @param count of the bits that are set */
function pagesOf(bits: Uint32Array, count: number): PageSet {
  const pages = new Uint32Array(count);
  let length = 0;
  for (let index = 0; index < bits.length; index += 1) {
    for (let left = bits[index] ?? 0; left !== 0; left &= left - 1) {
      pages[length] = index * 32 + (31 - Math.clz32(left & -left));
      length += 1;
    }
  }
  return pages;
}
