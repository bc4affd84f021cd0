import type { Run } from '../host/run.ts';
import { comparePages } from './compare-files.ts';
import { dataRuns } from './extent-pages.ts';
import { type FilePair, withFilePair } from './file-pair.ts';
import { type PageRun, type PageSet, pageBytes, runsOf } from './page-set.ts';
import type { PageDiff } from './page-tally.ts';
import { runPages, tallyPages } from './tally-pages.ts';
import { readFully, writeFully } from './whole-io.ts';

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
    tallyRuns(run, pair, runsOf(changed, runPages), false),
  );
  return diff;
}

export interface SparseOptions {
  /** The pages that have data in the diff, where they are known. */
  readonly pages?: PageSet;
  /**
   * Writes the pages that changed to the parent, which then is the next memory or disk; it is neither of the two where that breaks off. No
   * process may have it mapped: its mapping would show the new content.
   */
  readonly merge?: boolean;
}

/**
 * What a sparse diff of a memory or disk says against the whole file that it is a diff of: its data are the pages that were written, its
 * holes are what stayed. Nothing else is read: the cost follows the data.
 *
 * @throws SnapgateError `host` where a file cannot be read, or their lengths differ
 */
export async function diffOfSparse(
  run: Run,
  parent: string,
  diff: string,
  { pages, merge = false }: SparseOptions = {},
): Promise<PageDiff> {
  const compare = async (pair: FilePair) => {
    const runs = pages === undefined ? await dataRuns(run, diff, runPages) : runsOf(pages, runPages);
    return tallyRuns(run, pair, runs, merge);
  };
  return await withFilePair(run, parent, diff, compare, merge ? 'r+' : 'r');
}

function tallyRuns(run: Run, pair: FilePair, runs: Iterable<PageRun>, merge: boolean): Promise<PageDiff> {
  return tallyPages(runs, {
    readBefore: (first, into) => readPages(pair, pair.before, first, into),
    readAfter: (first, into) => readPages(pair, pair.after, first, into),
    ...(merge && { onChanged: (first, content) => writePages(pair, first, content) }),
    signal: run.signal,
  });
}

/** The last page may be cut off by the file's end: what is not there is zeros. */
function readPages({ bytes }: FilePair, file: number, first: number, into: Buffer): void {
  const offset = first * pageBytes;
  const there = Math.min(into.length, bytes - offset);
  readFully(file, into.subarray(0, there), offset);
  into.fill(0, there);
}

function writePages({ before, bytes }: FilePair, first: number, content: Buffer): void {
  const offset = first * pageBytes;
  writeFully(before, content.subarray(0, bytes - offset), offset);
}
