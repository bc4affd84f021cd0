import { granularities, windowPages } from '../pages/compare-spans.ts';
import { pageBytes } from '../pages/page-set.ts';

/** Blocks of one size, in bytes: counts × the size. */
export interface BlockCounts {
  readonly blockBytes: number;
  readonly writtenBytes: number;
  readonly changedBytes: number;
  /** Changed, and all zero afterwards. */
  readonly zeroedBytes: number;
  /** Written, and all zero afterwards. */
  readonly zeroBytes: number;
}

/** What is known of the pages of one window, by their number in it. */
export interface WindowPages {
  readonly written: Uint8Array;
  readonly changed: Uint8Array;
  /** Whether a page is all zero afterwards; asked only where it matters, pages behind the end of the image too. */
  isZero(page: number): boolean;
}

export interface BlockTally {
  add(pages: WindowPages): void;
  finish(): BlockCounts[];
}

/** Counts blocks of all sizes; a block is written or changed when any page of it is. */
export function createBlockTally(): BlockTally {
  const tallies = granularities.map((blockBytes) => ({
    pages: blockBytes / pageBytes,
    blockBytes,
    written: 0,
    changed: 0,
    zeroed: 0,
    zero: 0,
  }));
  return {
    add(window) {
      for (const tally of tallies) {
        for (let first = 0; first < windowPages; first += tally.pages) {
          const written = anyOf(window.written, first, tally.pages);
          if (!written) continue;
          const changed = anyOf(window.changed, first, tally.pages);
          const zero = allZero(window, first, tally.pages);
          tally.written += 1;
          if (changed) tally.changed += 1;
          if (zero) tally.zero += 1;
          if (changed && zero) tally.zeroed += 1;
        }
      }
    },
    finish: () =>
      tallies.map(({ blockBytes, written, changed, zeroed, zero }) => ({
        blockBytes,
        writtenBytes: written * blockBytes,
        changedBytes: changed * blockBytes,
        zeroedBytes: zeroed * blockBytes,
        zeroBytes: zero * blockBytes,
      })),
  };
}

function anyOf(flags: Uint8Array, first: number, count: number): boolean {
  for (let page = first; page < first + count; page += 1) if (flags[page] === 1) return true;
  return false;
}

/** Written pages are in memory: they are asked first, so that the rest is read only where all of them are zero. */
function allZero({ written, isZero }: WindowPages, first: number, count: number): boolean {
  for (const wanted of [1, 0])
    for (let page = first; page < first + count; page += 1)
      if (written[page] === wanted && !isZero(page)) return false;
  return true;
}
