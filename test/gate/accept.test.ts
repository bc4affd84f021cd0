import { describe, expect, it } from 'vitest';
import { acceptGrowth, failedSizes, failsByGrowth, isPast, pastAccepted } from '../../src/gate/accept.ts';
import { outcomeOf } from '../../src/gate/outcome.ts';
import { comparisonSchema, type Matrix, matrixSchema, type Row } from '../../src/gate/record.ts';
import { comparisonOf, rowOf } from '../action/comparison.ts';
import { growing, reportOf, side } from '../report/samples.ts';

const mebi = 1024 ** 2;
const acceptance = { by: 'alice', at: '2026-02-03T04:05:06.000Z', commit: 'c'.repeat(40) };

function sized(median: number, changes: Partial<Row> = {}): Row {
  return rowOf({ head: { median, bootLocations: [median], samples: 1 }, ...changes });
}

function matrixOf(entries: Matrix['entries'], changes: Partial<Matrix> = {}): Matrix {
  return {
    schema: 'snapgate/matrix',
    version: 1,
    snapgate: '0.0.0',
    createdAt: '2026-01-01T00:00:00.000Z',
    verdict: 'fail',
    headline: 'small: grew',
    allowMissing: false,
    entries,
    ...changes,
  };
}

describe('an accepted comparison', () => {
  const { comparison } = reportOf(side('base'), side('head', growing({ 'idle-2s': 1.5 })));
  const accepted = acceptGrowth(comparison, acceptance);

  it('passes, says who accepted what, and keeps its rows', () => {
    expect(comparison.verdict).toBe('fail');
    expect(accepted.verdict).toBe('pass');
    expect(outcomeOf(accepted)).toBe('accepted');
    expect(accepted.headline).toMatch(/^accepted: memfile diff of idle-2s \+50\.\d % per cycle/);
    expect(accepted.rows).toEqual(comparison.rows);
    expect(accepted.rows.some((row) => row.verdict === 'fail')).toBe(true);
  });

  it('is a record, with nothing of what is only remembered', () => {
    const remembered = { ...acceptance, labelEventId: 9, sizes: {} };
    const record = acceptGrowth(comparison, remembered);
    expect(comparisonSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
    expect(record.accepted).toEqual(acceptance);
  });

  it('is within the sizes that it fails with', () => {
    const sizes = failedSizes(comparison);
    expect(Object.keys(sizes)).toEqual(['idle-2s']);
    expect(pastAccepted(comparison, sizes)).toBeUndefined();
  });
});

describe('what fails by growth, which a label can accept,', () => {
  const failing = comparisonOf();
  const passing = comparisonOf({ verdict: 'pass', rows: [] });

  it('is a comparison with the verdict fail, and no other', () => {
    expect(failsByGrowth(failing)).toBe(true);
    for (const verdict of ['pass', 'warn', 'inconclusive'] as const)
      expect(failsByGrowth(comparisonOf({ verdict }))).toBe(false);
  });

  it('is a matrix of which nothing is missing, or only what may be', () => {
    const entries = [
      { name: 'small', comparison: failing },
      { name: 'large', missing: 'no artifact' },
    ];
    expect(failsByGrowth(matrixOf(entries))).toBe(false);
    expect(failsByGrowth(matrixOf(entries, { allowMissing: true }))).toBe(true);
    expect(failsByGrowth(matrixOf([{ name: 'small', comparison: failing }]))).toBe(true);
  });

  it('is no matrix that fails because nothing at all was measured', () => {
    const entries = [{ name: 'large', missing: 'no artifact' }];
    expect(failsByGrowth(matrixOf(entries, { allowMissing: true }))).toBe(false);
    const passed = [...entries, { name: 'small', comparison: passing }];
    expect(failsByGrowth(matrixOf(passed, { allowMissing: true }))).toBe(false);
  });
});

describe('sizes of a matrix', () => {
  const matrix = matrixOf([
    { name: 'small', comparison: comparisonOf({ rows: [sized(10 * mebi)] }) },
    { name: 'large', comparison: comparisonOf({ rows: [sized(90 * mebi)] }) },
    { name: 'gone', missing: 'no artifact' },
  ]);

  it('are of each entry by itself', () => {
    expect(failedSizes(matrix)).toEqual({
      'small/idle-2s': { 'memfile.writtenBytes': 10 * mebi },
      'large/idle-2s': { 'memfile.writtenBytes': 90 * mebi },
    });
  });

  it('accept no growth of another entry of the same scenario', () => {
    const swapped = matrixOf([{ name: 'small', comparison: comparisonOf({ rows: [sized(90 * mebi)] }) }]);
    expect(pastAccepted(swapped, failedSizes(matrix))).toBe(
      'memfile diff of small/idle-2s is 90.0 MiB, past the accepted 10.0 MiB',
    );
  });

  it('make it pass, as a record', () => {
    const accepted = acceptGrowth(matrix, acceptance);
    expect(accepted.verdict).toBe('pass');
    expect(outcomeOf(accepted)).toBe('accepted');
    expect(matrixSchema.parse(accepted)).toEqual(accepted);
  });
});

describe('a row against what was accepted of it', () => {
  const limits = { failAbove: 0.05, minGrowth: 256 * 1024 };
  const past = (now: number, accepted: number | undefined, thresholds = limits) =>
    isPast(sized(now, { thresholds }), accepted);

  it('is past it when both limits are exceeded, and not at either', () => {
    expect(past(100 * mebi, 100 * mebi)).toBe(false);
    expect(past(90 * mebi, 100 * mebi)).toBe(false);
    expect(past(105 * mebi, 100 * mebi)).toBe(false);
    expect(past(105 * mebi + 4096, 100 * mebi)).toBe(true);
    // More than 5 %, but not more than 256 KiB.
    expect(past(mebi + 256 * 1024, mebi)).toBe(false);
    expect(past(mebi + 256 * 1024 + 4096, mebi)).toBe(true);
  });

  it('is past nothing accepted, and from 0 by the absolute limit alone', () => {
    expect(past(1, undefined)).toBe(true);
    expect(past(256 * 1024, 0)).toBe(false);
    expect(past(256 * 1024 + 1, 0)).toBe(true);
    expect(isPast(rowOf({ head: undefined }), 5)).toBe(true);
  });

  it('is held to its own limits', () => {
    expect(past(120 * mebi, 100 * mebi, { failAbove: 0.2, minGrowth: 0 })).toBe(false);
    expect(past(121 * mebi, 100 * mebi, { failAbove: 0.2, minGrowth: 0 })).toBe(true);
  });

  it('has its own metric and scenario accepted, whatever they are called', () => {
    const names = ['constructor', '__proto__', 'toString', 'a/b', ''];
    for (const scenario of names) {
      const comparison = comparisonOf({ rows: [sized(mebi, { scenario })] });
      expect(pastAccepted(comparison, {})).toContain('of which nothing was accepted');
      expect(pastAccepted(comparison, failedSizes(comparison))).toBeUndefined();
    }
    const other = comparisonOf({ rows: [sized(mebi, { metric: 'rootfs.writtenBytes' })] });
    expect(pastAccepted(other, failedSizes(comparisonOf({ rows: [sized(mebi)] })))).toContain('rootfs diff');
  });

  it('does not matter unless it fails', () => {
    const rows = [sized(mebi, { verdict: 'warn' }), sized(mebi, { verdict: 'pass', scenario: 'other' })];
    const comparison = comparisonOf({ rows });
    expect(failedSizes(comparison)).toEqual({});
    expect(pastAccepted(comparison, {})).toBeUndefined();
  });
});
