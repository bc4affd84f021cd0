import * as reference from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import { errorOfLocation, locationOf } from '../../src/stats/location.ts';
import { normalFrom, seededRandom } from './random.ts';

const random = seededRandom(41);
const normal = normalFrom(random);

function skewed(size: number): number[] {
  return Array.from({ length: size }, () => Math.exp(normal()));
}

/** Each value four times over, so that a fourth of them is a whole number to be cut off at either end. */
function byCopies(values: readonly number[]): number {
  const copies = values.flatMap((value) => [value, value, value, value]).toSorted((a, b) => a - b);
  return reference.mean(copies.slice(values.length, copies.length - values.length));
}

describe('locationOf', () => {
  it('is the mean of the middle half, as simple-statistics has the mean of four copies of each', () => {
    for (let size = 1; size < 60; size += 1) {
      const values = skewed(size);
      expect(locationOf(values)).toBeCloseTo(byCopies(values), 12);
    }
  });

  it('is the value where all are alike, to the last bit, and none of none', () => {
    for (const size of [1, 2, 3, 10, 17]) {
      expect(locationOf(Array(size).fill(0.1))).toBe(0.1);
      expect(locationOf(Array(size).fill(0))).toBe(0);
    }
    expect(locationOf([])).toBeNaN();
  });

  it('scales and moves with the values, and does not depend on their order', () => {
    for (const size of [2, 3, 5, 10, 11]) {
      const values = skewed(size);
      const location = locationOf(values);
      expect(locationOf(values.toReversed())).toBe(location);
      expect(locationOf(values.map((value) => 2 ** 40 * value))).toBe(2 ** 40 * location);
      expect(locationOf(values.map((value) => value + 100))).toBeCloseTo(location + 100, 10);
      expect(locationOf(values.map((value) => -value))).toBeCloseTo(-location, 12);
    }
  });

  it('never falls when a value rises', () => {
    for (let round = 0; round < 200; round += 1) {
      const values = skewed(1 + (round % 13));
      const index = Math.floor(random() * values.length);
      const raised = values.map((value, at) => (at === index ? value + random() * 5 : value));
      expect(locationOf(raised)).toBeGreaterThanOrEqual(locationOf(values) - 1e-12);
    }
  });

  it('is not moved far by a fourth of the values, wherever they lie', () => {
    for (const size of [4, 8, 10, 40]) {
      const values = skewed(size);
      const bursts = values.map((value, index) => (index < Math.floor(size / 4) ? 1e9 : value));
      const calm = values.slice(Math.floor(size / 4));
      expect(locationOf(bursts)).toBeLessThanOrEqual(reference.max(calm));
    }
  });

  it('lies between two sizes where a median is one of them', () => {
    expect(locationOf([1, 1, 1, 1, 9, 9, 9])).toBeCloseTo((1 * 2.25 + 9 * 1.25) / 3.5, 12);
  });
});

describe('errorOfLocation', () => {
  it.each([5, 8, 10, 15, 40])('is what locations of %i values are spread by', (size) => {
    const samples = Array.from({ length: 4000 }, () => Array.from({ length: size }, () => 10 + normal()));
    const spread = reference.sampleStandardDeviation(samples.map(locationOf));
    const squares = samples.map((values) => errorOfLocation(values) ** 2);
    const ratio = Math.sqrt(reference.mean(squares)) / spread;
    expect(ratio).toBeGreaterThan(0.95);
    expect(ratio).toBeLessThan(1.2);
  });

  it('is Tukey and McLaughlin’s where a fourth is a whole number', () => {
    for (const size of [4, 8, 12, 40]) {
      const sorted = skewed(size).toSorted((a, b) => a - b);
      const cut = size / 4;
      const inner = sorted.slice(cut, size - cut);
      const ends = [reference.min(inner), reference.max(inner)].flatMap((end) => Array(cut).fill(end));
      const squares = reference.sampleVariance([...inner, ...ends]) * (size - 1);
      expect(errorOfLocation(sorted)).toBeCloseTo(Math.sqrt(squares / ((size / 2) * (size / 2 - 1))), 12);
    }
  });

  it('is 0 of values that are alike and of fewer than two, and a number of any others', () => {
    for (const values of [[], [7], [7, 7], [7, 7, 7], Array(10).fill(7)])
      expect(errorOfLocation(values)).toBe(0);
    expect(errorOfLocation([1, 3])).toBeCloseTo(1, 12);
    for (let size = 2; size < 30; size += 1) expect(errorOfLocation(skewed(size))).toBeGreaterThan(0);
  });

  it('scales with the values', () => {
    const values = skewed(11);
    expect(errorOfLocation(values.map((value) => value * 4096))).toBeCloseTo(
      4096 * errorOfLocation(values),
      8,
    );
  });
});
