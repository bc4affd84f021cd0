import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { builtInScenarios } from '../../src/config/scenarios.ts';
import type { GateConfig } from '../../src/config/types.ts';
import { compareMeasurements } from '../../src/gate/compare.ts';
import { compareMatrix } from '../../src/gate/matrix.ts';
import type { Comparison, Row } from '../../src/gate/record.ts';
import { modelOf } from '../../src/gate/simulate.ts';
import type { BootPlan, Measurement } from '../../src/measure/record.ts';
import { normalFrom, seededRandom } from '../stats/random.ts';
import { sampleMeasurement } from './sample-measurement.ts';

const meta = { snapgate: '0.1.0', now: '2026-01-02T03:04:05.000Z' };
const page = 4096;

interface Shape {
  readonly boots?: number;
  readonly rounds?: number;
  readonly warmup?: number;
  readonly scenarios?: readonly string[];
  /** Pages of a cycle. */
  readonly pages: (scenario: string, boot: number, round: number) => number;
}

function side(name: 'base' | 'head', { scenarios = ['idle-2s'], pages, ...more }: Shape): Measurement {
  return sampleMeasurement({
    side: name,
    boots: 3,
    rounds: 8,
    warmup: 2,
    ...more,
    scenarios: builtInScenarios.filter((scenario) => scenarios.includes(scenario.name)),
    metrics: (scenario, boot, round) => ({ 'memfile.writtenBytes': page * pages(scenario, boot, round) }),
  });
}

function gate(inputs: Readonly<Record<string, string>> = {}): GateConfig {
  return readConfig(inputs, undefined).gate;
}

function compare(base: Measurement | undefined, head: Measurement, config = gate()): Comparison {
  return compareMeasurements(base, head, config, meta);
}

function rowOf({ rows }: Comparison, scenario = 'idle-2s'): Row {
  const row = rows.find((each) => each.scenario === scenario);
  if (row === undefined) throw new Error(`no row of ${scenario}`);
  return row;
}

function planned(measurement: Measurement, plan: BootPlan): Measurement {
  return { ...measurement, plan };
}

/** Whole pages about a center, from a seed. */
function noise(seed: number, center: number, spread: number): () => number {
  const normal = normalFrom(seededRandom(seed));
  return () => Math.round(center + spread * normal());
}

describe('looks', () => {
  const [low, high] = [noise(1, 1000, 10), noise(2, 1100, 10)];
  const base = side('base', { pages: low });
  const head = side('head', { pages: high });

  it('share alpha: what one look would call established, one of many need not', () => {
    const p = rowOf(compare(base, head)).pValue ?? Number.NaN;
    const most = Math.floor(0.05 / p);
    expect(most).toBeGreaterThan(1);
    const verdicts = [most, most + 1].map((looks) => {
      const plan = { leastBoots: 2, mostBoots: 1 + looks };
      const { errors, rows } = compare(planned(base, plan), planned(head, plan));
      return [errors, rows[0]?.verdict];
    });
    expect(verdicts).toEqual([
      [{ alpha: 0.05, confidence: 0.95, looks: most }, 'fail'],
      [{ alpha: 0.05, confidence: 0.95, looks: most + 1 }, 'inconclusive'],
    ]);
  });

  it('are those of the plan, and of the side that has one: a stored base was looked at by nobody', () => {
    const plan = { leastBoots: 2, mostBoots: 10 };
    expect(compare(base, planned(head, plan)).errors?.looks).toBe(9);
    expect(compare(base, head).errors?.looks).toBe(1);
    expect(compare(base, planned(head, { leastBoots: 1, mostBoots: 3 })).errors?.looks).toBe(2);
    expect(compare(planned(base, plan), head).errors?.looks).toBe(9);
  });

  it('are not those of the gate that a stored base comes from, where head has a plan', () => {
    const stored = planned(base, { leastBoots: 2, mostBoots: 100 });
    expect(compare(stored, planned(head, { leastBoots: 2, mostBoots: 3 })).errors?.looks).toBe(2);
  });
});

describe('a record', () => {
  it('says the same in whatever order its samples are', () => {
    // Falls, then bursts: warm-up, trend and outliers depend on the order.
    const pages = (_: string, boot: number, round: number) =>
      boot + (round < 2 ? 3000 - 1000 * round : 1000 + 40 * round);
    const reversed = (measurement: Measurement): Measurement => ({
      ...measurement,
      boots: measurement.boots.map((boot) => ({ ...boot, samples: boot.samples.toReversed() })),
    });
    const [base, head] = [
      side('base', { rounds: 20, pages: noise(1, 1000, 10) }),
      side('head', { rounds: 20, pages }),
    ];
    const expected = compare(base, head);
    expect(rowOf(expected).head?.trend).toBeDefined();
    expect(compare(reversed(base), reversed(head))).toEqual(expected);
    expect(modelOf(reversed(head), gate()).model).toEqual(modelOf(head, gate()).model);
  });
});

describe('the same bytes twice', () => {
  const same = (name: 'base' | 'head', boots: number): Measurement => {
    const { image } = side('base', { pages: () => 1 });
    return { ...side(name, { boots, pages: () => 1000 }), image };
  };

  it('need no boots to pass', () => {
    const comparison = compare(same('base', 0), same('head', 0));
    expect(comparison).toMatchObject({
      verdict: 'pass',
      identicalImages: true,
      headline: 'no change: both images are the same bytes',
      rows: [],
    });
  });

  it('pass beside a stored base that has boots', () => {
    const row = rowOf(compare(same('base', 5), same('head', 0)));
    expect(row).toMatchObject({ verdict: 'pass', base: { median: 1000 * page } });
    expect(row.head).toBeUndefined();
  });

  it('are not enough where something is held against a limit of its own', () => {
    for (const limit of [{ 'max-memfile-written': '1MiB' }, { 'max-trend': '4KiB' }])
      expect(() => compare(same('base', 0), same('head', 0), gate(limit))).toThrow(
        /has no cycle after its warm-up/,
      );
  });

  it('of two images that differ, a side without boots is no pass', () => {
    const head = side('head', { boots: 0, pages: () => 1 });
    expect(() => compare(same('base', 5), head)).toThrow(/has no cycle after its warm-up/);
  });
});

describe('warm-up', () => {
  it('that is found on one side is left out on both', () => {
    const flat = noise(3, 1000, 10);
    const base = side('base', { pages: flat });
    const settling = noise(4, 1000, 10);
    const head = side('head', {
      pages: (_scenario, _boot, round) => settling() + (round < 4 ? 3000 / 2 ** round : 0),
    });
    const row = rowOf(compare(base, head));
    expect(row.head?.warmupRounds).toBeGreaterThanOrEqual(4);
    expect(row.base?.warmupRounds).toBe(row.head?.warmupRounds);
    expect(row.base?.samples).toBe(row.head?.samples);
    expect(row.verdict).toBe('pass');
  });

  it('is at least what was asked for', () => {
    const flat = noise(5, 1000, 10);
    const measured = side('head', { warmup: 3, pages: flat });
    expect(rowOf(compare(undefined, measured)).head?.warmupRounds).toBe(3);
  });
});

describe('a trend', () => {
  const leaking = (seed: number, perCycle: number): Shape => {
    const level = noise(seed, 1000, 15);
    return { rounds: 40, pages: (_scenario, _boot, round) => level() + perCycle * round };
  };
  const base = side('base', leaking(6, 0));
  const head = side('head', leaking(7, 3));

  it('is told with its slope, though the medians pass', () => {
    const comparison = compare(base, head, gate({ 'fail-above': '20%' }));
    const slope = rowOf(comparison).head?.trend;
    expect(comparison.verdict).toBe('pass');
    expect(slope?.value).toBeGreaterThan(0.85 * 3 * page);
    expect(slope?.value).toBeLessThan(1.15 * 3 * page);
    expect(slope?.low).toBeLessThanOrEqual(3 * page);
    expect(slope?.high).toBeGreaterThanOrEqual(3 * page);
    expect(comparison.notes[0]).toMatch(
      /^idle-2s, memfile diff: Grows by 1\d\.\d KiB with each cycle \(.+ … .+\), and on base does not$/,
    );
  });

  it('past max-trend fails, and below it does not', () => {
    const strict = gate({ 'fail-above': '20%', 'max-trend': '6KiB' });
    expect(rowOf(compare(base, head, strict))).toMatchObject({
      verdict: 'fail',
      reason: expect.stringMatching(
        /^Grows by .+ with each cycle \(.+\), which is above max-trend, 6\.00 KiB a cycle\.$/,
      ),
      thresholds: { maxTrend: 6144 },
    });
    const loose = gate({ 'fail-above': '20%', 'max-trend': '16KiB' });
    expect(compare(base, head, loose).verdict).toBe('pass');
  });

  it('on both sides is told of both', () => {
    const both = compare(side('base', leaking(11, 3)), head, gate({ 'fail-above': '20%' }));
    expect(both.notes[0]).toMatch(/^idle-2s, memfile diff: Grows by .+, and on base too$/);
  });

  it('is what the headline is about where it fails', () => {
    const { headline, rows } = compare(base, head, gate({ 'fail-above': '20%', 'max-trend': '6KiB' }));
    expect(headline).toMatch(
      /^memfile diff of idle-2s \+1\d\.\d KiB with each cycle \(max-trend 6\.00 KiB\)$/,
    );
    expect(rows[0]?.failedBy).toBe('trend');
  });

  it('that is not ruled out is no pass, however well the medians agree', () => {
    const few = (seed: number) => side('head', { rounds: 8, boots: 2, pages: noise(seed, 1000, 15) });
    const strict = gate({ 'max-trend': '4KiB' });
    expect(
      rowOf(compare(side('base', { boots: 2, pages: noise(13, 1000, 15) }), few(12), strict)),
    ).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringMatching(
        /^A trend above max-trend, 4\.00 KiB a cycle, is not ruled out \(at most .+\)/,
      ),
    });
    const none = side('head', { rounds: 4, pages: noise(14, 1000, 15) });
    expect(rowOf(compare(undefined, none, strict))).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringMatching(/^Too few cycles for a trend; five/),
    });
  });

  it('past max-trend is found by a gate of two boots and nine looks, among six rows', () => {
    const scenarios = ['pause', 'idle-2s', 'idle-5s', 'write-64k', 'spawn', 'pause-x10'];
    const verdicts = Array.from({ length: 20 }, (_, seed) => {
      const of = (name: 'base' | 'head', perCycle: number): Measurement => {
        const level = noise(100 * seed + perCycle, 1000, 15);
        const shape: Shape = {
          boots: 2,
          scenarios,
          pages: (_scenario, _boot, round) => level() + perCycle * round,
        };
        return planned(side(name, shape), { leastBoots: 2, mostBoots: 10 });
      };
      return compare(of('base', 0), of('head', 20), gate({ 'fail-above': '30%', 'max-trend': '4KiB' }))
        .verdict;
    });
    expect(verdicts).not.toContain('pass');
    expect(verdicts.filter((verdict) => verdict === 'fail').length).toBeGreaterThanOrEqual(15);
  });

  it('fails without a base too', () => {
    expect(compare(undefined, head, gate({ 'max-trend': '6KiB' })).verdict).toBe('fail');
  });

  it('is told from chance among all entries of a matrix together', () => {
    const failed = Array.from({ length: 10 }, (_, group) => {
      const entries = Array.from({ length: 20 }, (_, index) => ({
        name: `entry-${index}`,
        pair: { head: side('head', { rounds: 20, pages: noise(5000 + 20 * group + index, 1000, 15) }) },
      }));
      return compareMatrix(entries, gate({ 'max-trend': '0B' }), { ...meta, allowMissing: false });
    }).filter(({ verdict }) => verdict === 'fail');
    expect(failed.length).toBeLessThanOrEqual(1);
  });

  it('that falls is no finding', () => {
    const falling = side('head', leaking(8, -3));
    const comparison = compare(base, falling, gate({ 'max-trend': '0B' }));
    expect(rowOf(comparison).head?.trend).toBeUndefined();
    expect(comparison.verdict).not.toBe('fail');
  });
});

describe('outliers', () => {
  it('count like all other cycles, and are named by boot, round and time', () => {
    const level = noise(9, 1000, 10);
    const head = side('head', {
      pages: (_scenario, boot, round) => level() + (boot === 1 && round === 5 ? 5000 : 0),
    });
    const { head: summary } = rowOf(compare(side('base', { pages: noise(10, 1000, 10) }), head));
    const burst = head.boots[1]?.samples.find(({ round }) => round === 5);
    expect(summary?.outliers).toEqual({
      count: 1,
      farthest: [{ boot: 1, round: 5, atMs: burst?.atMs, value: burst?.metrics['memfile.writtenBytes'] }],
    });
    const counted = head.boots.flatMap(({ samples }) => samples.filter(({ round }) => round >= 2));
    expect(summary?.samples).toBe(counted.length);
    const sum = counted.reduce((total, { metrics }) => total + (metrics['memfile.writtenBytes'] ?? 0), 0);
    expect(summary?.mean).toBeCloseTo(sum / counted.length, 6);
  });
});

describe('above the floor', () => {
  it('is what a scenario costs beyond an immediate pause, as often as it repeats', () => {
    const pages = (floor: number, more: number) => (scenario: string) =>
      ({ pause: floor, 'idle-2s': floor + more })[scenario] ?? 10 * floor + more;
    const scenarios = ['pause', 'idle-2s', 'pause-x10'];
    const comparison = compare(
      side('base', { scenarios, pages: pages(100, 50) }),
      side('head', { scenarios, pages: pages(100, 75) }),
    );
    const above = { base: 50 * page, head: 75 * page, growth: 0.5 };
    expect(rowOf(comparison, 'pause').aboveFloor).toBeUndefined();
    expect(rowOf(comparison, 'idle-2s').aboveFloor).toEqual(above);
    expect(rowOf(comparison, 'pause-x10').aboveFloor).toEqual(above);
  });
});

describe('boots that happen to agree', () => {
  it('are not surer than their cycles', () => {
    // Both boots of each side have the same median to the page, about cycles that are all over the place.
    const spread = [0, 600, -600, 400, -400, 200, -200, 0];
    const wild = (center: number): Shape => ({
      boots: 2,
      warmup: 0,
      pages: (_scenario, _boot, round) => center + (spread[round] ?? 0),
    });
    const row = rowOf(compare(side('base', wild(1000)), side('head', wild(1200))));
    expect(row.verdict).toBe('inconclusive');
    const alone = rowOf(
      compare(side('base', { boots: 2, pages: () => 1000 }), side('head', { boots: 2, pages: () => 1200 })),
    );
    expect(alone.verdict).toBe('fail');
  });
});
