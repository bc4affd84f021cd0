import * as reference from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import { contrastSides, type Interval } from '../../src/stats/contrast.ts';
import { holmEstablished } from '../../src/stats/holm.ts';
import { mean, median, variance } from '../../src/stats/median.ts';
import { bootsToResolve } from '../../src/stats/planning.ts';
import { studentQuantile } from '../../src/stats/student.ts';
import { halfWidth, welchTest } from '../../src/stats/welch.ts';
import { normalFrom, seededRandom } from './random.ts';

function shareOf(experiments: number, experiment: () => boolean): number {
  return Array.from({ length: experiments }, experiment).filter(Boolean).length / experiments;
}

function covers(interval: Interval | undefined, truth: number): boolean {
  const { low = Number.NaN, high = Number.NaN } = interval ?? {};
  return low <= truth && truth <= high;
}

describe('median, mean, variance', () => {
  it('agree with simple-statistics', () => {
    const random = seededRandom(1);
    for (let size = 2; size < 30; size += 1) {
      const values = Array.from({ length: size }, () => random() * 1e6);
      expect(median(values)).toBeCloseTo(reference.median(values), 6);
      expect(mean(values)).toBeCloseTo(reference.mean(values), 6);
      expect(variance(values) / reference.sampleVariance(values)).toBeCloseTo(1, 10);
    }
  });

  it('have no answer for too little', () => {
    expect(median([])).toBeNaN();
    expect(variance([3])).toBeNaN();
    expect(median([3])).toBe(3);
  });
});

describe('welchTest', () => {
  const a = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9];
  const b = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5];

  it('is Student’s test of samples of equal size', () => {
    // As R says of t.test(b, a, var.equal = TRUE); the p-value by integrating the density of t apart from this code.
    const test = welchTest(a, b);
    expect(test?.difference).toBeCloseTo(2.3667, 4);
    expect(test?.standardError).toBeCloseTo(Math.sqrt((variance(a) + variance(b)) / 6), 12);
    expect(test?.degrees).toBe(10);
    expect(test?.pValue).toBeCloseTo(0.2262063056, 9);
    expect(test && halfWidth(test, 0.95)).toBeCloseTo(
      2.228138852 * Math.sqrt((variance(a) + variance(b)) / 6),
      8,
    );
  });

  it('is Welch’s of samples of unequal size, or where one does not vary', () => {
    const five = b.slice(0, 5);
    const [va, vb] = [variance(a) / 6, variance(five) / 5];
    expect(welchTest(a, five)?.standardError).toBeCloseTo(Math.sqrt(va + vb), 12);
    // By Satterthwaite of equal spreads: (1/6 + 1/5)² / (1/6² / 5 + 1/5² / 4).
    expect(welchTest(a, five)?.degrees).toBeCloseTo((11 / 30) ** 2 / (1 / 180 + 1 / 100), 12);
    expect(welchTest([3.3, 3.3, 3.3], [1, 2, 4])?.degrees).toBeCloseTo(2, 12);
    expect(welchTest([0.1, 0.1, 0.1].map(Math.log), [1, 2, 4])?.degrees).toBeCloseTo(2, 12);
  });

  it('has the t of simple-statistics, whose test is Student’s, on samples of equal size', () => {
    const test = welchTest(a, b);
    const t = reference.tTestTwoSample(b, a);
    expect((test?.difference ?? 0) / (test?.standardError ?? 1)).toBeCloseTo(t ?? Number.NaN, 12);
  });

  it('needs two values a side', () => {
    expect(welchTest([1], [1, 2, 3])).toBeUndefined();
    expect(welchTest([1, 2], [])).toBeUndefined();
  });

  it('does not care for the unit, however large or small the numbers become', () => {
    const [a, b] = [
      [27.5, 21.0, 19.0, 23.6],
      [27.1, 22.0, 30.8, 23.4, 23.4],
    ];
    const plain = welchTest(a, b);
    for (const unit of [1e-300, 1e-160, 1e3, 1e160, 1e300]) {
      const scaled = welchTest(
        a.map((value) => value * unit),
        b.map((value) => value * unit),
      );
      expect(scaled?.degrees).toBeCloseTo(plain?.degrees ?? Number.NaN, 9);
      expect(scaled?.pValue).toBeCloseTo(plain?.pValue ?? Number.NaN, 12);
      expect((scaled?.standardError ?? 0) / unit).toBeCloseTo(plain?.standardError ?? Number.NaN, 9);
    }
  });

  it('takes sides that do not vary as exact', () => {
    expect(welchTest([5, 5, 5], [5, 5])).toMatchObject({ standardError: 0, pValue: 1 });
    expect(welchTest([5, 5, 5], [6, 6])).toMatchObject({ standardError: 0, pValue: 0, difference: 1 });
    expect(welchTest([0, 0], [0, 0])).toMatchObject({ pValue: 1 });
  });
});

describe('contrastSides', () => {
  it('estimates by the medians, with an interval that holds the estimate', () => {
    const { growth, difference } = contrastSides([100, 101, 102], [150, 151, 149]);
    expect(growth?.value).toBeCloseTo(150 / 101 - 1, 12);
    expect(difference.value).toBe(49);
    expect(growth?.low).toBeGreaterThan(0.4);
    expect(growth?.high).toBeLessThan(0.6);
  });

  it('holds the estimate even where one stray boot moves the mean', () => {
    const { growth } = contrastSides([100, 100, 100, 100, 1e6], [100, 100, 100, 100, 100]);
    expect(growth?.value).toBe(0);
    expect(growth?.low).toBeLessThanOrEqual(0);
    expect(growth?.high).toBeGreaterThanOrEqual(0);
  });

  it('has no growth from a base of 0, but a difference', () => {
    const { growth, difference, pValue } = contrastSides([0, 0, 0], [4096, 4096, 8192]);
    expect(growth).toBeUndefined();
    expect(difference.value).toBe(4096);
    expect(pValue).toBeLessThan(0.1);
  });

  it('bounds the growth by the difference where a boot has 0', () => {
    const { growth, difference, ratioTest } = contrastSides([4096, 4096, 0], [4096, 8192, 4096]);
    expect(ratioTest).toBeUndefined();
    expect(growth?.low).toBeCloseTo((difference.low ?? 0) / 4096, 12);
  });

  it('has no interval with one boot a side', () => {
    const contrast = contrastSides([100], [140]);
    expect(contrast.growth).toEqual({ value: 0.4 });
    expect(contrast.difference).toEqual({ value: 40 });
    expect(contrast.pValue).toBeUndefined();
  });

  it.each([3, 5, 10])('covers the true growth in 95 of 100 experiments of %i boots a side', (boots) => {
    const normal = normalFrom(seededRandom(20260101 + boots));
    const side = (scale: number, spread: number) =>
      Array.from({ length: boots }, () => scale * Math.exp(spread * normal()));
    const covered = shareOf(2000, () => {
      const { growth } = contrastSides(side(600, 0.03), side(780, 0.06));
      return covers(growth, 0.3);
    });
    expect(covered).toBeGreaterThanOrEqual(0.93);
    expect(covered).toBeLessThanOrEqual(0.98);
  });

  it('covers the true difference in 95 of 100 experiments, sides of unequal size and spread included', () => {
    const normal = normalFrom(seededRandom(31));
    const side = (boots: number, center: number, spread: number) =>
      Array.from({ length: boots }, () => center + spread * normal());
    const covered = shareOf(2000, () => {
      const { difference } = contrastSides(side(4, 1000, 5), side(8, 1040, 20));
      return covers(difference, 40);
    });
    expect(covered).toBeGreaterThanOrEqual(0.93);
    expect(covered).toBeLessThanOrEqual(0.98);
  });
});

describe('holmEstablished', () => {
  it('steps down until the first miss', () => {
    expect(holmEstablished([0.01, 0.04, 0.03, 0.005], 0.05)).toEqual([true, false, false, true]);
    expect(holmEstablished([0.04], 0.05)).toEqual([true]);
    expect(holmEstablished([0.06, 0.001], 0.05)).toEqual([false, true]);
    expect(holmEstablished([], 0.05)).toEqual([]);
  });

  it('keeps the chance of any false alarm among six rows at 5 %', () => {
    const normal = normalFrom(seededRandom(7));
    const side = () => Array.from({ length: 5 }, () => 100 + normal());
    const runs = 2000;
    let alarms = 0;
    for (let run = 0; run < runs; run += 1) {
      const pValues = Array.from({ length: 6 }, () => welchTest(side(), side())?.pValue ?? 1);
      if (holmEstablished(pValues, 0.05).includes(true)) alarms += 1;
    }
    expect(alarms / runs).toBeLessThan(0.06);
  });
});

describe('bootsToResolve', () => {
  const test = { difference: 0.03, standardError: 0.02, degrees: 8, pValue: 0.2, cycleError: 0 };

  it('asks for more boots the nearer the limit', () => {
    const far = bootsToResolve(test, 5, 0.03, 0.05, 100) ?? 0;
    const near = bootsToResolve(test, 5, 0.01, 0.05, 100) ?? 0;
    expect(far).toBeGreaterThan(5);
    expect(near).toBeGreaterThan(far);
  });

  it('is the first number that is enough, as counting up finds it', () => {
    const counted = (now: number, distance: number, most: number) => {
      for (let boots = now + 1; boots <= most; boots += 1) {
        const half = studentQuantile(0.975, 2 * (boots - 1)) * test.standardError * Math.sqrt(now / boots);
        if (half <= distance) return boots;
      }
      return undefined;
    };
    for (const now of [2, 3, 5, 20]) {
      for (const distance of [0.004, 0.0072, 0.01, 0.02, 0.03, 0.05, 0.3])
        expect(bootsToResolve(test, now, distance, 0.05, 60)).toBe(counted(now, distance, 60));
    }
  });

  it('brings the half width that cycles alone give under the distance too', () => {
    const alike = { ...test, standardError: 0.0001, cycleError: 0.02 };
    // z · 0.02 · √(5 / n) ≤ 0.01.
    expect(bootsToResolve(alike, 5, 0.01, 0.05, 100)).toBe(Math.ceil((1.959964 * 2) ** 2 * 5));
    expect(bootsToResolve({ ...test, cycleError: 0.0001 }, 5, 0.01, 0.05, 100)).toBe(
      bootsToResolve(test, 5, 0.01, 0.05, 100),
    );
  });

  it('has none where all that may be asked for are there already', () => {
    expect(bootsToResolve(test, 100, 1, 0.05, 100)).toBeUndefined();
  });

  it('does not promise what it cannot', () => {
    expect(bootsToResolve(test, 5, 0.0001, 0.05, 100)).toBeUndefined();
    expect(bootsToResolve(test, 5, -1, 0.05, 100)).toBeUndefined();
  });
});
