import type { Run } from '../host/run.ts';
import { dataExtents, type Extent } from './data-extents.ts';
import { type PageRun, type PageSet, pageBytes } from './page-set.ts';

/**
 * The pages that have a byte of an extent in them, as pairs of page numbers, from and to (exclusive), ascending and apart. The extents may
 * be in any order, and of several files. Shared, so that no thread needs a copy.
 */
export function pagesOfExtents(extents: readonly Extent[]): Uint32Array<SharedArrayBuffer> {
  const pairs = new Uint32Array(new SharedArrayBuffer(extents.length * 8));
  let length = 0;
  for (const { offset, bytes } of extents.toSorted((a, b) => a.offset - b.offset)) {
    const from = Math.floor(offset / pageBytes);
    const to = Math.ceil((offset + bytes) / pageBytes);
    const end = pairs[length - 1] ?? -1;
    if (from <= end) pairs[length - 1] = Math.max(to, end);
    else {
      pairs[length] = from;
      pairs[length + 1] = to;
      length += 2;
    }
  }
  return pairs.subarray(0, length);
}

/** The pages in which a file has data, as runs of at most `maxCount`, ascending. The errors are those of `dataExtents`. */
export async function dataRuns(run: Run, path: string, maxCount: number): Promise<Iterable<PageRun>> {
  return runsOfPairs(pagesOfExtents(await dataExtents(run, path)), maxCount);
}

/** Such pairs as runs of at most `maxCount` pages, ascending. */
export function* runsOfPairs(pairs: Uint32Array, maxCount: number): Generator<PageRun> {
  for (let index = 0; index < pairs.length; index += 2) {
    const to = pairs[index + 1] ?? 0;
    for (let first = pairs[index] ?? 0; first < to; first += maxCount)
      yield { first, count: Math.min(maxCount, to - first) };
  }
}

/** Such pairs as single pages. */
export function pageSetOfPairs(pairs: Uint32Array): PageSet {
  let count = 0;
  for (let index = 0; index < pairs.length; index += 2)
    count += (pairs[index + 1] ?? 0) - (pairs[index] ?? 0);
  const pages = new Uint32Array(count);
  let length = 0;
  for (let index = 0; index < pairs.length; index += 2)
    for (let page = pairs[index] ?? 0; page < (pairs[index + 1] ?? 0); page += 1) {
      pages[length] = page;
      length += 1;
    }
  return pages;
}
