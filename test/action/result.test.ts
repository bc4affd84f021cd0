import { describe, expect, test } from 'vitest';
import { annotationOf } from '../../src/action/annotation.ts';
import { memfileGrowth, noOutputs, outputs } from '../../src/action/outputs.ts';
import { comparisonOf, rowOf } from './comparison.ts';

const failing = { code: 1, wanted: 1 };
const passing = { code: 0, wanted: 0 };

test('after an error every output is set, and rows is JSON', () => {
  const values = noOutputs();
  expect(Object.keys(values).sort()).toEqual(outputs.map(({ name }) => name).sort());
  const { outcome, rows, ...others } = values;
  expect([outcome, rows]).toEqual(['not-measured', '[]']);
  expect(new Set(Object.values(others))).toEqual(new Set(['']));
});

describe('memfileGrowth', () => {
  test('is the largest growth of the memfile diff, as a ratio', () => {
    const rows = [
      rowOf({ growth: { value: -0.2 } }),
      rowOf({ growth: { value: 0.381966 } }),
      rowOf({ metric: 'rootfs.writtenBytes', growth: { value: 9 } }),
    ];
    expect(memfileGrowth(comparisonOf({ rows }))).toBe('0.382');
  });

  test('is negative where everything shrank, and empty without a base', () => {
    expect(memfileGrowth(comparisonOf({ rows: [rowOf({ growth: { value: -0.25 } })] }))).toBe('-0.25');
    expect(memfileGrowth(comparisonOf({ rows: [rowOf({ growth: undefined })] }))).toBe('');
  });
});

describe('annotationOf', () => {
  test('a failed gate is an error that names the rows that failed', () => {
    const rows = [rowOf(), rowOf({ scenario: 'pause', verdict: 'pass', reason: 'fine' })];
    expect(annotationOf(comparisonOf({ rows }), failing)).toEqual({
      level: 'error',
      title: 'snapgate: memfile diff of idle-2s +38 % per cycle (fails above +5 %)',
      message: 'idle-2s memfile.writtenBytes: grew by +38.2 %, past +5.0 %',
    });
  });

  test('a warning warns, a pass says nothing, an inconclusive gate is an error only where it fails', () => {
    expect(annotationOf(comparisonOf({ verdict: 'warn', rows: [] }), passing)?.level).toBe('warning');
    expect(annotationOf(comparisonOf({ verdict: 'pass' }), passing)).toBeUndefined();
    expect(annotationOf(comparisonOf({ verdict: 'inconclusive' }), passing)).toBeUndefined();
    expect(
      annotationOf(comparisonOf({ verdict: 'inconclusive', rows: [] }), { code: 2, wanted: 2 })?.level,
    ).toBe('error');
  });

  test('what would fail but must not is a warning with the same words', () => {
    const muted = { code: 0, wanted: 1 };
    const failed = annotationOf(comparisonOf(), failing);
    expect(annotationOf(comparisonOf(), muted)).toEqual({ ...failed, level: 'warning' });
    const undecided = comparisonOf({ verdict: 'inconclusive', rows: [] });
    expect(annotationOf(undecided, { code: 0, wanted: 2 })?.level).toBe('warning');
  });

  test('the rows of a matrix name their entry', () => {
    const rows = [
      { ...rowOf(), entry: 'large' },
      { ...rowOf({ scenario: 'turn' }), entry: 'small' },
    ];
    expect(annotationOf({ ...comparisonOf(), rows }, failing)?.message).toBe(
      'large idle-2s memfile.writtenBytes: grew by +38.2 %, past +5.0 %\nsmall turn memfile.writtenBytes: grew by +38.2 %, past +5.0 %',
    );
  });
});
