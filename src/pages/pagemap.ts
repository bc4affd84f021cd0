import type { PageSet } from './page-set.ts';

/** Bytes of an entry of /proc/PID/pagemap. */
export const pagemapEntryBytes = 8;

// The upper halves of the bits of Documentation/admin-guide/mm/pagemap.rst.
const present = 0x8000_0000;
const swapped = 0x4000_0000;
const fileBacked = 0x2000_0000;

/**
 * Adds the written pages of a private file mapping to `into` from position `length` on; the new length. A page of such a mapping that is
 * in memory (bit 63) or in swap (62) and is not the file's own (61) was written since it was mapped. `entries` are the pagemap's
 * little-endian u64 as pairs of u32, the first of them the page `firstPage` of the file.
 */
export function addWrittenPages(
  entries: Uint32Array,
  firstPage: number,
  into: PageSet,
  length: number,
): number {
  let end = length;
  for (let high = 1; high < entries.length; high += 2) {
    const bits = entries[high] ?? 0;
    if ((bits & (present | swapped)) !== 0 && (bits & fileBacked) === 0) {
      into[end] = firstPage + (high >>> 1);
      end += 1;
    }
  }
  return end;
}
