import { type MetricName, metricNames } from '../engine/contract.ts';
import { errorOfLocation, locationOf } from '../stats/location.ts';
import { outliersOf } from '../stats/outliers.ts';
import type { Boot, Sample } from './record.ts';

/** A cycle by its place in its boot, with its value in the metric's unit. */
export interface Cycle {
  readonly round: number;
  /** ms since the boot's power-on. */
  readonly atMs: number;
  readonly value: number;
}

/** Cycles of one boot that count, for one scenario and metric, in order of rounds. */
export interface CountedCycles {
  readonly cycles: readonly Cycle[];
  /** Of each cycle, in the metric's unit. */
  readonly values: readonly number[];
  /** What follows from them, once it is asked for; of no cycles there is none. */
  readonly numbers: () => CycleNumbers;
}

export interface CycleNumbers {
  /** Interquartile mean. */
  readonly location: number;
  /** Standard error of the location, from the cycles' own spread. */
  readonly error: number;
  /** Far from the median, in order of rounds. */
  readonly outliers: readonly Cycle[];
}

/** What is asked of a boot's samples again and again. */
interface BootIndex {
  /** The samples of each scenario, in order of rounds. */
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  /** Metrics of the samples after the warm-up. */
  readonly metrics: ReadonlySet<MetricName>;
  /** Rounds from the first to the last that was told to be warm-up. */
  readonly warmupRounds: number;
  readonly counted: Map<string, CountedCycles>;
}

/** Boots are records, which nothing changes: a gate that looks after every boot goes through each of them once. */
const indexes = new WeakMap<Boot, BootIndex>();

export function bootIndexOf(boot: Boot): BootIndex {
  const known = indexes.get(boot);
  if (known !== undefined) return known;
  const { samples } = boot;
  const afterWarmup = samples.filter(({ warmup }) => !warmup);
  const index = {
    // A record of another's hand may have them in any order.
    samples: Map.groupBy(
      samples.toSorted((a, b) => a.round - b.round),
      ({ scenario }) => scenario,
    ),
    metrics: new Set(
      metricNames.filter((metric) => afterWarmup.some(({ metrics }) => metrics[metric] !== undefined)),
    ),
    warmupRounds: samples.reduce((most, { warmup, round }) => (warmup ? Math.max(most, round + 1) : most), 0),
    counted: new Map<string, CountedCycles>(),
  };
  indexes.set(boot, index);
  return index;
}

/** Without the first `warmupRounds`. */
export function countedCycles(
  boot: Boot,
  scenario: string,
  metric: MetricName,
  warmupRounds: number,
): CountedCycles {
  const { counted, samples } = bootIndexOf(boot);
  const key = `${warmupRounds} ${metric} ${scenario}`;
  const known = counted.get(key);
  if (known !== undefined) return known;
  const cycles = (samples.get(scenario) ?? []).flatMap(({ round, atMs, metrics }) => {
    const value = metrics[metric];
    return round >= warmupRounds && value !== undefined ? [{ round, atMs, value }] : [];
  });
  const values = cycles.map(({ value }) => value);
  const found = { cycles, values, numbers: once(() => cycleNumbers(cycles, values, metric)) };
  counted.set(key, found);
  return found;
}

function once<T>(compute: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => {
    known ??= { value: compute() };
    return known.value;
  };
}

/** The step in which bytes of memory and of disks come. */
const blockBytes = 4096;

function cycleNumbers(cycles: readonly Cycle[], values: readonly number[], metric: MetricName): CycleNumbers {
  const quantum = metric.endsWith('Bytes') ? blockBytes : 0;
  return {
    location: locationOf(values),
    error: errorOfLocation(values),
    outliers: outliersOf(values, quantum).flatMap((index) => cycles[index] ?? []),
  };
}
