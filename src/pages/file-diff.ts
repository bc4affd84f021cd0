import { setImmediate } from 'node:timers/promises';
import type { Run } from '../host/run.ts';
import { comparePages } from './compare-files.ts';
import { dataExtents } from './data-extents.ts';
import { pagesOfExtents, runsOfPairs } from './extent-pages.ts';
import { type FilePair, withFilePair } from './file-pair.ts';
import { type PageRun, pageBytes, runsOf } from './page-set.ts';
import { createPageTally, type PageDiff } from './page-tally.ts';
import { readFully } from './read-fully.ts';

/** What two whole files tell: all but which pages were written with what they held. `hugeBytes` are those of the changed pages. */
export type WholeFileDiff = Omit<PageDiff, 'writtenBytes'>;

/**
 * What changed from one memory or raw disk file to another of the same length. One pass over the data of both, and the pages that differ
 * a second time.
 *
 * @throws SnapgateError `host` where a file cannot be read, or their lengths differ
 */
export async function diffOfFiles(run: Run, before: string, after: string): Promise<WholeFileDiff> {
  const { changed } = await comparePages(run, before, after);
  const { writtenBytes: _, ...diff } = await withFilePair(run, before, after, (pair) =>
    tallyRuns(run, pair, runsOf(changed, runPages)),
  );
  return diff;
}

/**
 * What a sparse diff of a memory or disk says against the whole file that it is a diff of: its data are the pages that were written, its
 * holes are what stayed. The cost follows the data.
 *
 * @throws SnapgateError `host` where a file cannot be read, or their lengths differ
 */
export async function diffOfSparse(run: Run, parent: string, diff: string): Promise<PageDiff> {
  return await withFilePair(run, parent, diff, async (pair) =>
    tallyRuns(run, pair, runsOfPairs(pagesOfExtents(await dataExtents(run, diff)), runPages)),
  );
}

/** A MiB of each file at a time. */
const runPages = 256;

async function tallyRuns(run: Run, pair: FilePair, runs: Iterable<PageRun>): Promise<PageDiff> {
  const tally = createPageTally();
  const [before, after] = [Buffer.alloc(runPages * pageBytes), Buffer.alloc(runPages * pageBytes)];
  let turns = 0;
  for (const { first, count } of runs) {
    const length = count * pageBytes;
    readPages(pair, pair.before, first, before.subarray(0, length));
    readPages(pair, pair.after, first, after.subarray(0, length));
    tally.add(first, before.subarray(0, length), after.subarray(0, length));
    turns += 1;
    // Another guest of this process may be waiting to be timed.
    if (turns % 16 !== 0) continue;
    await setImmediate();
    run.signal.throwIfAborted();
  }
  return tally.finish();
}

/** The last page may be cut off by the file's end: what is not there is zeros. */
function readPages({ bytes }: FilePair, file: number, first: number, into: Buffer): void {
  const offset = first * pageBytes;
  const there = Math.min(into.length, bytes - offset);
  readFully(file, into.subarray(0, there), offset);
  into.fill(0, there);
}
