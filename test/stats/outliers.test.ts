import * as reference from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import { outliersOf } from '../../src/stats/outliers.ts';
import { normalFrom, seededRandom } from './random.ts';

const page = 4096;
const pages = (...counts: readonly number[]) => counts.map((count) => count * page);

describe('outliersOf', () => {
  it('agrees with Hampel’s rule by simple-statistics', () => {
    const random = seededRandom(3);
    const normal = normalFrom(random);
    let named = 0;
    for (let size = 5; size < 60; size += 1) {
      const values = Array.from(
        { length: size },
        () => 1000 + 100 * normal() + (random() < 0.1 ? 2000 * normal() : 0),
      );
      const far = 5 * 1.4826 * reference.medianAbsoluteDeviation(values);
      const expected = values.flatMap((value, index) =>
        Math.abs(value - reference.median(values)) > far ? [index] : [],
      );
      expect(outliersOf(values)).toEqual(expected);
      named += expected.length;
    }
    expect(named).toBeGreaterThan(50);
  });

  it('names what is above and what is below, in the order it came', () => {
    expect(outliersOf([400, 100, 104, 96, 2, 101, 99, 103])).toEqual([0, 4]);
  });

  it('does not depend on the unit, nor on the sign', () => {
    const values = [400, 100, 104, 96, 2, 101, 99, 103];
    for (const unit of [1e-200, 0.001, -1, 7e5, 1e200])
      expect(outliersOf(values.map((value) => value * unit))).toEqual([0, 4]);
  });

  it('has a floor where most values are alike: 1 % of the median, or the quantum', () => {
    expect(outliersOf([1000, 1000, 1000, 1000, 1074, 926])).toEqual([]);
    expect(outliersOf([1000, 1000, 1000, 1000, 1075, 925])).toEqual([4, 5]);
    expect(outliersOf(pages(17, 17, 17, 17, 24, 10), page)).toEqual([]);
    expect(outliersOf(pages(17, 17, 17, 17, 25, 9), page)).toEqual([4, 5]);
    expect(outliersOf(pages(0, 0, 0, 0, 7), page)).toEqual([]);
    expect(outliersOf(pages(0, 0, 0, 0, 8), page)).toEqual([4]);
    expect(outliersOf([0, 0, 0, 0, 1])).toEqual([4]);
  });

  it('names none of values that are all alike, nor of too few', () => {
    expect(outliersOf([5, 5, 5, 5, 5])).toEqual([]);
    expect(outliersOf([0, 0, 0, 0, 0])).toEqual([]);
    expect(outliersOf([1, 1, 1, 1e9])).toEqual([]);
    expect(outliersOf([])).toEqual([]);
  });

  it('finds a burst of five times the usual, and little else, in noise of 30 %', () => {
    const normal = normalFrom(seededRandom(11));
    let [found, others] = [0, 0];
    for (let run = 0; run < 1000; run += 1) {
      const values = Array.from({ length: 12 }, () => 1000 * Math.exp(0.3 * normal()));
      values[5] = 5000 * Math.exp(0.1 * normal());
      const named = outliersOf(values);
      if (named.includes(5)) found += 1;
      others += named.filter((index) => index !== 5).length;
    }
    expect(found).toBeGreaterThan(950);
    expect(others).toBeLessThan(120);
  });
});
