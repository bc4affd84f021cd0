import { createDistinctPages, type DistinctPages } from '../pages/distinct-pages.ts';
import { isZeroPage, pageBytes } from '../pages/page-set.ts';
import type { Content } from './record.ts';

/** What kinds of pages there are. */
export interface ContentTally {
  add(page: Uint8Array): 'zero' | 'duplicate' | 'distinct';
  finish(): Content;
}

/** @param seen pages that count as seen before; several tallies may share it */
export function createContentTally(seen: DistinctPages = createDistinctPages()): ContentTally {
  const pages = { zero: 0, duplicate: 0, distinct: 0 };
  return {
    add(page) {
      const kind = isZeroPage(page) ? 'zero' : seen.add(page) ? 'distinct' : 'duplicate';
      pages[kind] += 1;
      return kind;
    },
    finish: () => ({
      dataBytes: (pages.zero + pages.duplicate + pages.distinct) * pageBytes,
      zeroBytes: pages.zero * pageBytes,
      duplicateBytes: pages.duplicate * pageBytes,
      distinctBytes: pages.distinct * pageBytes,
      duplicatesExact: seen.exact(),
    }),
  };
}
