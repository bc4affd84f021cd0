import { createPageFrames } from './page-frames.ts';
import { isZeroPage, type PageRun, pageBytes } from './page-set.ts';

/** What is said of the pages that a cycle wrote. */
export interface PageDiff {
  /** Pages written × 4096, same content and zeros included. */
  readonly writtenBytes: number;
  /** Pages whose content differs from before × 4096. */
  readonly changedBytes: number;
  /** Changed pages that are all zero now × 4096. */
  readonly zeroedBytes: number;
  /**
   * Changed pages that are not all zero, under zstd level 1: in ascending order, cut into frames of 1,024 pages, the frames' sizes
   * added up. A store that compresses page by page gets less, one that compresses all at once hardly more.
   */
  readonly compressedBytes: number;
  /** Distinct aligned 2 MiB blocks among the written pages × 2 MiB. */
  readonly hugeBytes: number;
}

export interface PageTally {
  /**
   * Counts consecutive written pages, in ascending order of calls. `before` and `after` are their contents. Returns which of them
   * changed, as runs.
   */
  add(first: number, before: Uint8Array, after: Uint8Array): PageRun[];
  finish(): PageDiff;
}

const hugePages = 512;

export function createPageTally(): PageTally {
  const frame = createPageFrames();
  let written = 0;
  let changed = 0;
  let zeroed = 0;
  let huge = 0;
  let lastHuge = -1;
  const addPage = (page: number, before: Uint8Array, after: Uint8Array): boolean => {
    written += 1;
    const block = Math.floor(page / hugePages);
    if (block !== lastHuge) huge += 1;
    lastHuge = block;
    if (Buffer.compare(before, after) === 0) return false;
    changed += 1;
    if (isZeroPage(after)) zeroed += 1;
    else frame.add(after);
    return true;
  };
  return {
    add: (first, before, after) => changedRuns(first, before, after, addPage),
    finish: () => ({
      writtenBytes: written * pageBytes,
      changedBytes: changed * pageBytes,
      zeroedBytes: zeroed * pageBytes,
      compressedBytes: frame.finish(),
      hugeBytes: huge * hugePages * pageBytes,
    }),
  };
}

function changedRuns(
  first: number,
  before: Uint8Array,
  after: Uint8Array,
  addPage: (page: number, before: Uint8Array, after: Uint8Array) => boolean,
): PageRun[] {
  const runs: PageRun[] = [];
  let start: number | undefined;
  const pages = after.length / pageBytes;
  for (let index = 0; index < pages; index += 1) {
    const from = index * pageBytes;
    const to = from + pageBytes;
    const differs = addPage(first + index, before.subarray(from, to), after.subarray(from, to));
    if (differs) start ??= first + index;
    else if (start !== undefined) {
      runs.push({ first: start, count: first + index - start });
      start = undefined;
    }
  }
  if (start !== undefined) runs.push({ first: start, count: first + pages - start });
  return runs;
}
