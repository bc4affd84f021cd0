import { type MetricName, metricNames } from '../engine/contract.ts';
import { mean, median } from '../stats/median.ts';
import { detectWarmup } from '../stats/warmup.ts';
import { bootIndexOf, type CountedCycles, countedCycles } from './boot-index.ts';
import type { Measurement } from './record.ts';

/** Numbers of one side for a scenario and metric, in the metric's unit. */
export interface SideSummary {
  /** Of the boots' locations. */
  median: number;
  /** Each boot's interquartile mean, see `locationOf`. */
  bootLocations: number[];
  /** Cycles that count, of all boots. */
  samples: number;
  /** Of all of them: what storing them costs. */
  mean: number;
  /** First rounds of each boot that do not: those that were asked for, and those that were found to be warm-up too. */
  warmupRounds: number;
  /** Of those, as many were asked for. */
  askedWarmupRounds: number;
  /** Cycles that count and are far from the median of their boot, in order of boots. */
  outliers: Outlier[];
}

/** A cycle by its place, with its value in the metric's unit. */
export interface Outlier {
  /** 0-based, among the boots of the record. */
  boot: number;
  round: number;
  /** ms since the boot's power-on. */
  atMs: number;
  value: number;
}

/**
 * One side's numbers for a scenario and metric; undefined when nothing was measured after the warm-up.
 *
 * @param warmupRounds rounds to leave out; the side's own if not given, see `warmupRoundsOf`
 */
export function summarizeSide(
  measurement: Measurement,
  scenario: string,
  metric: MetricName,
  warmupRounds = warmupRoundsOf(measurement, scenario, metric),
): SideSummary | undefined {
  const boots = cyclesOf(measurement, scenario, metric, warmupRounds);
  const bootLocations = boots
    .filter(({ values }) => values.length > 0)
    .map(({ numbers }) => numbers().location);
  if (bootLocations.length === 0) return undefined;
  const all = boots.flatMap(({ values }) => values);
  return {
    median: median(bootLocations),
    bootLocations,
    samples: all.length,
    mean: mean(all),
    warmupRounds,
    askedWarmupRounds: askedWarmupRounds(measurement),
    outliers: boots.flatMap(({ numbers }, boot) => numbers().outliers.map((cycle) => ({ boot, ...cycle }))),
  };
}

/** First rounds of each boot that are warm-up: those that were asked for, and those that differ from the rest as well. */
export function warmupRoundsOf(measurement: Measurement, scenario: string, metric: MetricName): number {
  const known = warmups.get(measurement) ?? new Map<string, number>();
  warmups.set(measurement, known);
  const key = `${metric} ${scenario}`;
  const rounds = known.get(key) ?? findWarmup(measurement, scenario, metric);
  known.set(key, rounds);
  return rounds;
}

/** A gate, its report and a history ask the same of one record. */
const warmups = new WeakMap<Measurement, Map<string, number>>();

function findWarmup(measurement: Measurement, scenario: string, metric: MetricName): number {
  const boots = cyclesOf(measurement, scenario, metric, 0);
  return detectWarmup(
    boots.map(({ values }) => values),
    askedWarmupRounds(measurement),
  );
}

/** Values of the cycles that count, by boot and round, in the metric's unit; boots without any are left out. */
export function countedValues(
  measurement: Measurement,
  scenario: string,
  metric: MetricName,
  warmupRounds: number,
): (readonly number[])[] {
  const boots = cyclesOf(measurement, scenario, metric, warmupRounds);
  return boots.map(({ values }) => values).filter((values) => values.length > 0);
}

/** Standard error of each boot's location, from the spread of its cycles, in the metric's unit; boots without any are left out. */
export function locationErrors(
  measurement: Measurement,
  scenario: string,
  metric: MetricName,
  warmupRounds: number,
): number[] {
  const boots = cyclesOf(measurement, scenario, metric, warmupRounds);
  return boots.filter(({ values }) => values.length > 0).map(({ numbers }) => numbers().error);
}

/** The metrics that any cycle after the warm-up has, in their usual order. */
export function measuredMetrics(measurement: Measurement): readonly MetricName[] {
  const ofBoots = measurement.boots.map((boot) => bootIndexOf(boot).metrics);
  return metricNames.filter((metric) => ofBoots.some((metrics) => metrics.has(metric)));
}

function cyclesOf(
  { boots }: Measurement,
  scenario: string,
  metric: MetricName,
  warmupRounds: number,
): CountedCycles[] {
  return boots.map((boot) => countedCycles(boot, scenario, metric, warmupRounds));
}

/** First rounds of each boot that were asked for as warm-up, which is the same of all boots of a measurement. */
export function askedWarmupRounds({ boots }: Measurement): number {
  return boots.reduce((most, boot) => Math.max(most, bootIndexOf(boot).warmupRounds), 0);
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
