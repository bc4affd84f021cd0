import { describe, expect, test } from 'vitest';
import { fitLevels, type LevelFit, levelAt, restsAbout, stepsOf } from '../../src/stats/change-points.ts';
import { bestPartition, leastSegment } from '../../src/stats/partition.ts';
import { type HistoryShape, historyOf, noises, twoSteps } from './histories.ts';
import { seededRandom } from './random.ts';

const options = { level: 0.0005, floor: 0.001 };

function fitOf(shape: HistoryShape): LevelFit {
  return fitLevels(historyOf(shape), options);
}

function seeds(count: number): number[] {
  return Array.from({ length: count }, (_, index) => 1000 + 7 * index);
}

/** All ways to part so many values into segments, tried one after another. */
function leastCost(
  values: readonly number[],
  penalty: number,
  shortest = leastSegment(values.length),
): number {
  const squares = (part: readonly number[]) => {
    const mean = part.reduce((sum, each) => sum + each, 0) / part.length;
    return part.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  };
  const costs = [squares(values)];
  for (let first = shortest; first + shortest <= values.length; first += 1)
    costs.push(squares(values.slice(0, first)) + penalty + leastCost(values.slice(first), penalty, shortest));
  return Math.min(...costs);
}

describe('the partition', () => {
  test('is the cheapest of all, where no creep is cheaper still', () => {
    for (const seed of seeds(40)) {
      const random = seededRandom(seed);
      const values = Array.from(
        { length: 10 + Math.floor(random() * 10) },
        (_, index) => (index > 7 ? 2 * random() : 0) + random(),
      );
      const found = bestPartition(values, 0.5, 0.3);
      const least = leastCost(values, 0.5);
      if (found.onset === undefined) expect(found.cost).toBeCloseTo(least, 9);
      else expect(found.cost).toBeLessThan(least);
      expect(found.segments[0]?.start).toBe(0);
      expect(found.segments.at(-1)?.end).toBe(values.length);
    }
  });
});

describe('steps', () => {
  const found = (noise: number, creep: number) =>
    seeds(60).map((seed) =>
      stepsOf(fitOf({ entries: 60, seed, noise, signal: (index) => twoSteps(index) + creep * index })),
    );
  const at = (steps: ReturnType<typeof stepsOf>) => steps.map(({ index }) => index);

  test('of +6 % and +10 % are at the very commits, also through a creep of 0.3 % a commit', () => {
    for (const creep of [0, 0.003]) {
      const right = found(0.01, creep).filter((steps) => at(steps).join() === '20,40');
      expect(right.length / 60).toBeGreaterThanOrEqual(0.95);
    }
  });

  test('have their size', () => {
    for (const steps of found(0.01, 0)) {
      expect(Math.abs((steps[0]?.size ?? 0) - Math.log(1.06))).toBeLessThan(0.02);
      expect(Math.abs((steps[1]?.size ?? 0) - Math.log(1.1))).toBeLessThan(0.02);
    }
  });

  test('say which commits cannot be told apart where the noise is a third of the step', () => {
    const both = found(0.02, 0).filter((steps) => steps.length === 2);
    expect(both.length).toBeGreaterThanOrEqual(58);
    const held = both.flatMap((steps) =>
      steps.map(({ first, last }, which) => first <= 20 * (which + 1) && 20 * (which + 1) <= last),
    );
    expect(held.filter((each) => each).length / held.length).toBeGreaterThanOrEqual(0.95);
    for (const { first, index, last } of both.flat()) {
      expect(first).toBeLessThanOrEqual(index);
      expect(last).toBeGreaterThanOrEqual(index);
    }
  });

  test('that went back are found too', () => {
    for (const seed of seeds(30)) {
      const bump = (index: number) => (index >= 25 && index < 35 ? 0.1 : 0);
      expect(at(stepsOf(fitOf({ entries: 60, seed, noise: 0.01, signal: bump })))).toEqual([25, 35]);
    }
  });

  test('are the same whatever the unit, and turned around with the values', () => {
    for (const seed of seeds(10)) {
      const values = historyOf({ entries: 60, seed, noise: 0.02, signal: twoSteps });
      const scaled = fitLevels(
        values.map((value) => 1000 + 64 * value),
        { level: options.level, floor: 64 * options.floor },
      );
      const turned = fitLevels(
        values.map((value) => -value),
        options,
      );
      const steps = stepsOf(fitLevels(values, options));
      expect(at(stepsOf(scaled))).toEqual(at(steps));
      const sizes = stepsOf(turned).map(({ size }) => -size);
      expect(sizes).toEqual(steps.map(({ size }) => expect.closeTo(size, 9)));
    }
  });
});

describe('noise alone', () => {
  test.each(Object.keys(noises) as (keyof typeof noises)[])(
    'that is %s has a step in one of a hundred at most',
    (kind) => {
      const series = seeds(600).map((seed) => fitOf({ entries: 30, seed, noise: 0.02, kind }));
      expect(series.filter((fit) => stepsOf(fit).length > 0).length / series.length).toBeLessThanOrEqual(
        0.01,
      );
    },
  );

  test('is measured as what it is', () => {
    const noise = seeds(100).map((seed) => fitOf({ entries: 60, seed, noise: 0.02, signal: twoSteps }).noise);
    const mean = noise.reduce((sum, each) => sum + each, 0) / noise.length;
    expect(mean).toBeGreaterThan(0.018);
    expect(mean).toBeLessThan(0.023);
  });

  test.each([
    ['nothing', []],
    ['one entry', [1]],
    ['nine that differ', [1, 2, 1, 9, 9, 9, 9, 9, 9]],
    ['all the same', Array.from({ length: 60 }, () => 0.1 + 0.2)],
    ['one stray among equals', Array.from({ length: 60 }, (_, index) => (index === 30 ? 5 : 1))],
    ['two strays in a row', Array.from({ length: 60 }, (_, index) => (index === 30 || index === 31 ? 5 : 1))],
    ['a stray at the end', Array.from({ length: 60 }, (_, index) => (index === 59 ? 5 : 1))],
    ['a stray at the beginning', Array.from({ length: 60 }, (_, index) => (index === 0 ? 5 : 1))],
  ])('%s has no step, and every number is one', (_, values) => {
    const fit = fitLevels(values, options);
    expect(stepsOf(fit)).toEqual([]);
    expect(Number.isFinite(fit.noise)).toBe(true);
    expect(restsAbout(fit, values).every(Number.isFinite)).toBe(true);
  });

  test('without noise a step is at its place, however small', () => {
    const values = Array.from({ length: 60 }, (_, index) => (index < 33 ? 1 : 1.02));
    const fit = fitLevels(values, options);
    expect(stepsOf(fit)).toMatchObject([{ index: 33, first: 33, last: 33 }]);
    expect(levelAt(fit, 59)).toBeCloseTo(1.02, 12);
  });
});

test('a thousand entries are no matter', () => {
  const fit = fitOf({ entries: 1000, seed: 1, noise: 0.02, signal: (index) => (index < 700 ? 0 : 0.1) });
  expect(stepsOf(fit)).toHaveLength(1);
  const [step] = stepsOf(fit);
  expect(Math.abs((step?.index ?? 0) - 700)).toBeLessThanOrEqual(1);
});
