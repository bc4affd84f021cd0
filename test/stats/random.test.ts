import { mean, standardDeviation } from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import {
  drawHeavyTailed,
  drawNormal,
  pickIndex,
  type Random,
  seededRandom,
  shuffledIndices,
} from '../../src/stats/random.ts';

const many = (draw: (random: Random) => number, random = seededRandom(11)) =>
  Array.from({ length: 50_000 }, () => draw(random));

describe('seeded numbers', () => {
  it('are the same for the same seed and indices, and others for others', () => {
    const first = (seed: number, ...indices: number[]) => seededRandom(seed, ...indices)();
    expect(first(1, 2, 3)).toBe(first(1, 2, 3));
    const others = [
      first(1, 2, 3),
      first(1, 3, 2),
      first(2, 1, 3),
      first(1, 2),
      first(1, 2, 3, 0),
      first(0, 0, 0),
    ];
    expect(new Set(others).size).toBe(others.length);
  });

  it('are uniform, also the first of each of many streams', () => {
    for (const values of [
      many((random) => random()),
      many((_) => 0).map((_, index) => seededRandom(4, index)()),
    ]) {
      expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...values)).toBeLessThan(1);
      for (let tenth = 0; tenth < 10; tenth += 1) {
        const share = values.filter((value) => Math.floor(value * 10) === tenth).length / values.length;
        expect(Math.abs(share - 0.1)).toBeLessThan(0.006);
      }
    }
  });

  it('are normal, or have the tails of Student’s distribution, with a standard deviation of 1', () => {
    const beyond = (values: readonly number[], limit: number) =>
      values.filter((value) => Math.abs(value) > limit).length / values.length;
    const normal = many(drawNormal);
    expect(mean(normal)).toBeCloseTo(0, 1);
    expect(standardDeviation(normal)).toBeCloseTo(1, 1);
    expect(beyond(normal, 1.96)).toBeCloseTo(0.05, 2);
    const heavy = many(drawHeavyTailed);
    // P(|T| > 3.182) is 5 % with 3 degrees of freedom, and T is √3 times as large.
    expect(beyond(heavy, 3.182 / Math.sqrt(3))).toBeCloseTo(0.05, 2);
    expect(beyond(heavy, 5.841 / Math.sqrt(3))).toBeCloseTo(0.01, 2);
  });

  it('pick and shuffle with equal chances', () => {
    const random = seededRandom(5);
    const places = Array.from({ length: 20_000 }, () => shuffledIndices(random, 5));
    expect(places.every((order) => order.toSorted().join() === '0,1,2,3,4')).toBe(true);
    for (const at of [0, 2, 4])
      for (const value of [0, 3]) {
        const share = places.filter((order) => order[at] === value).length / places.length;
        expect(Math.abs(share - 0.2)).toBeLessThan(0.012);
      }
    expect(new Set(many((each) => pickIndex(each, 3)))).toEqual(new Set([0, 1, 2]));
  });
});
