import { describe, expect, it } from 'vitest';
import { pagesOfExtents } from '../../src/pages/extent-pages.ts';
import { seededRandom } from '../stats/random.ts';

describe('pagesOfExtents', () => {
  it('rounds to pages, and joins what overlaps or touches', () => {
    expect([...pagesOfExtents([])]).toEqual([]);
    const extents = [
      { offset: 40_960, bytes: 1 },
      { offset: 4095, bytes: 2 },
      { offset: 8192, bytes: 4096 },
      { offset: 41_000, bytes: 10 },
      { offset: 16_384, bytes: 8192 },
    ];
    expect([...pagesOfExtents(extents)]).toEqual([0, 3, 4, 6, 10, 11]);
  });

  it('has each page of the extents and no other, in as few pairs as there can be', () => {
    const random = seededRandom(3);
    const extents = Array.from({ length: 200 }, () => ({
      offset: Math.floor(random() * 4_000_000),
      bytes: 1 + Math.floor(random() ** 4 * 40_000),
    }));
    const pages = new Set(
      extents.flatMap(({ offset, bytes }) => {
        const first = Math.floor(offset / 4096);
        return Array.from(
          { length: Math.floor((offset + bytes - 1) / 4096) - first + 1 },
          (_, i) => first + i,
        );
      }),
    );
    const sorted = [...pages].sort((a, b) => a - b);
    const borders = sorted.flatMap((page) => [
      ...(pages.has(page - 1) ? [] : [page]),
      ...(pages.has(page + 1) ? [] : [page + 1]),
    ]);
    expect([...pagesOfExtents(extents)]).toEqual(borders);
  });
});
