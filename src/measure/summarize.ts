import { type MetricName, metricNames } from '../engine/contract.ts';
import { median } from '../stats/median.ts';
import type { Boot, Measurement, Sample } from './record.ts';

/** Numbers of one side for a scenario and metric, in the metric's unit. */
export interface SideSummary {
  /** Of the boots' medians. */
  median: number;
  bootMedians: number[];
  /** Cycles that count, of all boots. */
  samples: number;
}

/** One side's numbers for a scenario and metric; undefined when nothing was measured after the warm-up. */
export function summarizeSide(
  measurement: Measurement,
  scenario: string,
  metric: MetricName,
): SideSummary | undefined {
  const values = measurement.boots.map((boot) => valuesOf(boot, scenario, metric));
  const bootMedians = values.filter((ofBoot) => ofBoot.length > 0).map(median);
  if (bootMedians.length === 0) return undefined;
  const samples = values.reduce((sum, ofBoot) => sum + ofBoot.length, 0);
  return { median: median(bootMedians), bootMedians, samples };
}

/** The metrics that any cycle after the warm-up has, in their usual order. */
export function measuredMetrics(measurement: Measurement): readonly MetricName[] {
  const samples = measurement.boots.flatMap((boot) => boot.samples).filter((sample) => !sample.warmup);
  return metricNames.filter((metric) => samples.some((sample) => sample.metrics[metric] !== undefined));
}

function valuesOf(boot: Boot, scenario: string, metric: MetricName): number[] {
  const counts = (sample: Sample) => !sample.warmup && sample.scenario === scenario;
  return boot.samples.filter(counts).flatMap((sample) => sample.metrics[metric] ?? []);
}

/** A scenario that repeats is a sum: the median of each of its parts, in the order they ran; empty where there is no sample. */
export function partMedians(measurement: Measurement, scenario: string, metric: MetricName): number[] {
  const samples = measurement.boots
    .flatMap((boot) => boot.samples)
    .filter((sample) => sample.scenario === scenario && !sample.warmup);
  const parts = samples[0]?.parts ?? [];
  return parts.map((_, index) => median(samples.flatMap((sample) => sample.parts?.[index]?.[metric] ?? [])));
}

/** Wall time from power-on until a guest was settled; undefined where none booted. */
export function medianReadyMs(measurement: Measurement): number | undefined {
  const times = measurement.boots.map((boot) => boot.readyMs);
  return times.length === 0 ? undefined : median(times);
}

/** An engine that knows of no agent gives one time, of the whole boot. */
export function hasAgent({ bootMs, readyMs }: Measurement['boots'][number]): boolean {
  return bootMs !== readyMs;
}
