import { describe, expect, it } from 'vitest';
import { type BootTest, contrastSides } from '../../src/stats/contrast.ts';
import { chancePast } from '../../src/stats/likelihood.ts';
import { normalUpperTail } from '../../src/stats/student.ts';
import { halfWidth, welchTest } from '../../src/stats/welch.ts';
import { normalFrom, seededRandom } from './random.ts';

const test: BootTest = { difference: 3, standardError: 2, degrees: 1, pValue: 0, cycleError: 0 };

/** Of boots whose own cycles leave nothing open. */
function testOf(a: readonly number[], b: readonly number[]): BootTest {
  const found = welchTest(a, b);
  if (found === undefined) throw new Error('no test');
  return { ...found, cycleError: 0 };
}

/** One draw of a variance of n values that had this sample variance: its share of a chi-squared number of n − 1 degrees. */
function drawVariance(sample: number, degrees: number, normal: () => number): number {
  let sum = 0;
  for (let each = 0; each < degrees; each += 1) sum += normal() ** 2;
  return (sample * degrees) / sum;
}

describe('chancePast', () => {
  it('is the closed form of one degree, which is Cauchy’s distribution', () => {
    for (const limit of [-40, -1, 2.9, 3, 3.1, 5, 100])
      expect(chancePast(test, limit)).toBeCloseTo(0.5 - Math.atan((limit - 3) / 2) / Math.PI, 12);
  });

  it('is what sampling from prior and likelihood gives', () => {
    const normal = normalFrom(seededRandom(17));
    const a = [10, 12, 11, 14];
    const b = [12, 15, 13, 13];
    const contrast = testOf(a, b);
    const pooled = (contrast.standardError ** 2 * 4) / 2;
    const draws = 40_000;
    let past = 0;
    for (let draw = 0; draw < draws; draw += 1) {
      const error = Math.sqrt((drawVariance(pooled, 6, normal) * 2) / 4);
      if (contrast.difference + error * normal() > 2) past += 1;
    }
    expect(Math.abs(chancePast(contrast, 2) - past / draws)).toBeLessThan(0.01);
  });

  it('is 2.5 % past the upper end of the 95 % interval, 97.5 % past the lower', () => {
    const contrast = testOf([10, 12, 11], [12, 15, 13, 13]);
    const half = halfWidth(contrast, 0.95);
    expect(chancePast(contrast, contrast.difference + half)).toBeCloseTo(0.025, 10);
    expect(chancePast(contrast, contrast.difference - half)).toBeCloseTo(0.975, 10);
  });

  it('falls with the limit, and both directions make 1', () => {
    let before = 1;
    for (let limit = -20; limit <= 20; limit += 0.5) {
      const chance = chancePast({ ...test, degrees: 3.7 }, limit);
      const mirrored = chancePast({ ...test, degrees: 3.7, difference: -3 }, -limit);
      expect(chance).toBeLessThan(before);
      expect(chance + mirrored).toBeCloseTo(1, 12);
      before = chance;
    }
  });

  it('is no surer than the cycles, where boots happen to be alike', () => {
    const alike = { ...test, standardError: 0, degrees: Number.POSITIVE_INFINITY, cycleError: 2 };
    for (const distance of [0, 1, 2, 6]) {
      expect(chancePast(alike, 3 + distance)).toBeCloseTo(normalUpperTail(distance / 2), 12);
      expect(chancePast(alike, 3 - distance)).toBeCloseTo(1 - normalUpperTail(distance / 2), 12);
    }
    expect(chancePast({ ...test, cycleError: 1000 }, 5)).toBeCloseTo(normalUpperTail(2 / 1000), 12);
    expect(chancePast({ ...test, cycleError: 0.001 }, 5)).toBe(chancePast(test, 5));
    const errors = { base: [2, 2], head: [2, 2] };
    const { differenceTest, difference } = contrastSides([100, 100.1], [103, 103.1], errors);
    if (differenceTest === undefined) throw new Error('no test');
    expect(chancePast(differenceTest, difference.high ?? Number.NaN)).toBeCloseTo(0.025, 6);
  });

  it('is certain where nothing varies', () => {
    const exact = { ...test, standardError: 0, degrees: Number.POSITIVE_INFINITY };
    expect([2.9, 3, 3.1].map((limit) => chancePast(exact, limit))).toEqual([1, 0, 0]);
    expect(chancePast(exact, Number.NEGATIVE_INFINITY)).toBe(1);
    expect(chancePast(test, Number.POSITIVE_INFINITY)).toBe(0);
  });
});
