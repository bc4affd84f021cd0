import { median } from '../stats/median.ts';
import type { Suggestion } from './calibration-record.ts';
import { type CalibrationEffort, type GateModel, type GateSetting, limitOf } from './simulate.ts';
import { isFound } from './smallest-growth.ts';
import { medianPairs, type Tally, tallyGates } from './tally.ts';

/** Of gates of an image with itself, so many are to pass … */
const passShare = 0.9;
/** … and half of all are to end after so many pairs of boots. */
const halfBoots = 3;

/** Growth of twice a row's limit is to be failed so often. */
const findShare = 0.95;

const failAboves = [0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5];
const minGrowths = [16, 32, 64, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 4096].map(
  (kibi) => kibi * 1024,
);
const maxBoots = [3, 5, 10, 15, 20];
const [leastCycles, mostCycles] = [4, 40];

/**
 * Settings that would do, each the smallest of those that are tried:
 * - `failAbove`, with the `min-growth` that is set: 90 % of gates of the image with itself pass, and half of them take 3 pairs of boots at most;
 * - `minGrowthBytes`, with that `failAbove`: the same. Where no `failAbove` does, with the one that is set;
 * - `boots`: what half of those gates take at most;
 * - `maxBoots`: with it, and its own number of looks, 90 % pass, and growth of twice its limit in any one row is failed in 95 % of gates;
 * - `cycles`: see `bestCycles`.
 */
export function suggest(model: GateModel, setting: GateSetting, effort: CalibrationEffort): Suggestion {
  const cycles = bestCycles(model, setting);
  const ofCycles = cycles === undefined ? {} : { cycles };
  const [found, tally] = limitsThatPass(model, setting, effort);
  if (found === undefined || tally === undefined) return ofCycles;
  const config = { ...setting.config, defaults: { ...setting.config.defaults, ...found } };
  const boots = medianPairs(tally);
  const most = maxBoots.find(
    (each) =>
      each >= boots && isEnough(model, { config, plan: { leastBoots: boots, mostBoots: each } }, effort),
  );
  return {
    failAbove: found.failAbove,
    minGrowthBytes: found.minGrowth,
    boots,
    ...(most === undefined ? {} : { maxBoots: most }),
    ...ofCycles,
  };
}

interface Limits {
  readonly failAbove: number;
  readonly minGrowth: number;
}

/** With the tally of the gates that decide by them. */
function limitsThatPass(
  model: GateModel,
  { config, plan }: GateSetting,
  { triedGates: gates, seed }: CalibrationEffort,
): readonly [Limits | undefined, Tally | undefined] {
  const tallyWith = (limits: Limits) => {
    const defaults = { ...config.defaults, ...limits };
    return tallyGates(model, { config: { ...config, defaults }, plan }, { gates, seed });
  };
  const passes = (limits: Limits) => {
    const tally = tallyWith(limits);
    return (
      tally.verdicts.pass >= passShare * gates && medianPairs(tally) <= Math.max(halfBoots, plan.leastBoots)
    );
  };
  const { failAbove: setAbove, minGrowth: setGrowth } = config.defaults;
  const above = smallestOf(failAboves, (failAbove) => passes({ failAbove, minGrowth: setGrowth }));
  const failAbove = above ?? setAbove;
  const growth = smallestOf(minGrowths, (minGrowth) => passes({ failAbove, minGrowth }));
  const minGrowth = growth ?? (above === undefined ? undefined : setGrowth);
  if (minGrowth === undefined) return [undefined, undefined];
  const limits = { failAbove, minGrowth };
  return [limits, tallyWith(limits)];
}

/** Of ascending values, from one of which on all do. */
function smallestOf(values: readonly number[], does: (value: number) => boolean): number | undefined {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (does(values[middle] ?? Number.NaN)) high = middle;
    else low = middle + 1;
  }
  return values[low];
}

/** Whether the image passes against itself, and growth of twice its limit in any one row is failed. */
function isEnough(
  model: GateModel,
  setting: GateSetting,
  { triedGates: gates, seed }: CalibrationEffort,
): boolean {
  const { verdicts } = tallyGates(model, setting, { gates, seed });
  if (verdicts.pass < passShare * gates) return false;
  const boots = setting.plan.mostBoots;
  return model.rows.every((_, row) => {
    const growth = 2 * limitOf(model, setting.config, row);
    // What is 0 cannot be made to grow by a ratio.
    return (
      !Number.isFinite(growth) || isFound(model, setting, { row, boots, gates, seed }, growth, findShare)
    );
  });
}

/**
 * What of a boot's time is best given to cycles: √(variance of a cycle / variance of boots × time of a boot / time of a round), the optimum of
 * sampling in two stages (W. G. Cochran, Sampling Techniques, 3rd ed., 1977, § 10.6). The median over the rows that fail-above holds rather
 * than min-growth, or over all where there is none; with the largest spread of boots that is possible where none is seen. undefined where the
 * cycles' times are not known, or where nothing varies.
 */
function bestCycles({ template, model, rows }: GateModel, { config }: GateSetting): number | undefined {
  const cost = costOf(template, model.warmup);
  const { failAbove } = config.defaults;
  const all = model.series.map((series, index) => {
    const own = series.between > 0 ? series.between : series.betweenAtMost;
    const ofCycle = series.withinLocation ** 2 * model.rounds;
    const byRatio =
      rows[index] !== undefined && limitOf({ template, model, rows }, config, index) <= failAbove;
    return { byRatio, best: Math.sqrt((ofCycle / own ** 2) * cost) };
  });
  const known = all.filter(({ best }) => Number.isFinite(best) && best > 0);
  const held = known.some(({ byRatio }) => byRatio) ? known.filter(({ byRatio }) => byRatio) : known;
  if (held.length === 0) return undefined;
  return Math.min(mostCycles, Math.max(leastCycles, Math.ceil(median(held.map(({ best }) => best)))));
}

/** Time of a boot with its warm-up over that of a round; NaN where a record does not say. */
function costOf({ boots }: GateModel['template'], warmup: number): number {
  const rounds = boots.flatMap(({ samples }) =>
    [...Map.groupBy(samples, ({ round }) => round).values()].map((round) =>
      round.reduce((sum, { cycleMs }) => sum + cycleMs, 0),
    ),
  );
  const roundMs = median(rounds);
  return (median(boots.map(({ readyMs }) => readyMs)) + warmup * roundMs) / roundMs;
}
