import { describe, expect, it } from 'vitest';
import { type Cuts, levelOdds as oddsOf } from '../../src/stats/levels.ts';
import { normalFrom, seededRandom } from './random.ts';

type Values = readonly number[];
/** Of boots whose cycles leave nothing open. */
function levelOdds(low: Values, high: Values, value: Values, cuts: Cuts) {
  const numbers = (values: Values) => ({ values, errors: [] });
  return oddsOf(numbers(low), numbers(high), numbers(value), cuts);
}

/** A tenth of either level counts as that level. */
const tenth: Cuts = (low, high) => ({ low: low * 1.1, high: high / 1.1 });

/** Student's density without its constant, by degrees of freedom; and the constant, by its area. */
const bell = (t: number, degrees: number) => (1 + (t * t) / degrees) ** (-(degrees + 1) / 2);
/** With t = tan(angle) the whole line is a bounded interval. */
const wholeBell = (degrees: number) =>
  area(
    (angle) => bell(Math.tan(angle), degrees) / Math.cos(angle) ** 2,
    -Math.PI / 2 + 1e-7,
    Math.PI / 2 - 1e-7,
  );

/** Area under a function by Simpson's rule. */
function area(of: (x: number) => number, from: number, to: number): number {
  const steps = 4000;
  const width = (to - from) / steps;
  let sum = of(from) + of(to);
  for (let step = 1; step < steps; step += 1) sum += of(from + step * width) * (step % 2 === 1 ? 4 : 2);
  return (sum * width) / 3;
}

/** The same by brute force: every place between the levels is weighed by itself. */
function bruteForce(low: readonly number[], high: readonly number[], value: readonly number[], cuts: Cuts) {
  const logs = [low, high, value].map((sample) => sample.map(Math.log));
  const center = (sample: readonly number[]) => sample.reduce((sum, x) => sum + x, 0) / sample.length;
  const [atLow = 0, atHigh = 0, at = 0] = logs.map(center);
  const degrees = logs.flat().length - 3;
  const squares = logs.flatMap((sample) => sample.map((x) => (x - center(sample)) ** 2));
  const spread = Math.sqrt(squares.reduce((sum, x) => sum + x, 0) / degrees);
  const errors = [low, high].map((level) => spread * Math.sqrt(1 / value.length + 1 / level.length));
  const [toLow = 0, toHigh = 0] = errors;
  const whole = wholeBell(degrees);
  const density = (t: number) => bell(t, degrees) / whole;
  const error = (toLow + toHigh) / 2;
  const cut = cuts(Math.exp(atLow), Math.exp(atHigh));
  const [from = 0, to = 0] = [Math.log(cut.low), Math.log(cut.high)].sort((a, b) => a - b);
  const part = (start: number, end: number) =>
    (0.1 * area((place) => density((at - place) / error) / error, start, end)) / (atHigh - atLow);
  const lowWeight = (0.45 * density(Math.max(0, (at - atLow) / toLow))) / toLow + part(atLow, from);
  const highWeight = (0.45 * density(Math.min(0, (at - atHigh) / toHigh))) / toHigh + part(to, atHigh);
  const between = part(from, to);
  const sum = lowWeight + highWeight + between;
  return { low: lowWeight / sum, between: between / sum, high: highWeight / sum };
}

function sample(random: () => number, level: number, boots: number, noise: number): number[] {
  const normal = normalFrom(random);
  return Array.from({ length: boots }, () => level * Math.exp(noise * normal()));
}

describe('levelOdds', () => {
  it('is what weighing every place by itself gives', () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const random = seededRandom(seed);
      const noise = 0.02 + random() * 0.1;
      const boots = () => 2 + Math.floor(random() * 5);
      const low = sample(random, 100, boots(), noise);
      const high = sample(random, 150, boots(), noise);
      const value = sample(random, 90 + random() * 70, boots(), noise);
      const odds = levelOdds(low, high, value, tenth);
      const expected = bruteForce(low, high, value, tenth);
      for (const name of ['low', 'between', 'high'] as const)
        expect(odds?.[name]).toBeCloseTo(expected[name], 6);
    }
  });

  it('adds up to 1, does not depend on the unit, and is mirrored by its two levels', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = seededRandom(seed);
      const [low, high] = [sample(random, 100, 3, 0.05), sample(random, 200, 3, 0.05)];
      const value = sample(random, 80 + random() * 150, 1 + Math.floor(random() * 4), 0.05);
      const odds = levelOdds(low, high, value, tenth);
      if (odds === undefined) throw new Error('there is a spread');
      expect(odds.low + odds.between + odds.high).toBeCloseTo(1, 12);
      const inPages = (values: readonly number[]) => values.map((x) => x / 4096);
      const scaled = levelOdds(inPages(low), inPages(high), inPages(value), tenth);
      expect(scaled?.low).toBeCloseTo(odds.low, 9);
      const inverse = (values: readonly number[]) => values.map((x) => 1 / x);
      const mirrored = levelOdds(inverse(high), inverse(low), inverse(value), tenth);
      expect(mirrored?.low).toBeCloseTo(odds.high, 9);
      expect(mirrored?.between).toBeCloseTo(odds.between, 9);
    }
  });

  it('is monotonous: the larger the value, the likelier the upper level', () => {
    const odds = Array.from({ length: 40 }, (_, step) => {
      const at = 90 + step * 2;
      return levelOdds([99, 100, 101], [149, 150, 151], [at - 1, at, at + 1], tenth)?.high ?? Number.NaN;
    });
    expect(odds.every((each, index) => index === 0 || each >= (odds[index - 1] ?? 0) - 1e-12)).toBe(true);
    expect([odds[0], odds.at(-1)].map((each) => Math.round(each ?? -1))).toEqual([0, 1]);
  });

  it('counts what lies beyond a level as that level', () => {
    const [low, high] = [
      [99, 100, 101],
      [199, 200, 201],
    ] as const;
    expect(levelOdds(low, high, [50, 51, 52], tenth)?.low).toBeGreaterThan(0.99);
    expect(levelOdds(low, high, [398, 400, 404], tenth)?.high).toBeGreaterThan(0.99);
    expect(levelOdds(low, high, [140, 141, 142], tenth)?.between).toBeGreaterThan(0.99);
  });

  it('is exact where no boot differs from another, and knows 0', () => {
    const at = (value: number) => levelOdds([100, 100], [200, 200], [value, value], tenth);
    expect([100, 105, 150, 195, 200, 300].map(at)).toEqual([
      { low: 1, between: 0, high: 0 },
      { low: 1, between: 0, high: 0 },
      { low: 0, between: 1, high: 0 },
      { low: 0, between: 0, high: 1 },
      { low: 0, between: 0, high: 1 },
      { low: 0, between: 0, high: 1 },
    ]);
    const fromNothing: Cuts = (_, high) => ({ low: 10, high: high - 10 });
    expect(levelOdds([0, 0, 0], [100, 101, 99], [0, 0, 0], fromNothing)?.low).toBeGreaterThan(0.99);
    expect(levelOdds([0, 0, 0], [100, 101, 99], [98, 100, 100], fromNothing)?.high).toBeGreaterThan(0.99);
  });

  it('is no surer than the cycles within the boots allow', () => {
    const level = (values: Values, error: number) => ({ values, errors: values.map(() => error) });
    const odds = (error: number) =>
      oddsOf(level([100, 100.1], error), level([120, 120.1], error), level([103, 103.1], error), tenth);
    expect(odds(0.01)?.low).toBeGreaterThan(0.999);
    expect(odds(0.001)?.low).toBe(odds(0)?.low);
    // An error of 15 of each mean says little of a difference of 17.
    expect(odds(21)?.low).toBeLessThan(0.8);
    const still = oddsOf(level([100, 100], 5), level([120, 120], 5), level([104, 104], 5), tenth);
    expect(still?.low).toBeLessThan(1);
  });

  it('has nothing to say of one boot each, or of levels in the wrong order', () => {
    expect(levelOdds([100], [200], [100], tenth)).toBeUndefined();
    expect(levelOdds([200, 201], [100, 101], [100, 102], tenth)).toBeUndefined();
  });
});
