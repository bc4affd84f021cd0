import { describe, expect, test } from 'vitest';
import { annotationOf } from '../../src/action/annotation.ts';
import { memfileGrowth } from '../../src/action/outputs.ts';
import { comparisonOf, rowOf } from './comparison.ts';

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
    expect(annotationOf(comparisonOf({ rows }), 1)).toEqual({
      level: 'error',
      title: 'snapgate: memfile diff of idle-2s +38 % per cycle (fails above +5 %)',
      message: 'idle-2s memfile.writtenBytes: grew by +38.2 %, past +5.0 %',
    });
  });

  test('a warning warns, a pass says nothing, an inconclusive gate is an error only where it fails', () => {
    expect(annotationOf(comparisonOf({ verdict: 'warn', rows: [] }), 0)?.level).toBe('warning');
    expect(annotationOf(comparisonOf({ verdict: 'pass' }), 0)).toBeUndefined();
    expect(annotationOf(comparisonOf({ verdict: 'inconclusive' }), 0)).toBeUndefined();
    expect(annotationOf(comparisonOf({ verdict: 'inconclusive', rows: [] }), 2)?.level).toBe('error');
  });
});
