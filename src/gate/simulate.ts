import type { GateConfig } from '../config/types.ts';
import type { MetricName } from '../engine/contract.ts';
import { countedCycles } from '../measure/boot-index.ts';
import type { Side } from '../measure/plan.ts';
import type { Boot, BootPlan, Measurement, Sample } from '../measure/record.ts';
import { askedWarmupRounds } from '../measure/summarize.ts';
import { type Random, seededRandom } from '../stats/random.ts';
import {
  type Condition,
  drawBoot,
  fitTwoLevel,
  type Series,
  type TwoLevelModel,
} from '../stats/two-level.ts';
import { compareMeasurements } from './compare.ts';
import { metricsThatGate } from './facts.ts';
import type { Comparison, Verdict } from './record.ts';
import { thresholdsFor } from './thresholds.ts';

/** How gates decide: what all of them have in common. */
export interface GateSetting {
  readonly config: GateConfig;
  /** Pairs of boots at which they first look, and at which they stop. */
  readonly plan: BootPlan;
  /** Boots of a base that was stored: they are there from the start, and head's alone are taken. undefined: both sides are measured. */
  readonly storedBoots?: number;
}

/** A gate that was run on boots at hand: the last comparison that it came to. */
export interface SimulatedGate {
  readonly verdict: Verdict;
  /** Pairs of boots that it took; boots of head where base was stored. */
  readonly pairs: number;
  readonly comparison: Comparison;
}

/** The boots of a side, one after the other. */
export type BootSource = (side: Side, index: number) => Boot;

/**
 * A whole gate with the real decision: after each pair of boots from the plan's least on, the two sides as records are compared, until there is
 * a verdict or the plan ends. `template` is what the records hold besides boots; its sides pass for two images.
 *
 * @param available pairs of boots that there are, where those are fewer than the plan has: the gate then ends as if its time budget had
 * @throws SnapgateError `record` where a metric that gates is not in the boots
 */
export function runGateOn(
  template: Measurement,
  { config, plan, storedBoots }: GateSetting,
  bootOf: BootSource,
  available = plan.mostBoots,
): SimulatedGate {
  const most = Math.min(plan.mostBoots, available);
  const stored = Array.from({ length: storedBoots ?? 0 }, (_, index) => bootOf('base', index));
  const boots: Record<Side, Boot[]> = { base: stored, head: [] };
  for (let pairs = 1; ; pairs += 1) {
    if (storedBoots === undefined) boots.base.push(bootOf('base', pairs - 1));
    boots.head.push(bootOf('head', pairs - 1));
    if (pairs < plan.leastBoots) continue;
    const [base, head] = [
      sideOf(template, 'base', storedBoots === undefined ? plan : undefined, boots.base),
      sideOf(template, 'head', plan, boots.head),
    ];
    const comparison = compareMeasurements(base, head, config, simulated);
    const { verdict } = comparison;
    if (verdict !== 'inconclusive' || pairs >= most) return { verdict, pairs, comparison };
  }
}

/** No time and no version, so that the same seed gives the same record. */
const simulated = { snapgate: 'simulated', now: '' };

function sideOf(
  template: Measurement,
  side: Side,
  plan: BootPlan | undefined,
  boots: readonly Boot[],
): Measurement {
  const { image } = template;
  const other = 'rootfsSha256' in image && side === 'head' ? { ...image, rootfsSha256: 'simulated' } : image;
  return { ...template, side, plan, image: other, notes: [], boots: [...boots] };
}

/** A two-level model of what gates in a measurement, and the measurement whose boots it was fitted to. */
export interface GateModel {
  readonly template: Measurement;
  /** What each series of the model is of. */
  readonly rows: readonly { readonly scenario: string; readonly metric: MetricName }[];
  readonly model: TwoLevelModel;
}

/** The model of all that gates by growth: every scenario and metric of which all boots have the same rounds. */
export function modelOf(measurement: Measurement, config: GateConfig): GateModel {
  const metrics = metricsThatGate(measurement, config);
  const all = measurement.scenarios.flatMap(({ name: scenario, repeat }) =>
    metrics
      .filter((metric) => thresholdsFor(config, scenario, metric, repeat).gatesGrowth)
      .map((metric) => ({ scenario, metric, series: seriesOf(measurement, scenario, metric) })),
  );
  const warmup = askedWarmupRounds(measurement);
  const rows = all.filter(({ series }) => series.boots.every((values) => values.length >= warmup + 2));
  const model = fitTwoLevel(
    rows.map(({ series }) => series),
    warmup,
  );
  return { template: measurement, rows: rows.map(({ scenario, metric }) => ({ scenario, metric })), model };
}

function seriesOf({ boots }: Measurement, scenario: string, metric: MetricName): Series {
  return {
    group: scenario,
    boots: boots.map((boot) => countedCycles(boot, scenario, metric, 0).values),
  };
}

/** The growth, as a ratio, that a row must be past to fail: fail-above, or min-growth where that is more of it. */
export function limitOf({ model, rows, template }: GateModel, config: GateConfig, index: number): number {
  const row = rows[index];
  const location = model.series[index]?.location;
  if (row === undefined || location === undefined) throw new RangeError(`no row ${index}`);
  const repeat = template.scenarios.find(({ name }) => name === row.scenario)?.repeat ?? 1;
  const { failAbove, minGrowth } = thresholdsFor(config, row.scenario, row.metric, repeat).thresholds;
  return Math.max(failAbove, minGrowth / location);
}

/** How much is simulated. */
export interface CalibrationEffort {
  /** Gates of the image with itself, of each kind. */
  readonly gates: number;
  /** Gates of each growth, and of each setting, that is tried. */
  readonly triedGates: number;
  readonly seed: number;
}

/** Which gates are simulated. */
export interface Experiment {
  readonly gates: number;
  readonly seed: number;
  /** Head over base of each row of the model; 1 where nothing is given. */
  readonly growth?: readonly number[];
  readonly condition?: Condition;
}

/** One gate of an experiment: boots of a gate's number are the same with every setting, and but for their size with every growth. */
export function simulateGate(
  model: GateModel,
  setting: GateSetting,
  { seed, growth, condition }: Experiment,
  number: number,
): SimulatedGate {
  return runGateOn(model.template, setting, (side, index) => {
    const random = seededRandom(seed, number, side === 'base' ? 0 : 1, index);
    return drawRecord(model, random, side === 'head' ? growth : undefined, condition);
  });
}

function drawRecord(
  { model, rows }: GateModel,
  random: Random,
  growth: readonly number[] | undefined,
  condition: Condition | undefined,
): Boot {
  const drawn = drawBoot(model, random, growth, condition);
  const samples = new Map<string, Sample>();
  for (const [index, { scenario, metric }] of rows.entries()) {
    for (const [round, value] of (drawn[index] ?? []).entries()) {
      const key = `${round} ${scenario}`;
      const sample = samples.get(key);
      if (sample) sample.metrics[metric] = value;
      else samples.set(key, sampleOf(scenario, round, round < model.warmup, { [metric]: value }));
    }
  }
  return { index: 0, startedAt: '', bootMs: 0, readyMs: 0, settled: true, samples: [...samples.values()] };
}

function sampleOf(scenario: string, round: number, warmup: boolean, metrics: Sample['metrics']): Sample {
  return { scenario, round, warmup, position: round, atMs: 0, cycleMs: 0, metrics };
}
