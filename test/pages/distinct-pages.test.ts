import { describe, expect, it } from 'vitest';
import { createDistinctPages } from '../../src/pages/distinct-pages.ts';
import { seededRandom } from '../stats/random.ts';

function pageOf(number: number): Buffer {
  const page = Buffer.alloc(4096);
  page.writeUInt32LE(number, (number * 4) % 4096);
  return page;
}

describe('distinct pages', () => {
  it('are told from those seen before, as a set of strings tells them, while the table grows', () => {
    const random = seededRandom(4);
    const pages = createDistinctPages();
    const seen = new Set<string>();
    for (let count = 0; count < 20_000; count += 1) {
      const page = pageOf(Math.floor(random() * 12_000));
      const key = page.toString('hex');
      expect(pages.add(page)).toBe(!seen.has(key));
      seen.add(key);
    }
    expect(pages.exact()).toBe(true);
    expect(seen.size).toBeGreaterThan(9000);
  });

  it('are no longer remembered once there are too many, which is said', () => {
    const pages = createDistinctPages(3);
    expect([1, 2, 3].map((number) => pages.add(pageOf(number)))).toEqual([true, true, true]);
    expect([1, 2, 3].map((number) => pages.add(pageOf(number)))).toEqual([false, false, false]);
    expect(pages.exact()).toBe(true);
    expect([4, 4, 1].map((number) => pages.add(pageOf(number)))).toEqual([true, true, false]);
    expect(pages.exact()).toBe(false);
  });
});
