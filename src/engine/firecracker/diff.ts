import { closeSync, openSync } from 'node:fs';
import type { Run } from '../../host/run.ts';
import { dataExtents } from '../../pages/data-extents.ts';
import { pageSetOfPairs, pagesOfExtents } from '../../pages/extent-pages.ts';
import { type PageSet, pageBytes, runsOf } from '../../pages/page-set.ts';
import type { PageDiff } from '../../pages/page-tally.ts';
import { runPages, tallyPages } from '../../pages/tally-pages.ts';
import { readFully, writeFully } from '../../pages/whole-io.ts';

/**
 * The pages that a Diff snapshot's memory file holds, by their number in the file: its data extents. Guest memory above the gap for devices
 * (3 GiB and more) follows in the file right behind what is below it, here as in the parent's file. The file must be a fresh one: Firecracker would
 * merge into what is there.
 */
export async function pagesOfDiff(run: Run, path: string): Promise<PageSet> {
  return pageSetOfPairs(pagesOfExtents(await dataExtents(run, path)));
}

/**
 * Compares the pages of a Diff with the parent's memory file, reading no others, and with `merge` writes the ones that changed to that file,
 * which then is the memory of the next snapshot. No process may have the file mapped then: Firecracker's mapping would show the new content.
 */
export async function tallyDiff(
  diffPath: string,
  memoryPath: string,
  pages: PageSet,
  merge: boolean,
): Promise<PageDiff> {
  const diff = openSync(diffPath, 'r');
  const memory = openSync(memoryPath, merge ? 'r+' : 'r');
  try {
    return await tallyPages(runsOf(pages, runPages), {
      readBefore: (first, into) => readFully(memory, into, first * pageBytes),
      readAfter: (first, into) => readFully(diff, into, first * pageBytes),
      ...(merge && { onChanged: (first, content) => writeFully(memory, content, first * pageBytes) }),
    });
  } finally {
    closeSync(diff);
    closeSync(memory);
  }
}
