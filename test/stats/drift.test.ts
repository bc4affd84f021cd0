import { describe, expect, test } from 'vitest';
import { fitLevels, stepsOf, withCreep } from '../../src/stats/change-points.ts';
import { driftOf } from '../../src/stats/drift.ts';
import { riseOf } from '../../src/stats/partition.ts';
import { studentQuantile } from '../../src/stats/student.ts';
import { type HistoryShape, historyOf, noises, twoSteps } from './histories.ts';

const options = { level: 0.0005, floor: 0.001 };
const none = new Set<number>();

function seeds(count: number): number[] {
  return Array.from({ length: count }, (_, index) => 5000 + 13 * index);
}

/** The creep, without steps above 5 %. */
function driftIn(shape: HistoryShape, from = 0) {
  const fit = fitLevels(historyOf(shape), options);
  const apart = stepsOf(fit).filter(({ size }) => Math.abs(size) > 0.05);
  return driftOf(fit, from, new Set(apart.map(({ index }) => index)));
}

/** Solves by elimination: columns of the right hand side are a matrix too. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, index) => [...row, right[index] ?? 0]);
  for (let pivot = 0; pivot < rows.length; pivot += 1) {
    const best = rows.reduce(
      (most, row, index) =>
        index >= pivot && Math.abs(row[pivot] ?? 0) > Math.abs(rows[most]?.[pivot] ?? 0) ? index : most,
      pivot,
    );
    const [one, other] = [rows[pivot] ?? [], rows[best] ?? []];
    [rows[pivot], rows[best]] = [other, one];
    const lead = rows[pivot] ?? [];
    rows.forEach((row, index) => {
      if (index === pivot) return;
      const factor = (row[pivot] ?? 0) / (lead[pivot] ?? 1);
      lead.forEach((value, column) => {
        row[column] = (row[column] ?? 0) - factor * value;
      });
    });
  }
  return rows.map((row, index) => (row.at(-1) ?? 0) / (row[index] ?? 1));
}

describe('the creep', () => {
  test('and its interval are those of least squares, by the normal equations', () => {
    for (const seed of seeds(20)) {
      const values = historyOf({
        entries: 60,
        seed,
        noise: 0.01,
        signal: (index) => twoSteps(index) + 0.002 * index,
      });
      const fit = fitLevels(values, options);
      const from = 10;
      const apart = new Set(
        stepsOf(fit)
          .slice(0, 1)
          .map(({ index }) => index),
      );
      const model = withCreep(fit, fit.creep?.onset ?? from);
      const onset = model.creep?.onset ?? 0;
      // A column for each level and one for the slope.
      const design = fit.values.map((_, index) => [
        ...fit.segments.map(({ start, end }) => (index >= start && index < end ? 1 : 0)),
        riseOf(index, onset),
      ]);
      const size = fit.segments.length + 1;
      const normal = Array.from({ length: size }, (_, row) =>
        Array.from({ length: size }, (__, column) =>
          design.reduce((sum, line) => sum + (line[row] ?? 0) * (line[column] ?? 0), 0),
        ),
      );
      const right = Array.from({ length: size }, (_, row) =>
        design.reduce((sum, line, index) => sum + (line[row] ?? 0) * (fit.values[index] ?? 0), 0),
      );
      const contrast = [
        ...fit.segments.map((_, index) => {
          const kept = (which: number) =>
            which > 0 && which < fit.segments.length && !apart.has(fit.segments[which]?.start ?? -1);
          return (kept(index) ? 1 : 0) - (kept(index + 1) ? 1 : 0);
        }),
        riseOf(59, onset) - riseOf(from, onset),
      ];
      const dot = (a: readonly number[], b: readonly number[]) =>
        a.reduce((sum, each, index) => sum + each * (b[index] ?? 0), 0);
      const value = dot(contrast, solve(normal, right));
      const error = model.noise * Math.sqrt(dot(contrast, solve(normal, contrast)));
      const half = studentQuantile(0.975, 60 - size) * error;
      const drift = driftOf(fit, from, apart);
      expect(drift?.value).toBeCloseTo(value, 9);
      expect(drift?.low).toBeCloseTo(value - half, 9);
      expect(drift?.high).toBeCloseTo(value + half, 9);
    }
  });

  test('of 0.3 % a commit is established, beside two steps that are taken out', () => {
    const drifts = seeds(40).map((seed) =>
      driftIn({ entries: 60, seed, noise: 0.01, signal: (index) => twoSteps(index) + 0.003 * index }),
    );
    expect(drifts.every((drift) => drift !== undefined && drift.pValue < 0.001)).toBe(true);
    // Now and then a step is taken for steeper creep.
    const right = drifts.filter(
      (drift) =>
        drift &&
        Math.abs(drift.value - 59 * 0.003) < 0.06 &&
        Math.abs(drift.whole - 59 * 0.003 - twoSteps(59)) < 0.03,
    );
    expect(right.length).toBeGreaterThanOrEqual(37);
  });

  test('is also what many small steps come to', () => {
    for (const [every, entries] of [
      [1, 12],
      [10, 60],
    ] as const)
      for (const seed of seeds(20)) {
        const drift = driftIn({
          entries,
          seed,
          noise: 0.005,
          signal: (index) => 0.02 * Math.floor(index / every),
        });
        const whole = 0.02 * Math.floor((entries - 1) / every);
        expect(drift?.pValue).toBeLessThan(0.005);
        expect(Math.abs((drift?.value ?? 0) - whole)).toBeLessThan(0.04);
      }
  });

  test('is that of the window, against the level before it', () => {
    const late = (index: number) => 0.003 * Math.max(0, index - 30);
    const established = seeds(40).filter((seed) => {
      const drift = driftIn({ entries: 60, seed, noise: 0.01, signal: late }, 30);
      return drift !== undefined && drift.pValue < 0.005 && drift.value > 0.05;
    });
    expect(established.length).toBeGreaterThanOrEqual(38);
    const before = seeds(40).filter((seed) => {
      const drift = driftIn({ entries: 60, seed, noise: 0.01, signal: (index) => -late(59 - index) }, 30);
      return drift !== undefined && drift.pValue < 0.005 && Math.abs(drift.value) > 0.03;
    });
    expect(before.length).toBeLessThanOrEqual(2);
  });
});

describe('noise alone', () => {
  test.each(Object.keys(noises) as (keyof typeof noises)[])(
    'that is %s creeps up in one of a hundred at most',
    (kind) => {
      for (const from of [0, 15]) {
        const drifts = seeds(600).map((seed) => driftIn({ entries: 30, seed, noise: 0.02, kind }, from));
        const up = drifts.filter((drift) => drift && drift.value > 0 && drift.pValue <= 0.0025);
        expect(up.length / drifts.length).toBeLessThanOrEqual(0.01);
      }
    },
  );

  test('is covered by the interval', () => {
    const drifts = seeds(1000).map((seed) => driftIn({ entries: 30, seed, noise: 0.02 }));
    const covered =
      drifts.filter((drift) => drift && drift.low <= 0 && drift.high >= 0).length / drifts.length;
    expect(covered).toBeGreaterThan(0.92);
    expect(covered).toBeLessThan(0.98);
  });

  test.each([
    ['one entry', [1], 0],
    ['two entries', [1, 2], 0],
    ['the last entry alone', Array.from({ length: 30 }, (_, index) => index % 3), 29],
  ])('of %s nothing is said', (_, values, from) => {
    expect(driftOf(fitLevels(values, options), from, none)).toBeUndefined();
  });

  test('that is none creeps by nothing', () => {
    const fit = fitLevels(
      Array.from({ length: 30 }, () => 7),
      options,
    );
    expect(driftOf(fit, 0, none)).toMatchObject({ value: 0, pValue: 1, whole: 0 });
  });
});
