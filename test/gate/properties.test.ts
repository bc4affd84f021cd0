import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { builtInScenarios } from '../../src/config/scenarios.ts';
import type { GateConfig } from '../../src/config/types.ts';
import type { CycleMetrics, Scenario } from '../../src/engine/contract.ts';
import { compareMeasurements } from '../../src/gate/compare.ts';
import type { Comparison } from '../../src/gate/record.ts';
import type { Measurement } from '../../src/measure/record.ts';
import { normalFrom, seededRandom } from '../stats/random.ts';
import { sampleMeasurement } from './sample-measurement.ts';

const meta = { snapgate: '0.1.0', now: '2026-01-02T03:04:05.000Z' };
const random = seededRandom(2026);
const normal = normalFrom(random);
const [pause, idle] = [scenarioOf('pause'), scenarioOf('idle-2s')];

/** Bytes of each scenario in each boot, of both sides: quiet or noisy, grown, shrunk or the same. */
interface Draw {
  readonly base: readonly number[];
  readonly head: readonly number[];
}

function draw(): Draw {
  const boots = 2 + Math.floor(random() * 5);
  const size = 2 ** (12 + random() * 14);
  const spread = [0, 0.001, 0.02, 0.2][Math.floor(random() * 4)] ?? 0;
  const factor = [1, 1.02, 1.06, 1.4, 0.7][Math.floor(random() * 5)] ?? 1;
  const side = (scale: number) =>
    Array.from({ length: boots }, () => Math.round(scale * Math.exp(spread * normal())));
  return { base: side(size), head: side(size * factor) };
}

const draws = Array.from({ length: 150 }, draw);

function measured(side: 'base' | 'head', bytes: readonly number[], more: CycleMetrics = {}): Measurement {
  return sampleMeasurement({
    side,
    boots: bytes.length,
    rounds: 1,
    warmup: 0,
    scenarios: [idle],
    metrics: (_, boot) => ({ 'memfile.writtenBytes': bytes[boot] ?? 0, ...more }),
  });
}

function compare({ base, head }: Draw, config: GateConfig = gate()): Comparison {
  return compareMeasurements(measured('base', base), measured('head', head), config, meta);
}

function gate(inputs: Readonly<Record<string, string>> = {}): GateConfig {
  return readConfig({ 'min-growth': '0B', ...inputs }, undefined).gate;
}

const verdictOf = (pair: Draw, config?: GateConfig) => compare(pair, config).verdict;

describe('the gate', () => {
  it('finds all four verdicts among these draws, or they show nothing', () => {
    const config = gate({ 'warn-above': '1%' });
    expect(new Set(draws.map((pair) => verdictOf(pair, config)))).toEqual(
      new Set(['pass', 'warn', 'fail', 'inconclusive']),
    );
  });

  it('of swapped sides finds the same change with its sign turned, as a logarithm', () => {
    for (const { base, head } of draws) {
      const [there, back] = [compare({ base, head }).rows[0], compare({ base: head, head: base }).rows[0]];
      const log = (value: number | undefined) => Math.log1p(value ?? Number.NaN);
      expect(log(back?.growth?.value)).toBeCloseTo(-log(there?.growth?.value), 9);
      expect(log(back?.growth?.low)).toBeCloseTo(-log(there?.growth?.high), 9);
      expect(log(back?.growth?.high)).toBeCloseTo(-log(there?.growth?.low), 9);
      expect(back?.difference?.value).toBe(there?.difference ? -there.difference.value || 0 : undefined);
      expect(there?.improved && back?.improved).toBe(false);
    }
  });

  it('by ratio alone does not care for the unit', () => {
    for (const { base, head } of draws) {
      const scaled = { base: base.map((each) => each * 1000), head: head.map((each) => each * 1000) };
      expect([base, head, verdictOf(scaled)]).toEqual([base, head, verdictOf({ base, head })]);
    }
  });

  it('does not care for the order of boots', () => {
    for (const { base, head } of draws) {
      const turned = { base: base.toReversed(), head: [...head.slice(1), head[0] ?? 0] };
      expect(verdictOf(turned)).toBe(verdictOf({ base, head }));
    }
  });

  it('never fails, warns or cheers at numbers that are the same', () => {
    for (const { base } of draws) {
      const { verdict, rows } = compare({ base, head: base }, gate({ 'warn-above': '0%' }));
      expect(['pass', 'inconclusive']).toContain(verdict);
      expect(rows[0]).toMatchObject({ improved: false, growth: { value: 0 } });
    }
  });

  it('that fails at a higher limit fails at a lower one', () => {
    for (const pair of draws) {
      for (const stricter of [{ 'fail-above': '5%', 'min-growth': '64KiB' }, { 'fail-above': '10%' }, {}]) {
        if (verdictOf(pair, gate({ 'fail-above': '10%', 'min-growth': '64KiB' })) === 'fail')
          expect(verdictOf(pair, gate(stricter))).toBe('fail');
      }
    }
  });

  it('is not moved by metrics that do not gate', () => {
    for (const { base, head } of draws) {
      const wild: CycleMetrics = { 'memfile.hugeBytes': 1e12, resumeMs: 1e6, stateBytes: 1 };
      const more = compareMeasurements(measured('base', base), measured('head', head, wild), gate(), meta);
      expect([more.verdict, more.headline]).toEqual([
        verdictOf({ base, head }),
        compare({ base, head }).headline,
      ]);
      expect(more.rows.filter((row) => row.gates)).toEqual(compare({ base, head }).rows);
    }
  });

  it('is not moved by a scenario that does not gate', () => {
    const only: GateConfig = {
      ...gate(),
      gatedMetrics: [],
      overrides: { [idle.name]: { 'memfile.writtenBytes': {} } },
    };
    const withPause = (measurement: Measurement, bytes: number): Measurement => ({
      ...measurement,
      scenarios: [pauseOf(measurement), ...measurement.scenarios],
      boots: measurement.boots.map((boot) => ({
        ...boot,
        samples: boot.samples.flatMap((sample) => [
          { ...sample, scenario: pause.name, metrics: { 'memfile.writtenBytes': bytes * (1 + boot.index) } },
          sample,
        ]),
      })),
    });
    for (const { base, head } of draws) {
      const sides = [withPause(measured('base', base), 1e6), withPause(measured('head', head), 1e9)] as const;
      const more = compareMeasurements(...sides, only, meta);
      expect(more.rows.some((row) => row.scenario === pause.name && !row.gates)).toBe(true);
      expect([more.verdict, more.headline]).toEqual([
        verdictOf({ base, head }),
        compare({ base, head }).headline,
      ]);
    }
  });
});

function scenarioOf(name: string): Scenario {
  const scenario = builtInScenarios.find((each) => each.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  return scenario;
}

function pauseOf({ scenarios }: Measurement): Measurement['scenarios'][number] {
  const [first] = scenarios;
  if (first === undefined) throw new Error('no scenario');
  return { ...first, name: 'pause', settleMs: 0 };
}
