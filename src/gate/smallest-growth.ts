import type { SmallestGrowth } from './calibration-record.ts';
import { type GateModel, type GateSetting, limitOf, simulateGate } from './simulate.ts';

/** What is looked for: the growth of one row of the model. */
export interface GrowthSearch {
  readonly row: number;
  /** The gate's `max-boots`; it first looks when it would, or then. */
  readonly boots: number;
  /** Gates of each growth that is tried. */
  readonly gates: number;
  readonly seed: number;
}

/** Growths that are looked at end at this many times the row's limit. */
const mostTimes = 64;

/** A growth is found to this share of itself: less than the chance in some hundreds of gates. */
const precision = 0.03;

/**
 * The smallest growth of one row, the others staying as they are, that 80 % and 95 % of gates fail: by halving, each growth tried on the same
 * simulated boots, with the real decision. undefined where the largest that is tried is not found so often, or where the row has no size.
 */
export function smallestGrowth(
  model: GateModel,
  setting: GateSetting,
  search: GrowthSearch,
): Omit<SmallestGrowth, 'boots'> {
  const limit = limitOf(model, setting.config, search.row);
  if (!(limit > 0) || !Number.isFinite(limit)) return {};
  const at80 = growthFoundIn(0.8, limit);
  const at95 = at80 === undefined ? undefined : growthFoundIn(0.95, at80);
  return { ...(at80 === undefined ? {} : { at80 }), ...(at95 === undefined ? {} : { at95 }) };

  function growthFoundIn(share: number, from: number): number | undefined {
    const found = (growth: number) => isFound(model, setting, search, growth, share);
    let [low, high] = [from, from];
    while (!found(high)) {
      low = high;
      high *= 1.5;
      if (high > limit * mostTimes) return undefined;
    }
    while (high > low * (1 + precision)) {
      const middle = Math.sqrt(low * high);
      if (found(middle)) high = middle;
      else low = middle;
    }
    return high;
  }
}

/** Whether at least a share of the gates fail one row's growth. It ends as soon as that is known. */
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
  let [found, missed] = [0, 0];
  while (found < wanted && missed <= gates - wanted) {
    const gate = simulateGate(model, setting, { gates, seed, growth }, found + missed);
    if (gate.verdict === 'fail') found += 1;
    else missed += 1;
  }
  return found >= wanted;
}
