import { type MetricName, metricNames } from '../engine/contract.ts';
import type { Boot, Sample } from './record.ts';

/** What is asked of a boot's samples again and again. */
export interface BootIndex {
  /** The samples of each scenario, in the order they were taken. */
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  /** Metrics of the samples after the warm-up. */
  readonly metrics: ReadonlySet<MetricName>;
  /** Rounds from the first to the last that was told to be warm-up. */
  readonly warmupRounds: number;
}

/** Boots are records, which nothing changes: a gate that looks after every boot goes through each of them once. */
const indexes = new WeakMap<Boot, BootIndex>();

export function indexOf(boot: Boot): BootIndex {
  const known = indexes.get(boot);
  if (known !== undefined) return known;
  const { samples } = boot;
  const counted = samples.filter(({ warmup }) => !warmup);
  const index = {
    samples: Map.groupBy(samples, ({ scenario }) => scenario),
    metrics: new Set(
      metricNames.filter((metric) => counted.some(({ metrics }) => metrics[metric] !== undefined)),
    ),
    warmupRounds: samples.reduce((most, { warmup, round }) => (warmup ? Math.max(most, round + 1) : most), 0),
  };
  indexes.set(boot, index);
  return index;
}
