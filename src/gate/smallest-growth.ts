import type { SmallestGrowth } from './calibration-record.ts';
import { type GateModel, type GateSetting, limitOf, simulateGate } from './simulate.ts';
import { keyOf } from './tally.ts';

/** What is looked for: the growth of one row of the model. */
export interface GrowthSearch {
  readonly row: number;
  /** The gate's `max-boots`; it first looks when it would, or then. */
  readonly boots: number;
  /** Gates of each growth that is tried. */
  readonly gates: number;
  readonly seed: number;
}

/** Growths that are looked at end at this many times the row's limit, and at this part of it. */
const mostTimes = 64;

/** Of one growth to the next, until one is found and one is not. */
const step = 1.5;

/** A growth is found to this share of itself: less than the chance in some hundreds of gates. */
const precision = 0.03;

/** The smallest growths that 80 % and 95 % of gates fail, see `growthFoundIn`. None where the row has no size. */
export function smallestGrowth(
  model: GateModel,
  setting: GateSetting,
  search: GrowthSearch,
): Omit<SmallestGrowth, 'boots'> {
  const at80 = growthFoundIn(model, setting, search, 0.8);
  const at95 = at80 === undefined ? undefined : growthFoundIn(model, setting, search, 0.95, at80);
  return { ...(at80 === undefined ? {} : { at80 }), ...(at95 === undefined ? {} : { at95 }) };
}

/**
 * The smallest growth of one row, the others staying as they are, that a share of gates fail: by halving, each growth tried on the same
 * simulated boots, with the real decision. It may be less than the row's limit, for a gate fails at the first look at which the estimate is
 * past that, and has many looks. undefined where the largest that is tried is not found so often, or where the row has no size.
 *
 * @param from the growth that is tried first; the row's limit if not given
 */
export function growthFoundIn(
  model: GateModel,
  setting: GateSetting,
  search: GrowthSearch,
  share: number,
  from?: number,
): number | undefined {
  const limit = limitOf(model, setting.config, search.row);
  if (!(limit > 0) || !Number.isFinite(limit)) return undefined;
  const found = (growth: number) => isFound(model, setting, search, growth, share);
  let high = from ?? limit;
  let low = high / step;
  while (!found(high)) {
    low = high;
    high *= step;
    if (high > limit * mostTimes) return undefined;
  }
  while (found(low)) {
    high = low;
    low /= step;
    if (low < limit / mostTimes) return high;
  }
  while (high > low * (1 + precision)) {
    const middle = Math.sqrt(low * high);
    if (found(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Whether in at least a share of the gates a row that has grown is failed itself. It ends as soon as that is known. */
export function isFound(
  model: GateModel,
  { config, plan }: GateSetting,
  { row, boots, gates, seed }: GrowthSearch,
  ratio: number,
  share: number,
): boolean {
  const setting = {
    config,
    plan: { leastBoots: Math.min(plan.leastBoots, boots), mostBoots: boots },
  };
  const growth = model.rows.map((_, index) => (index === row ? 1 + ratio : 1));
  const wanted = Math.ceil(share * gates);
  const key = keyOf(rowOf(model, row));
  let [found, missed] = [0, 0];
  while (found < wanted && missed <= gates - wanted) {
    const { comparison } = simulateGate(model, setting, { gates, seed, growth }, found + missed);
    if (comparison.rows.some((each) => keyOf(each) === key && each.verdict === 'fail')) found += 1;
    else missed += 1;
  }
  return found >= wanted;
}

function rowOf({ rows }: GateModel, index: number): GateModel['rows'][number] {
  const row = rows[index];
  if (row === undefined) throw new RangeError(`no row ${index}`);
  return row;
}
