import type { Extent } from '../pages/data-extents.ts';
import { pageBytes } from '../pages/page-set.ts';

/*
 * Extents are ascending and apart everywhere here.
 */

export function bytesOf(extents: readonly Extent[]): number {
  return extents.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Extents grown to whole pages, no further than a size: a file system with blocks of 1 KiB has data in parts of pages. */
export function wholePages(extents: readonly Extent[], size: number): Extent[] {
  return merged(
    extents.map(({ offset, bytes }) => {
      const from = offset - (offset % pageBytes);
      return {
        offset: from,
        bytes: Math.min(size, Math.ceil((offset + bytes) / pageBytes) * pageBytes) - from,
      };
    }),
  );
}

/** What either has. */
export function unionOf(one: readonly Extent[], other: readonly Extent[]): Extent[] {
  return merged(inOrder(one, other));
}

/** The parts of extents that lie in a range. */
export function* within(extents: readonly Extent[], offset: number, bytes: number): Generator<Extent> {
  const end = offset + bytes;
  for (let index = firstBehind(extents, offset); index < extents.length; index += 1) {
    const extent = extents[index];
    if (extent === undefined || extent.offset >= end) return;
    const from = Math.max(offset, extent.offset);
    yield { offset: from, bytes: Math.min(end, extent.offset + extent.bytes) - from };
  }
}

/** How many bytes both have. */
export function sharedBytes(one: readonly Extent[], other: readonly Extent[]): number {
  return bytesOf(one) + bytesOf(other) - bytesOf(unionOf(one, other));
}

/** Ascending extents, where neighbours and overlaps become one. */
export function merged(extents: Iterable<Extent>): Extent[] {
  const result: { offset: number; bytes: number }[] = [];
  for (const { offset, bytes } of extents) {
    if (bytes <= 0) continue;
    const last = result.at(-1);
    if (last !== undefined && last.offset + last.bytes >= offset)
      last.bytes = Math.max(last.bytes, offset + bytes - last.offset);
    else result.push({ offset, bytes });
  }
  return result;
}

function* inOrder(one: readonly Extent[], other: readonly Extent[]): Generator<Extent> {
  let [a, b] = [0, 0];
  while (a < one.length || b < other.length) {
    const [first, second] = [one[a], other[b]];
    if (second === undefined || (first !== undefined && first.offset <= second.offset)) {
      if (first !== undefined) yield first;
      a += 1;
    } else {
      yield second;
      b += 1;
    }
  }
}

/** Index of the first extent that ends behind an offset. */
function firstBehind(extents: readonly Extent[], offset: number): number {
  let low = 0;
  let high = extents.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const extent = extents[middle];
    if (extent !== undefined && extent.offset + extent.bytes > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}
