import type { Run } from '../../host/run.ts';
import { dataExtents } from '../../pages/data-extents.ts';
import { pageSetOfPairs, pagesOfExtents } from '../../pages/extent-pages.ts';
import type { PageSet } from '../../pages/page-set.ts';

/**
 * The pages that a Diff snapshot's memory file holds, by their number in the file: its data extents. Guest memory above the gap for devices
 * (3 GiB and more) follows in the file right behind what is below it, here as in the parent's file. The file must be a fresh one: Firecracker would
 * merge into what is there.
 */
export async function pagesOfDiff(run: Run, path: string): Promise<PageSet> {
  return pageSetOfPairs(pagesOfExtents(await dataExtents(run, path)));
}
