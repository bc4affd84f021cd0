import * as reference from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import { type Trend, trendOf } from '../../src/stats/trend.ts';
import { detectWarmup } from '../../src/stats/warmup.ts';
import { normalFrom, seededRandom } from './random.ts';

type Draw = (round: number) => number;

function boots(count: number, cycles: number, draw: Draw): number[][] {
  return Array.from({ length: count }, () => Array.from({ length: cycles }, (_, round) => draw(round)));
}

function trend(side: readonly (readonly number[])[], level = 0.05, limit = 0): Trend {
  const found = trendOf(side, level, limit);
  if (found === undefined) throw new Error('no trend');
  return found;
}

function shareOf(experiments: number, experiment: () => boolean): number {
  return Array.from({ length: experiments }, experiment).filter(Boolean).length / experiments;
}

/** The definition, written down once more. */
function theilSen(values: readonly number[]): number {
  const slopes = values.flatMap((high, later) =>
    values.slice(0, later).map((low, earlier) => (high - low) / (later - earlier)),
  );
  return reference.median(slopes);
}

const random = seededRandom(6);
const normal = normalFrom(random);
const noise: Readonly<Record<string, Draw>> = {
  normal: () => 1000 + 50 * normal(),
  'lognormal of 30 %': () => 1000 * Math.exp(0.3 * normal()),
  'one bursty cycle in 20': () => (1000 + 50 * normal()) * (random() < 0.05 ? 5 : 1),
  'whole pages': () => Math.round(17 + 0.6 * normal()),
  'two values': () => (random() < 0.3 ? 18 : 17),
  'a warm-up of three': (round) => 1000 * ([8, 2, 1.3][round] ?? 1) * (1 + 0.05 * normal()),
};

describe('trendOf', () => {
  it('is the mean over boots of Theil and Sen’s slope', () => {
    for (let cycles = 5; cycles < 40; cycles += 1) {
      const side = boots(3, cycles, (round) => 2 * round + 10 * normal());
      expect(trend(side).slope.value).toBeCloseTo(reference.mean(side.map(theilSen)), 10);
    }
  });

  it('is Sen’s interval and Kendall’s test for one boot, worked by hand', () => {
    // Of ten pairs nine rise and one falls: S = 8. Without ties its variance is 5 · 4 · 15 / 18 = 50 / 3.
    const values = [1, 4, 3, 5, 6];
    const { slope, pValue, boots: counted } = trend([values]);
    expect(slope.value).toBeCloseTo(theilSen(values), 12);
    expect(slope).toMatchObject({ low: -1, high: 3 });
    // 2 (1 − Φ(7 / √(50 / 3))), which is erfc(7 / √(100 / 3)), by another program.
    expect(pValue).toBeCloseTo(0.086410733, 6);
    expect(counted).toBe(1);
  });

  it('has the p-value that shuffling gives, ties included', () => {
    const values = [3, 1, 2, 2, 4, 3, 5, 4, 3, 6, 5, 4];
    const score = (order: readonly number[]) =>
      order.flatMap((high, later) => order.slice(0, later).map((low) => Math.sign(high - low)));
    const total = (order: readonly number[]) => Math.abs(reference.sum(score(order)));
    const observed = total(values);
    const shuffled = shareOf(20_000, () => total(reference.shuffle([...values], random)) >= observed);
    expect(Math.abs(trend([values]).pValue - shuffled)).toBeLessThan(0.003);
  });

  it('has Student’s p-value and interval over boots where the boots differ more than their cycles', () => {
    const slopes = [3, 5, 4, 7, 2];
    const exact = slopes.map((slope) => Array.from({ length: 20 }, (_, round) => slope * round));
    const { slope, pValue } = trend(exact, 0.05, 1);
    const error = reference.sampleStandardDeviation(slopes) / Math.sqrt(5);
    // The table's t of 97.5 % and 4 degrees.
    const half = 2.776445105 * error;
    expect(slope.value).toBeCloseTo(4.2, 12);
    expect(slope.low).toBeCloseTo(4.2 - half, 8);
    expect(slope.high).toBeCloseTo(4.2 + half, 8);
    // In closed form for 4 degrees (Shaw, J. Comput. Finance 9, 2006).
    const t = (4.2 - 1) / error;
    const x = t / Math.sqrt(4 + t * t);
    expect(pValue).toBeCloseTo(1 - (3 / 2) * x + x ** 3 / 2, 10);
  });

  it.each(Object.keys(noise))('establishes nothing in %s more often than its level', (kind) => {
    const draw = noise[kind] ?? Number;
    const sizes = [
      [1, 8],
      [1, 30],
      [2, 10],
      [3, 8],
      [3, 40],
      [10, 8],
    ] as const;
    for (const [count, cycles] of sizes) {
      const found = shareOf(1000, () => {
        const side = boots(count, cycles, draw);
        const drop = detectWarmup(side, kind === 'a warm-up of three' ? 3 : 0);
        return (
          trendOf(
            side.map((values) => values.slice(drop)),
            0.05,
          )?.established === true
        );
      });
      // 5 %, and what chance adds to a share of a thousand.
      expect(found, `${count} boots of ${cycles} cycles`).toBeLessThanOrEqual(0.065);
    }
  });

  it('finds three pages a cycle in noise of fifteen, within 15 %, in three boots of forty cycles', () => {
    const leaks = Array.from({ length: 300 }, () =>
      trend(
        boots(3, 40, (round) => 900 + 3 * round + 15 * normal()),
        0.01,
      ),
    );
    const near = leaks.filter(({ slope }) => Math.abs(slope.value / 3 - 1) <= 0.15);
    const held = leaks.filter(({ slope: { low, high } }) => low <= 3 && 3 <= high);
    expect(near.length).toBeGreaterThanOrEqual(297);
    expect(leaks.filter(({ established }) => established).length).toBeGreaterThanOrEqual(290);
    expect(held.length).toBeGreaterThanOrEqual(285);
  });

  it('finds it beneath one bursty cycle in ten, and in one boot', () => {
    const leak: Draw = (round) => (900 + 3 * round + 15 * normal()) * (random() < 0.1 ? 5 : 1);
    for (const count of [1, 3]) {
      const found = shareOf(200, () => {
        const { slope, established } = trend(boots(count, 40, leak), 0.05);
        return established && Math.abs(slope.value / 3 - 1) <= 0.4;
      });
      expect(found).toBeGreaterThan(0.9);
    }
  });

  it('tests against another slope than none', () => {
    const side = boots(4, 40, (round) => 3 * round + 5 * normal());
    const [plain, against] = [trend(side), trend(side, 0.01, 1)];
    expect(against.established).toBe(true);
    for (const end of ['value', 'low', 'high'] as const)
      expect(against.slope[end]).toBeCloseTo(plain.slope[end], 10);
    expect(trend(side, 0.01, 5).established).toBe(true);
    const past = shareOf(
      500,
      () =>
        trend(
          boots(3, 20, (round) => 3 * round + 5 * normal()),
          0.05,
          3,
        ).established,
    );
    expect(past).toBeLessThanOrEqual(0.065);
  });

  it('does not depend on the unit nor on the level of the values, and mirrors', () => {
    const side = boots(3, 12, (round) => round + 4 * normal());
    const plain = trend(side);
    const scaled = trend(side.map((values) => values.map((value) => value * 4096 + 1e6)));
    const mirrored = trend(side.map((values) => values.map((value) => -value)));
    const backwards = trend(side.map((values) => values.toReversed()));
    expect(scaled.slope.low / 4096).toBeCloseTo(plain.slope.low, 6);
    expect(scaled.pValue).toBeCloseTo(plain.pValue, 6);
    for (const other of [mirrored, backwards]) {
      expect(other.slope.value).toBeCloseTo(-plain.slope.value, 12);
      expect(other.slope.low).toBeCloseTo(-plain.slope.high, 12);
      expect(other.pValue).toBeCloseTo(plain.pValue, 12);
    }
  });

  it('does not take two boots of few values that happen to be alike for certain', () => {
    const alike = [18, 17, 18, 19, 17, 19];
    expect(theilSen(alike)).toBeGreaterThan(0);
    expect(trend([alike, alike])).toMatchObject({ established: false });
    expect(trend([alike, alike]).slope.low).toBeLessThanOrEqual(0);
  });

  it('is none of what never changes, and undefined of too little', () => {
    const none = { slope: { value: 0, low: 0, high: 0 }, pValue: 1, established: false };
    expect(trendOf([[7, 7, 7, 7, 7]], 0.05)).toEqual({ ...none, boots: 1 });
    expect(trendOf([[0, 0, 0, 0, 0], [7, 7, 7, 7, 7, 7], []], 0.05)).toEqual({ ...none, boots: 2 });
    expect(trendOf([], 0.05)).toBeUndefined();
    expect(trendOf([[1, 2, 3, 4], [5]], 0.05)).toBeUndefined();
  });

  it('takes every third cycle of three thousand', () => {
    const { slope } = trend([Array.from({ length: 2999 }, (_, round) => 3 * round + 100 * normal())]);
    expect(slope.value).toBeCloseTo(3, 1);
    expect(slope.low).toBeLessThan(3.02);
    expect(slope.high).toBeGreaterThan(2.98);
  });

  it('is certain of what always rises alike', () => {
    const { slope, pValue, established } = trend([
      [1, 3, 5, 7, 9, 11, 13],
      [2, 4, 6, 8, 10, 12, 14],
    ]);
    expect(slope).toEqual({ value: 2, low: 2, high: 2 });
    expect(established).toBe(true);
    expect(pValue).toBeLessThan(0.001);
  });
});
