/** What x86-64 calls a page, and what an engine counts in. */
export const pageBytes = 4096;

/** Pages of a memory file by number (offset / 4096), ascending and distinct. */
export type PageSet = Uint32Array;

/** Consecutive pages. */
export interface PageRun {
  readonly first: number;
  readonly count: number;
}

/** The set as runs of at most `maxCount` consecutive pages, ascending: one read each. */
export function* runsOf(pages: PageSet, maxCount: number): Generator<PageRun> {
  let index = 0;
  while (index < pages.length) {
    const first = pages[index] ?? 0;
    let count = 1;
    while (count < maxCount && pages[index + count] === first + count) count += 1;
    yield { first, count };
    index += count;
  }
}

/** @param page of `pageBytes` */
export function isZeroPage(page: Uint8Array): boolean {
  return Buffer.compare(page, zeroPage) === 0;
}

const zeroPage = new Uint8Array(pageBytes);
