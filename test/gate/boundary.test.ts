import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { builtInScenarios } from '../../src/config/scenarios.ts';
import { compareMeasurements } from '../../src/gate/compare.ts';
import type { Row } from '../../src/gate/record.ts';
import { isAbove } from '../../src/gate/thresholds.ts';
import { sampleMeasurement } from './sample-measurement.ts';

const meta = { snapgate: '0.1.0', now: '2026-01-02T03:04:05.000Z' };
const idle = builtInScenarios.filter(({ name }) => name === 'idle-2s');

function side(name: 'base' | 'head', bytes: number) {
  return sampleMeasurement({
    side: name,
    boots: 3,
    rounds: 1,
    warmup: 0,
    scenarios: idle,
    metrics: () => ({ 'memfile.writtenBytes': bytes, resumeMs: bytes / 4096 }),
  });
}

/** The one row that gates, of boots that all measure these bytes. */
function rowOf(base: number | undefined, head: number, inputs: Readonly<Record<string, string>>): Row {
  const { gate } = readConfig({ 'min-growth': '0B', ...inputs }, undefined);
  const ofBase = base === undefined ? undefined : side('base', base);
  const [row] = compareMeasurements(ofBase, side('head', head), gate, meta).rows;
  if (row === undefined) throw new Error('no row');
  return row;
}

const mebi = 1024 ** 2;

describe('at a limit exactly', () => {
  it('a growth in percent passes, whatever floating point makes of the percentage, and a byte more fails', () => {
    const wrong: string[] = [];
    for (let tenths = 1; tenths <= 1000; tenths += 1) {
      const limit = `${tenths / 10}%`;
      const base = 4096 * 1000;
      const head = base + 4096 * tenths;
      const found = [0, 1].map((more) => rowOf(base, head + more, { 'fail-above': limit }).verdict);
      if (found.join() !== 'pass,fail') wrong.push(`${limit}: ${found.join()}`);
    }
    expect(wrong).toEqual([]);
  });

  it('needs that: some quotients are above the percentage that they are', () => {
    const exact = Array.from({ length: 1000 }, (_, index) => (index + 1) / 1000 > (index + 1) / 10 / 100);
    expect(exact).toContain(true);
    expect(isAbove(9 / 1000, 0.9 / 100)).toBe(false);
  });

  it('a warning is not given, and a byte more warns', () => {
    const inputs = { 'fail-above': '50%', 'warn-above': '0.9%' };
    expect(rowOf(4096_000, 4096_000 + 4096 * 9, inputs).verdict).toBe('pass');
    expect(rowOf(4096_000, 4096_000 + 4096 * 9 + 1, inputs).verdict).toBe('warn');
  });

  it('a growth of min-growth passes, and a byte more fails', () => {
    const inputs = { 'fail-above': '1%', 'min-growth': '256KiB' };
    const base = 2 * mebi;
    expect(rowOf(base, base + 256 * 1024, inputs)).toMatchObject({
      verdict: 'pass',
      reason: 'At most +256 KiB, and a fail needs more than 256 KiB.',
    });
    expect(rowOf(base, base + 256 * 1024 + 1, inputs).verdict).toBe('fail');
  });

  it('a size at its cap passes, and a byte more fails', () => {
    const inputs = { 'max-memfile-written': '12MiB' };
    expect(rowOf(undefined, 12 * mebi, inputs)).toMatchObject({
      verdict: 'pass',
      reason: 'Within the cap of 12.0 MiB; no base.',
    });
    expect(rowOf(undefined, 12 * mebi + 1, inputs).verdict).toBe('fail');
  });

  it('a limit of 0 % passes what did not grow, and fails a byte', () => {
    expect(rowOf(4096, 4096, { 'fail-above': '0%' }).verdict).toBe('pass');
    expect(rowOf(4096, 4097, { 'fail-above': '0%' }).verdict).toBe('fail');
  });
});

describe('isAbove', () => {
  it.each([
    [0, 0, false],
    [1, 0, true],
    [-1, 0, false],
    [5e-324, 0, true],
    [1 << 30, (1 << 30) - 1, true],
    [2 ** 40 + 1, 2 ** 40, true],
    [Number.POSITIVE_INFINITY, 0.05, true],
    [-0.5, -0.5, false],
    [-0.4, -0.5, true],
  ])('%d, %d: %s', (value, limit, wanted) => {
    expect(isAbove(value, limit)).toBe(wanted);
  });
});
