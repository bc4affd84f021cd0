import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { pageBytes } from './page-set.ts';

/** What two whole memory images tell: which pages differ. Which were written and left the same, they cannot tell. */
export interface ImageComparison {
  readonly pages: number;
  readonly changed: number[];
  /** Those of `changed` that are all zero in the second image. */
  readonly zeroed: number[];
}

const chunkBytes = 1024 * 1024;

/**
 * Reads two images of the same length from end to end, for engines and files that offer nothing better. Its cost follows the memory
 * and not the dirty pages. Throws a RangeError when the lengths differ or are no multiple of a page.
 */
export function compareImages(before: string, after: string): ImageComparison {
  const first = openSync(before, 'r');
  const second = openSync(after, 'r');
  try {
    const bytes = fstatSync(first).size;
    if (bytes !== fstatSync(second).size || bytes % pageBytes !== 0)
      throw new RangeError(`${before} and ${after} are not memory images of the same length`);
    return compareOpen(first, second, bytes);
  } finally {
    closeSync(first);
    closeSync(second);
  }
}

function compareOpen(first: number, second: number, bytes: number): ImageComparison {
  const changed: number[] = [];
  const zeroed: number[] = [];
  const a = Buffer.alloc(chunkBytes);
  const b = Buffer.alloc(chunkBytes);
  for (let offset = 0; offset < bytes; offset += chunkBytes) {
    const length = Math.min(chunkBytes, bytes - offset);
    readSync(first, a, 0, length, offset);
    readSync(second, b, 0, length, offset);
    if (a.compare(b, 0, length, 0, length) === 0) continue;
    for (let at = 0; at < length; at += pageBytes) {
      const page = b.subarray(at, at + pageBytes);
      if (a.subarray(at, at + pageBytes).equals(page)) continue;
      changed.push((offset + at) / pageBytes);
      if (page.every((byte) => byte === 0)) zeroed.push((offset + at) / pageBytes);
    }
  }
  return { pages: bytes / pageBytes, changed, zeroed };
}
