import { SnapgateError } from '../host/error.ts';
import type { BootPlan, Measurement } from '../measure/record.ts';
import { proportionOf } from '../stats/proportion.ts';
import { seededRandom, shuffledIndices } from '../stats/random.ts';
import type { Condition } from '../stats/two-level.ts';
import { growthAlone } from './bisection-rows.ts';
import type { CalibratedGates, CalibratedRow, Calibration } from './calibration-record.ts';
import { calibrationVersion } from './calibration-record.ts';
import type { RecordMeta } from './compare.ts';
import {
  type CalibrationEffort,
  type GateModel,
  type GateSetting,
  limitOf,
  modelOf,
  runGateOn,
} from './simulate.ts';
import { smallestGrowth } from './smallest-growth.ts';
import { suggest } from './suggest.ts';
import { addTallies, gatesOf, meanPairs, medianPairs, type Tally, tallyGates, tallyOf } from './tally.ts';

export const defaultEffort: CalibrationEffort = { gates: 1000, triedGates: 200, seed: 1 };

export interface CalibrationRequest {
  readonly measurement: Measurement;
  readonly setting: GateSetting;
  readonly meta: RecordMeta;
  readonly effort?: CalibrationEffort;
  /** Told what is worked out next, which takes some seconds, and waited for. */
  readonly onStep?: (what: string) => Promise<void>;
}

/** `max-boots` of the gates whose smallest growth is looked for. */
const bootNumbers = [3, 5, 10] as const;

/**
 * What a gate makes of an image against itself, and what it would find, from the image's own boots. Deterministic but for `meta`. Caps
 * and `max-trend` are left aside: an image that is past one fails at once, whatever it is compared with.
 *
 * @throws SnapgateError `record` with fewer boots than two pairs, or than the gate looks at first, or with too few rounds
 */
export async function calibrate(request: CalibrationRequest): Promise<Calibration> {
  const { measurement, meta, effort = defaultEffort, onStep = async () => {} } = request;
  const { plan } = request.setting;
  const setting = { plan, config: growthAlone(request.setting.config) };
  requireBoots(measurement, setting);
  const model = requireRows(modelOf(measurement, setting.config));
  await onStep(`gates of ${measurement.boots.length} measured boots`);
  const measured = measuredGates(measurement, setting, effort);
  await onStep('gates of simulated boots');
  const simulated = simulatedGates(model, setting, effort, {});
  await onStep('gates of simulated boots that differ as much as possible');
  const simulatedAtMost = simulatedGates(model, setting, effort, { atMost: true });
  const rows: CalibratedRow[] = [];
  for (const [index, { scenario }] of model.rows.entries()) {
    await onStep(`the smallest growth of ${scenario} that is found`);
    rows.push(rowOf(model, setting, index, effort));
  }
  await onStep('settings that would do');
  const suggested = suggest(model, setting, effort);
  return {
    schema: 'snapgate/calibration',
    version: calibrationVersion,
    snapgate: meta.snapgate,
    createdAt: meta.now,
    subject: measurement.subject,
    fingerprint: measurement.fingerprint,
    seed: effort.seed,
    boots: measurement.boots.length,
    rounds: model.model.rounds,
    warmupRounds: model.model.warmup,
    gate: {
      failAbove: setting.config.defaults.failAbove,
      minGrowthBytes: setting.config.defaults.minGrowth,
      ...plan,
    },
    shared: model.model.shared,
    rows,
    measured,
    simulated,
    simulatedAtMost,
    suggested,
    notes: measurement.notes,
  };
}

/** Boots that a gate with itself takes: two sides of what the gate looks at first. */
export function leastSample({ leastBoots }: Pick<BootPlan, 'leastBoots'>): number {
  return 2 * Math.max(2, leastBoots);
}

function requireBoots({ boots }: Measurement, { plan }: GateSetting): void {
  const least = leastSample(plan);
  if (boots.length >= least) return;
  throw new SnapgateError(
    'record',
    `there are ${boots.length} boots of the image, and a gate of it with itself takes ${least} at least`,
    'Measure more boots (--sample, a longer time-budget), or give more measurements of the same image.',
  );
}

function requireRows(model: GateModel): GateModel {
  if (model.rows.length > 0) return model;
  throw new SnapgateError(
    'record',
    'no scenario has a metric that gates by growth and two cycles after the warm-up in every boot',
    'Give it more cycles, or name metrics that the engine measures.',
  );
}

/**
 * Gates of random halves of the boots: each gate deals all boots anew, so that its two sides have none in common. Two gates do, which is why
 * their number is no measure of what is known: the rate has no interval.
 */
function measuredGates(
  measurement: Measurement,
  setting: GateSetting,
  { gates, seed }: CalibrationEffort,
): CalibratedGates {
  const { boots } = measurement;
  const available = Math.floor(boots.length / 2);
  const tallies = Array.from({ length: gates }, (_, number) => {
    const order = shuffledIndices(seededRandom(seed, number), boots.length);
    const bootOf = (side: 'base' | 'head', index: number) => {
      const boot = boots[order[2 * index + (side === 'base' ? 0 : 1)] ?? Number.NaN];
      if (boot === undefined) throw new RangeError(`no boot ${index} of ${side}`);
      return boot;
    };
    return tallyOf(runGateOn(measurement, setting, bootOf, available));
  });
  return gatesRecord(addTallies(tallies), false);
}

function simulatedGates(
  model: GateModel,
  setting: GateSetting,
  { gates, seed }: CalibrationEffort,
  condition: Condition,
): CalibratedGates {
  return gatesRecord(tallyGates(model, setting, { gates, seed, condition }), true);
}

function gatesRecord(tally: Tally, independent: boolean): CalibratedGates {
  const gates = gatesOf(tally);
  const { value, low, high } = proportionOf(tally.verdicts.fail, gates);
  return {
    gates,
    ...tally.verdicts,
    medianPairs: medianPairs(tally),
    meanPairs: meanPairs(tally),
    falseAlarms: independent ? { value, low, high } : { value },
  };
}

function rowOf(
  model: GateModel,
  setting: GateSetting,
  index: number,
  { triedGates: gates, seed }: CalibrationEffort,
): CalibratedRow {
  const [row, series] = [model.rows[index], model.model.series[index]];
  if (row === undefined || series === undefined) throw new RangeError(`no row ${index}`);
  const smallest = bootNumbers.map((boots) => ({
    boots,
    ...smallestGrowth(model, setting, { row: index, boots, gates, seed }),
  }));
  const limit = limitOf(model, setting.config, index);
  return {
    scenario: row.scenario,
    metric: row.metric,
    location: series.location,
    scale: series.scale,
    cycleSpread: series.within,
    bootSpread: series.spread,
    ownSpread: series.between,
    ownSpreadAtMost: series.betweenAtMost,
    ...(Number.isFinite(limit) ? { limit } : {}),
    smallest,
  };
}
