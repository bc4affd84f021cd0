import type { MetricName } from '../engine/contract.ts';
import type { Verdict } from './record.ts';
import {
  type Experiment,
  type GateModel,
  type GateSetting,
  type SimulatedGate,
  simulateGate,
} from './simulate.ts';
import { isAbove } from './thresholds.ts';

/** What came out of gates, to be added up. */
export interface Tally {
  readonly verdicts: Readonly<Record<Verdict, number>>;
  /** Gates that took so many pairs of boots, by that number. */
  readonly pairs: Readonly<Record<string, number>>;
  /** Gates that ended with a row inconclusive, by the row: see `keyOf`. */
  readonly open: Readonly<Record<string, number>>;
  /** Intervals of growth that gates ended with, and those of them that hold the true one. */
  readonly intervals: number;
  readonly covering: number;
}

/** The gates of an experiment with these numbers, from the first up to before the end. */
export function tallyGates(
  model: GateModel,
  setting: GateSetting,
  experiment: Experiment,
  [first, end]: readonly [number, number] = [0, experiment.gates],
): Tally {
  const truth = new Map(model.rows.map((row, index) => [keyOf(row), (experiment.growth?.[index] ?? 1) - 1]));
  const numbers = Array.from({ length: end - first }, (_, index) => first + index);
  return addTallies(
    numbers.map((number) => tallyOf(simulateGate(model, setting, experiment, number), truth)),
  );
}

/** One gate's. Without the true growths no interval is counted. */
export function tallyOf(
  { verdict, pairs, comparison }: SimulatedGate,
  truth: ReadonlyMap<string, number> = new Map(),
): Tally {
  const told = comparison.rows.flatMap((row) => {
    const growth = truth.get(keyOf(row));
    const { low, high } = row.growth ?? {};
    return growth === undefined || low === undefined || high === undefined ? [] : [{ growth, low, high }];
  });
  const covering = told.filter(({ growth, low, high }) => !isAbove(low, growth) && !isAbove(growth, high));
  return {
    verdicts: { pass: 0, warn: 0, fail: 0, inconclusive: 0, [verdict]: 1 },
    pairs: { [pairs]: 1 },
    open: Object.fromEntries(
      comparison.rows.filter((row) => row.verdict === 'inconclusive').map((row) => [keyOf(row), 1]),
    ),
    intervals: told.length,
    covering: covering.length,
  };
}

export function addTallies(tallies: readonly Tally[]): Tally {
  const sum = (part: (tally: Tally) => number) => tallies.reduce((total, tally) => total + part(tally), 0);
  return {
    verdicts: {
      pass: sum(({ verdicts }) => verdicts.pass),
      warn: sum(({ verdicts }) => verdicts.warn),
      fail: sum(({ verdicts }) => verdicts.fail),
      inconclusive: sum(({ verdicts }) => verdicts.inconclusive),
    },
    pairs: addCounts(tallies.map(({ pairs }) => pairs)),
    open: addCounts(tallies.map(({ open }) => open)),
    intervals: sum(({ intervals }) => intervals),
    covering: sum(({ covering }) => covering),
  };
}

function addCounts(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const counts of all)
    for (const [key, count] of Object.entries(counts)) sums[key] = (sums[key] ?? 0) + count;
  return sums;
}

export function gatesOf({ verdicts }: Tally): number {
  return Object.values(verdicts).reduce((sum, count) => sum + count, 0);
}

/** Pairs of boots that half of the gates took at most. */
export function medianPairs(tally: Tally): number {
  return quantilePairs(tally.pairs, gatesOf(tally) / 2);
}

export function meanPairs(tally: Tally): number {
  const all = Object.entries(tally.pairs).map(([pairs, gates]) => Number(pairs) * gates);
  return all.reduce((sum, each) => sum + each, 0) / gatesOf(tally);
}

/** The number of pairs at which so many gates are reached; the last one where there are fewer. */
function quantilePairs(counts: Readonly<Record<string, number>>, wanted: number): number {
  let reached = 0;
  let last = 0;
  for (const [pairs, gates] of Object.entries(counts)) {
    last = Number(pairs);
    reached += gates;
    if (reached >= wanted) break;
  }
  return last;
}

/** A row's name in a tally. */
export function keyOf({
  scenario,
  metric,
}: {
  readonly scenario: string;
  readonly metric: MetricName;
}): string {
  return `${metric} ${scenario}`;
}
