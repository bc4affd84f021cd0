import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { builtInScenarios } from '../../src/config/scenarios.ts';
import { compareMeasurements } from '../../src/gate/compare.ts';
import { exitCodeOf } from '../../src/gate/exit-code.ts';
import { compareMatrix, type EntryToCompare } from '../../src/gate/matrix.ts';
import { outcomeOf } from '../../src/gate/outcome.ts';
import { readMatrix } from '../../src/gate/read.ts';
import type { Matrix, Verdict } from '../../src/gate/record.ts';
import type { Measurement } from '../../src/measure/record.ts';
import { growing, side } from '../report/samples.ts';
import { normalFrom, seededRandom } from '../stats/random.ts';
import { sampleMeasurement } from './sample-measurement.ts';

const meta = { snapgate: '0.1.0', now: '2026-01-02T03:04:05.000Z' };
const gate = (inputs: Readonly<Record<string, string>> = {}) => readConfig(inputs, undefined).gate;
const mebi = 1024 ** 2;
const idle = builtInScenarios.filter(({ name }) => name === 'idle-2s');

function matrixOf(
  entries: readonly EntryToCompare[],
  { allowMissing = false, ...inputs }: { allowMissing?: boolean } & Record<string, string | boolean> = {},
): Matrix {
  const texts = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, String(value)]));
  const matrix = compareMatrix(entries, gate(texts), { ...meta, allowMissing });
  expect(readMatrix(JSON.stringify(matrix), 'matrix.json')).toEqual(matrix);
  return matrix;
}

const pair = (factors: Readonly<Record<string, number>> = {}) => ({
  base: side('base'),
  head: side('head', growing(factors)),
});

/** One scenario, one number of MiB for each boot. */
function boots(name: 'base' | 'head', sizes: readonly number[]): Measurement {
  return sampleMeasurement({
    side: name,
    boots: sizes.length,
    rounds: 1,
    warmup: 0,
    scenarios: idle,
    metrics: (_, boot) => ({ 'memfile.writtenBytes': (sizes[boot] ?? 0) * mebi }),
  });
}

function verdicts({ entries }: Matrix): (Verdict | undefined)[] {
  return entries.map(({ comparison }) => comparison?.verdict);
}

describe('Holm’s correction over a matrix', () => {
  /** Grown by 12 %, told from none at about 3 % alone. */
  const unsure = { base: boots('base', [10, 10.5, 9.5]), head: boots('head', [11.2, 11.6, 10.8]) };
  const quiet = { base: boots('base', [10, 10.001, 9.999]), head: boots('head', [10, 10.001, 9.999]) };

  it('takes the rows of all entries: what fails alone may be chance among many', () => {
    const alone = matrixOf([{ name: 'one', pair: unsure }]);
    expect(alone.verdict).toBe('fail');
    const many = matrixOf([
      { name: 'one', pair: unsure },
      ...['two', 'three', 'four'].map((name) => ({ name, pair: quiet })),
    ]);
    expect(many.verdict).toBe('inconclusive');
    expect(many.entries[0]?.comparison?.rows[0]?.reason).toContain(
      'may still be chance among the rows that gate',
    );
  });

  it('of one entry is that of the comparison', () => {
    const alone = compareMeasurements(unsure.base, unsure.head, gate(), meta);
    expect(matrixOf([{ name: 'one', pair: unsure }]).entries[0]?.comparison).toEqual(alone);
  });

  it('takes no account of entries that are not compared', () => {
    const noVerdict = { state: 'no-baseline' as const, reason: 'none' };
    const matrix = matrixOf([
      { name: 'one', pair: unsure },
      ...['two', 'three', 'four'].map((name) => ({ name, pair: { ...quiet, noVerdict } })),
      { name: 'five', pair: { head: quiet.head } },
    ]);
    expect(verdicts(matrix)).toEqual(['fail', 'inconclusive', 'inconclusive', 'inconclusive', 'pass']);
  });

  it('raises a false alarm in fewer than 5 of 100 matrices of ten entries, at any limit', () => {
    const normal = normalFrom(seededRandom(12));
    const draw = (name: 'base' | 'head') =>
      boots(
        name,
        Array.from({ length: 5 }, () => 8 * Math.exp(0.1 * normal())),
      );
    const config = gate({ 'fail-above': '0%', 'min-growth': '0B' });
    const runs = 200;
    let alarms = 0;
    for (let run = 0; run < runs; run += 1) {
      const entries = Array.from({ length: 10 }, (_, index) => ({
        name: `entry-${index}`,
        pair: { base: draw('base'), head: draw('head') },
      }));
      if (compareMatrix(entries, config, { ...meta, allowMissing: false }).verdict === 'fail') alarms += 1;
    }
    expect(alarms / runs).toBeLessThan(0.05);
  });
});

describe('the verdict and the headline of a matrix', () => {
  it('that passes says what it rules out, and in which entries', () => {
    const matrix = matrixOf([
      { name: 'small', pair: pair() },
      { name: 'large', pair: pair() },
    ]);
    expect(matrix).toMatchObject({ verdict: 'pass', headline: 'no growth above 5 % (small, large)' });
    const same = { base: side('base'), head: { ...side('head'), image: side('base').image } };
    expect(
      matrixOf([
        { name: 'a', pair: pair() },
        { name: 'b', pair: same },
      ]).headline,
    ).toBe('no growth above 5 % (a); no change: both images are the same bytes (b)');
  });

  it('that fails names the worst entry and scenario, the other failures, and what improved', () => {
    const matrix = matrixOf([
      { name: 'small', pair: pair({ spawn: 1.2 }) },
      { name: 'medium', pair: pair({ spawn: 0.5 }) },
      { name: 'large', pair: pair({ 'idle-2s': 1.4 }) },
      { name: 'huge', pair: pair() },
    ]);
    expect(matrix).toMatchObject({
      verdict: 'fail',
      headline:
        'large: memfile diff of idle-2s +40.0 % per cycle (fails above +5 %); also in small; improved: medium',
    });
  });

  it('that improved says so first', () => {
    const matrix = matrixOf([
      { name: 'a', pair: pair() },
      { name: 'b', pair: pair({ spawn: 0.5 }) },
      { name: 'c', pair: pair({ spawn: 0.5 }) },
    ]);
    expect(matrix.headline).toBe('b: memfile diff of spawn −50.0 % per cycle (improved); also in c');
  });

  it('names entries of every outcome by its word, the gravest first', () => {
    const other = { ...side('base'), fingerprint: { ...side('base').fingerprint, vcpus: 2 } };
    const noVerdict = { state: 'no-baseline' as const, reason: 'nothing is stored' };
    const one = (name: 'base' | 'head') => side(name, undefined, { boots: 1 });
    const entries: EntryToCompare[] = [
      { name: 'first', pair: { head: side('head'), noVerdict } },
      { name: 'moved', pair: { base: other, head: side('head') } },
      { name: 'short', pair: { base: one('base'), head: one('head') } },
      { name: 'quiet', pair: pair() },
    ];
    const matrix = matrixOf(entries);
    expect(verdicts(matrix)).toEqual(['inconclusive', 'inconclusive', 'inconclusive', 'pass']);
    expect(outcomeOf(matrix)).toBe('inconclusive');
    expect(matrix.headline).toMatch(
      /^short: memfile diff .* \(not enough to decide\); also .*; not comparable: moved; no baseline yet: first$/,
    );
    expect(matrix.entries[1]?.comparison?.noVerdict?.reason).toBe('vcpus is 2 on base and 1 on head');
    const states = matrixOf(entries.filter(({ name }) => name !== 'short'));
    expect(outcomeOf(states)).toBe('not-comparable');
    expect(states.headline).toBe(
      'moved: not comparable: vcpus is 2 on base and 1 on head; no baseline yet: first',
    );
    expect([
      exitCodeOf(states, { inconclusive: 'pass' }),
      exitCodeOf(states, { inconclusive: 'fail' }),
    ]).toEqual([0, 2]);
    const first = matrixOf(entries.filter(({ name }) => name === 'first' || name === 'quiet'));
    expect(outcomeOf(first)).toBe('no-baseline');
    expect(exitCodeOf(first, { inconclusive: 'fail' })).toBe(0);
  });

  it('names five entries and counts the rest', () => {
    const entries = Array.from({ length: 9 }, (_, index) => ({
      name: `e${index}`,
      pair: pair({ spawn: 2 }),
    }));
    expect(matrixOf(entries).headline).toMatch(/; also in e1, e2, e3, e4, e5 and 3 more$/);
  });
});

describe('an entry that is missing', () => {
  const entries: readonly EntryToCompare[] = [
    { name: 'here', pair: pair() },
    { name: 'gone', missing: 'its job failed' },
    { name: 'lost' },
  ];

  it('fails the matrix, is named first, and says why', () => {
    const matrix = matrixOf(entries);
    expect(matrix).toMatchObject({
      verdict: 'fail',
      headline: 'not measured: gone, lost; no growth above 5 % (here)',
      allowMissing: false,
    });
    expect(matrix.entries.slice(1)).toEqual([
      { name: 'gone', missing: 'its job failed' },
      { name: 'lost', missing: 'no measurement was found' },
    ]);
    expect(exitCodeOf(matrix, { inconclusive: 'pass' })).toBe(1);
  });

  it('is only said where that is allowed', () => {
    const matrix = matrixOf(entries, { allowMissing: true });
    expect(matrix).toMatchObject({
      verdict: 'pass',
      headline: 'no growth above 5 % (here); not measured: gone, lost',
      allowMissing: true,
    });
  });

  it('is never all there is of a pass', () => {
    for (const allowMissing of [false, true]) {
      const matrix = matrixOf([{ name: 'gone', missing: 'its job failed' }], { allowMissing });
      expect(matrix).toMatchObject({ verdict: 'fail', headline: 'not measured: gone' });
      expect(matrixOf([], { allowMissing })).toMatchObject({
        verdict: 'fail',
        headline: 'nothing was measured',
      });
    }
  });

  it('is one whose measurement has too little in it', () => {
    const empty = { base: side('base'), head: { ...side('head'), boots: [] } };
    const matrix = matrixOf([
      { name: 'empty', pair: empty },
      { name: 'here', pair: pair() },
    ]);
    expect(matrix.entries[0]).toEqual({
      name: 'empty',
      missing: 'the head measurement has no cycle after its warm-up',
    });
    expect(matrix.verdict).toBe('fail');
    const lacking = matrixOf([{ name: 'here', pair: pair() }], { metrics: 'stateBytes' });
    expect(lacking.entries[0]?.missing).toContain('the metric stateBytes gates');
  });

  it('fits its record, whatever it is called and whatever is said of it', () => {
    const matrix = matrixOf([{ name: '🔴'.repeat(300), missing: '&'.repeat(5000) }]);
    expect(matrix.entries[0]?.name.length).toBe(100);
    expect(matrix.entries[0]?.missing?.length).toBe(1000);
    const many = Array.from({ length: 257 }, (_, index) => ({ name: `e${index}`, missing: 'x' }));
    expect(() => matrixOf(many)).toThrow('the matrix has 257 entries, and a record holds 256');
    expect(matrixOf(many.slice(1)).entries).toHaveLength(256);
  });
});
