import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { builtInScenarios } from '../../src/config/scenarios.ts';
import type { CycleMetrics } from '../../src/engine/contract.ts';
import { compareMeasurements, overallVerdict } from '../../src/gate/compare.ts';
import { comparisonSchema, type Row } from '../../src/gate/record.ts';
import { type Measurement, measurementSchema } from '../../src/measure/record.ts';
import { normalFrom, seededRandom } from '../stats/random.ts';
import { type SampleOptions, sampleMeasurement } from './sample-measurement.ts';

const meta = { snapgate: '0.1.0', now: '2026-01-02T03:04:05.000Z' };
const mebi = 1024 ** 2;
const idle = builtInScenarios.filter((scenario) => scenario.name === 'idle-2s');

/** One scenario; the memfile diff of each boot in MiB. */
function side(name: 'base' | 'head', memfileMiB: readonly number[], more: Partial<SampleOptions> = {}) {
  return sampleMeasurement({
    side: name,
    boots: memfileMiB.length,
    scenarios: idle,
    metrics: (_, boot): CycleMetrics => ({ 'memfile.writtenBytes': (memfileMiB[boot] ?? 0) * mebi }),
    ...more,
  });
}

function gate(inputs: Record<string, string> = {}, file?: string) {
  return readConfig(inputs, file === undefined ? undefined : { path: 'snapgate.yml', text: file }).gate;
}

function rowOf(base: Measurement | undefined, head: Measurement, config = gate()): Row {
  const row = compareMeasurements(base, head, config, meta).rows[0];
  if (!row) throw new Error('no row');
  return row;
}

const steady = [2.4, 2.41, 2.39, 2.4, 2.42];
const grown = [3.4, 3.42, 3.38, 3.41, 3.4];
const noisy = [1, 9, 3, 2, 5];

describe('the verdict of a row', () => {
  it('fails on growth that is established and past both limits', () => {
    const row = rowOf(side('base', steady), side('head', grown));
    expect(row.verdict).toBe('fail');
    expect(row.growth?.value).toBeCloseTo(3.4 / 2.4 - 1, 10);
    expect(row.reason).toMatch(/^\+41\.7 % \(.+\) is established, above 5 % and above 256 KiB\.$/);
  });

  it('passes when growth above the limit is ruled out', () => {
    expect(rowOf(side('base', steady), side('head', steady)).verdict).toBe('pass');
  });

  it('passes large relative growth that is below the floor, and says so', () => {
    const row = rowOf(side('base', [0.1, 0.1, 0.11]), side('head', [0.2, 0.2, 0.21]));
    expect(row.verdict).toBe('pass');
    expect(row.reason).toContain('a fail needs more than 256 KiB');
  });

  it('warns past warn-above only', () => {
    const head = side('head', [2.75, 2.76, 2.74, 2.75, 2.76]);
    expect(rowOf(side('base', steady), head, gate({ 'fail-above': '30%' })).verdict).toBe('pass');
    expect(
      rowOf(side('base', steady), head, gate({ 'fail-above': '30%', 'warn-above': '10%' })).verdict,
    ).toBe('warn');
  });

  it('is inconclusive in noise, with what would decide', () => {
    const row = rowOf(side('base', noisy), side('head', [4, 6, 2, 8, 3]));
    expect(row.verdict).toBe('inconclusive');
    expect(row.reason).toMatch(
      /not told from chance; a fail is likelier \(58 %\)[;,] (about \d+ more boots|it lies too near)/,
    );
  });

  it('says how many more boots would decide', () => {
    const row = rowOf(side('base', [10, 11, 9]), side('head', [12, 13, 11]));
    expect(row.verdict).toBe('inconclusive');
    expect(row.reason).toMatch(/about [1-9] more boots? a side would decide\.$/);
  });

  it('fails strictly above the limit and passes at it', () => {
    const exact = (mib: number) => [mib, mib, mib];
    const limits = gate({ 'fail-above': '25%', 'min-growth': '0B' });
    expect(rowOf(side('base', exact(4)), side('head', exact(5)), limits).verdict).toBe('pass');
    expect(rowOf(side('base', exact(4)), side('head', exact(5 + 1 / 256)), limits).verdict).toBe('fail');
    const floor = gate({ 'fail-above': '1%', 'min-growth': '1MiB' });
    expect(rowOf(side('base', exact(4)), side('head', exact(5)), floor).verdict).toBe('pass');
    expect(rowOf(side('base', exact(4)), side('head', exact(5 + 1 / 256)), floor).verdict).toBe('fail');
  });

  it('cannot tell growth from one boot a side', () => {
    const row = rowOf(side('base', [2]), side('head', [9]));
    expect(row.verdict).toBe('inconclusive');
    expect(row.growth).toEqual({ value: 3.5 });
    expect(row.reason).toContain('give it a longer time-budget, or more boots');
  });

  it('holds a cap even with one boot, without a base, and for the same image', () => {
    const capped = gate({ 'max-memfile-written': '3MiB' });
    expect(rowOf(undefined, side('head', [3]), capped)).toMatchObject({ verdict: 'pass' });
    expect(rowOf(undefined, side('head', [3.1]), capped)).toMatchObject({
      verdict: 'fail',
      reason: '3.10 MiB is above the cap of 3.00 MiB.',
    });
    const base = side('base', [3.1, 3.1]);
    const same = { ...side('head', [3.1, 3.1]), image: base.image };
    expect(rowOf(base, same, capped).verdict).toBe('fail');
  });

  it('caps a metric that does not gate otherwise, and nothing but caps it', () => {
    const metrics = (changed: number) => () => ({
      'memfile.writtenBytes': 2 * mebi,
      'memfile.changedBytes': changed * mebi,
    });
    const base = side('base', steady, { metrics: metrics(1) });
    const head = side('head', steady, { metrics: metrics(2) });
    const comparison = compareMeasurements(base, head, gate({ 'max-memfile-changed': '3MiB' }), meta);
    expect(comparison.verdict).toBe('pass');
    expect(comparison.rows[1]).toMatchObject({ gates: true, reason: 'Within the cap of 3.00 MiB.' });
  });

  it('flags what became smaller', () => {
    const comparison = compareMeasurements(side('base', grown), side('head', steady), gate(), meta);
    expect(comparison.rows[0]).toMatchObject({ verdict: 'pass', improved: true });
    expect(comparison.headline).toBe('memfile diff of idle-2s −29.4 % per cycle (improved)');
  });

  it('passes the same image whatever the numbers say', () => {
    const base = side('base', steady);
    const comparison = compareMeasurements(base, { ...side('head', grown), image: base.image }, gate(), meta);
    expect(comparison).toMatchObject({ verdict: 'pass', identicalImages: true });
    expect(comparison.rows[0]).toMatchObject({ improved: false });
    expect(comparison.headline).toBe('no change: both images are the same bytes');
  });

  it('judges a base of 0 by the absolute growth alone', () => {
    const none = side('base', [0, 0, 0]);
    expect(rowOf(none, side('head', [0.1, 0.1, 0.1])).verdict).toBe('pass');
    const row = rowOf(none, side('head', [1, 1, 1]));
    expect(row.verdict).toBe('fail');
    expect(row.growth).toBeUndefined();
    expect(row.reason).toMatch(/^\+1\.00 MiB/);
  });

  it('ignores the warm-up', () => {
    const metrics = (mib: number) => (_: string, __: number, round: number) => ({
      'memfile.writtenBytes': (round === 0 ? 50 : mib) * mebi,
    });
    const head = side('head', steady, { metrics: metrics(2), rounds: 1 });
    expect(rowOf(side('base', steady, { metrics: metrics(2) }), head).head).toMatchObject({
      median: 2 * mebi,
      samples: 5,
    });
  });

  it('is inconclusive where the time ran out before a scenario', () => {
    const head = side('head', steady, { scenarios: builtInScenarios.slice(0, 2) });
    const cut = (measurement: Measurement): Measurement => ({
      ...measurement,
      boots: measurement.boots.map((boot) => ({
        ...boot,
        samples: boot.samples.filter((sample) => sample.scenario === 'pause'),
      })),
    });
    const base = side('base', steady, { scenarios: builtInScenarios.slice(0, 2) });
    const comparison = compareMeasurements(cut(base), cut(head), gate(), meta);
    expect(comparison.verdict).toBe('inconclusive');
    expect(comparison.rows.find((row) => row.scenario === 'idle-2s')?.reason).toContain(
      'Not measured on head',
    );
  });
});

describe('thresholds', () => {
  it('of one scenario and metric are stronger than the general ones, and make it gate', () => {
    const file =
      'gate:\n  idle-2s:\n    memfile.writtenBytes: {fail-above: 60%}\n    resumeMs: {max: 100ms}\n';
    const metrics = (mib: number) => () => ({ 'memfile.writtenBytes': mib * mebi, resumeMs: 101 });
    const base = side('base', steady, { metrics: metrics(2.4) });
    const comparison = compareMeasurements(
      base,
      side('head', steady, { metrics: metrics(3.4) }),
      gate({}, file),
      meta,
    );
    expect(comparison.rows.map((row) => [row.metric, row.verdict])).toEqual([
      ['memfile.writtenBytes', 'inconclusive'].with(1, 'pass'),
      ['resumeMs', 'fail'],
    ]);
    expect(comparison.headline).toBe('resume time of idle-2s 101.0 ms per cycle (cap 100.0 ms)');
  });

  it('do not trip over a scenario named like a method', () => {
    const scenarios = [{ ...builtInScenarios[0], name: 'constructor' }] as typeof builtInScenarios;
    expect(rowOf(side('base', steady, { scenarios }), side('head', steady, { scenarios })).verdict).toBe(
      'pass',
    );
  });
});

describe('a comparison', () => {
  const all = (name: 'base' | 'head', factor: (scenario: string) => number) =>
    sampleMeasurement({
      side: name,
      metrics: (scenario, boot) => ({
        'memfile.writtenBytes': Math.round(600 * factor(scenario) * (1 + boot / 500)) * 4096,
        resumeMs: 85 + boot,
      }),
    });

  it('is a valid record, gating rows first', () => {
    const comparison = compareMeasurements(
      all('base', () => 1),
      all('head', () => 1),
      gate(),
      meta,
    );
    expect(comparisonSchema.parse(structuredClone(comparison))).toEqual(comparison);
    expect(comparison.rows.map((row) => row.gates)).toEqual([
      ...Array.from({ length: 6 }, () => true),
      ...Array.from({ length: 6 }, () => false),
    ]);
    expect(comparison.rows[6]).toMatchObject({ metric: 'resumeMs', reason: 'Does not gate.' });
  });

  it('names every scenario that failed, the worst first', () => {
    const head = all('head', (name) => ({ 'idle-2s': 1.4, spawn: 1.2 })[name] ?? 1);
    const comparison = compareMeasurements(
      all('base', () => 1),
      head,
      gate(),
      meta,
    );
    expect(comparison.headline).toBe(
      'memfile diff of idle-2s +40.0 % per cycle (fails above +5 %); also spawn',
    );
  });

  it('has no verdict to find without a base', () => {
    const comparison = compareMeasurements(
      undefined,
      all('head', () => 1),
      gate(),
      meta,
    );
    expect(comparison).toMatchObject({ verdict: 'pass', boots: { base: 0, head: 5 } });
    expect(comparison.headline).toBe('no base to compare with, and no caps to hold');
    expect(comparison.rows[0]?.reason).toBe('No base to compare with.');
  });

  it('says a shared note once and whose the others are', () => {
    const base = { ...all('base', () => 1), notes: ['no KVM', 'slow'] };
    const head = { ...all('head', () => 1), notes: ['no KVM', 'cut'] };
    expect(compareMeasurements(base, head, gate(), meta).notes).toEqual([
      'no KVM',
      'base: slow',
      'head: cut',
    ]);
  });

  it('of equal sides raises a false alarm in fewer than 5 of 100 runs, at any limit', () => {
    const normal = normalFrom(seededRandom(11));
    const draw = (name: 'base' | 'head') =>
      sampleMeasurement({
        side: name,
        rounds: 1,
        warmup: 0,
        metrics: () => ({ 'memfile.writtenBytes': 8 * mebi * Math.exp(0.1 * normal()) }),
      });
    const config = gate({ 'fail-above': '0%', 'min-growth': '0B' });
    const runs = 400;
    let alarms = 0;
    for (let run = 0; run < runs; run += 1)
      if (compareMeasurements(draw('base'), draw('head'), config, meta).verdict === 'fail') alarms += 1;
    expect(alarms / runs).toBeLessThan(0.05);
  });
});

describe('overallVerdict', () => {
  it('is the gravest: fail, inconclusive, warn, pass', () => {
    const rows = (...all: Row['verdict'][]) =>
      all.map((verdict) => ({ ...rowOf(undefined, side('head', steady)), verdict }) as Row);
    expect(overallVerdict(rows('pass', 'warn', 'inconclusive', 'fail'))).toBe('fail');
    expect(overallVerdict(rows('pass', 'warn', 'inconclusive'))).toBe('inconclusive');
    expect(overallVerdict(rows('pass', 'warn'))).toBe('warn');
    expect(overallVerdict(rows('pass', undefined))).toBe('pass');
    expect(overallVerdict([])).toBe('pass');
  });
});

describe('what cannot be compared', () => {
  const base = side('base', steady);
  const head = side('head', steady);
  const compare =
    (other: Measurement, config = gate()) =>
    () =>
      compareMeasurements(base, other, config, meta);

  it('names the field of the fingerprint and both values', () => {
    const other = { ...head, fingerprint: { ...head.fingerprint, accelerator: 'kvm' as const } };
    expect(compare(other)).toThrow(
      expect.objectContaining({
        code: 'record',
        message: 'base and head cannot be compared: accelerator is "tcg" on base and "kvm" on head',
      }),
    );
  });

  it('names a scenario of one side only', () => {
    const other = side('head', steady, { scenarios: builtInScenarios.slice(0, 2) });
    expect(compare(other)).toThrow('scenario "pause" was measured on head but not on base');
  });

  it('names what differs in a scenario', () => {
    const scenarios = idle.map((scenario) => ({ ...scenario, settleMs: 3000 }));
    expect(compare(side('head', steady, { scenarios }))).toThrow(
      'scenario "idle-2s" is not the same on both sides: settleMs is 2000 on base and 3000 on head',
    );
  });

  it('refuses a metric that gates but was never measured', () => {
    expect(compare(head, gate({ metrics: 'stateBytes' }))).toThrow(
      'the metric stateBytes gates, but the head',
    );
    expect(compare(head, gate({ 'max-rootfs-written': '1MiB' }))).toThrow('rootfs.writtenBytes gates');
  });

  it('refuses a side without a cycle', () => {
    expect(compare({ ...head, boots: [] })).toThrow('the head measurement has no cycle after its warm-up');
  });
});

describe('the sample of these tests', () => {
  it('is a valid measurement', () => {
    expect(measurementSchema.safeParse(side('base', steady)).success).toBe(true);
  });
});
