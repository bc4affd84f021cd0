import { describe, expect, it } from 'vitest';
import { runsOf } from '../../src/pages/page-set.ts';
import { seededRandom } from '../stats/random.ts';

describe('runsOf', () => {
  it('joins what is consecutive, up to the limit', () => {
    const pages = Uint32Array.of(0, 1, 2, 3, 4, 9, 11, 12);
    expect([...runsOf(pages, 3)]).toEqual([
      { first: 0, count: 3 },
      { first: 3, count: 2 },
      { first: 9, count: 1 },
      { first: 11, count: 2 },
    ]);
    expect([...runsOf(new Uint32Array(0), 3)]).toEqual([]);
  });

  it('gives back each page once and in order, in runs no longer than the limit, and as few as there can be', () => {
    const random = seededRandom(12);
    for (const share of [0.02, 0.5, 0.98]) {
      const pages = Uint32Array.from(Array(4000).keys()).filter(() => random() < share);
      const runs = [...runsOf(pages, 64)];
      expect(runs.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i))).toEqual([
        ...pages,
      ]);
      expect(Math.max(...runs.map(({ count }) => count))).toBeLessThanOrEqual(64);
      const needless = runs.filter((run, index) => {
        const before = runs[index - 1];
        return before !== undefined && before.count < 64 && before.first + before.count === run.first;
      });
      expect(needless).toEqual([]);
    }
  });
});
