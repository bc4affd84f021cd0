import type { GateConfig } from '../config/types.ts';
import { type MetricName, metricNames } from '../engine/contract.ts';
import { imageKey } from '../measure/image-key.ts';
import type { Measurement } from '../measure/record.ts';
import { measuredMetrics } from '../measure/summarize.ts';
import { holmEstablished } from '../stats/holm.ts';
import { alpha, type Evidence, excludesNone } from './decide.ts';
import { looksOf } from './looks.ts';
import { numbersOf } from './numbers.ts';
import type { NoVerdict } from './record.ts';
import { gatingMetrics, thresholdsFor } from './thresholds.ts';

/** Two sides, of which base may be missing. With `noVerdict` no number of base is used; where there is one, it is only named. */
export interface Pair {
  readonly base?: Measurement | undefined;
  readonly head: Measurement;
  readonly noVerdict?: NoVerdict | undefined;
}

/** What is known of one scenario and metric before it is known what else was tested. */
export type Facts = Omit<Evidence, 'established' | 'trendIsPast'> & { readonly scenario: string };

/** A pair with the numbers of all its scenarios and metrics. */
export interface GatheredPair {
  readonly pair: Pair;
  readonly looks: number;
  readonly identicalImages: boolean;
  readonly facts: readonly Facts[];
}

export function gatherFacts(pair: Pair, config: GateConfig): GatheredPair {
  const { head, noVerdict } = pair;
  const base = noVerdict === undefined ? pair.base : undefined;
  const identicalImages = base !== undefined && sameImage(base.image, head.image);
  const measured = new Set([base, head].flatMap((side) => (side ? measuredMetrics(side) : [])));
  const metrics = metricNames.filter((metric) => measured.has(metric));
  const looks = looksOf([base, head]);
  const rows = head.scenarios.flatMap(({ name: scenario, repeat }) =>
    metrics.map((metric) => ({ scenario, metric, applied: thresholdsFor(config, scenario, metric, repeat) })),
  );
  const level = alpha / Math.max(1, rows.filter(({ applied }) => applied.gates).length);
  const facts = rows.map((row) => ({
    ...row,
    ...numbersOf(base, head, row.scenario, row.metric, { level, limit: row.applied.thresholds.maxTrend }),
    hasBase: base !== undefined,
    noVerdict,
    identicalImages,
    looks,
  }));
  return { pair, looks, identicalImages, facts };
}

/** What is told from chance, of growth and of trends, though each had several chances. */
export interface Established {
  readonly growth: ReadonlySet<Facts>;
  /** Above `max-trend`. */
  readonly trend: ReadonlySet<Facts>;
}

/**
 * Several rows are several chances of a false alarm, of one comparison or of a whole matrix: only those that gate count, and Holm's correction is
 * over all that are given here, growth and trends. Several looks are several chances too: each spends an equal share of alpha, which keeps
 * the sum at alpha whatever the looks have in common (Bonferroni's inequality; as a spending function: K. Lan and D. DeMets, Biometrika 70, 1983).
 */
export function establishedFacts(facts: readonly Facts[]): Established {
  const growths = facts.flatMap((fact) =>
    fact.applied.gatesGrowth && fact.contrast?.pValue !== undefined
      ? [{ fact, kind: 'growth' as const, pValue: fact.contrast.pValue }]
      : [],
  );
  const trends = facts.flatMap((fact) =>
    fact.applied.gates && fact.limitTrend !== undefined
      ? [{ fact, kind: 'trend' as const, pValue: fact.limitTrend.pValue }]
      : [],
  );
  const tests = [...growths, ...trends];
  const told = holmEstablished(
    tests.map(({ fact, pValue }) => Math.min(1, pValue * fact.looks)),
    alpha,
  );
  const of = (kind: 'growth' | 'trend') =>
    tests.filter((test, index) => told[index] && test.kind === kind).map(({ fact }) => fact);
  return {
    growth: new Set(of('growth').filter(({ contrast }) => contrast && excludesNone(contrast))),
    trend: new Set(of('trend').filter(isPastLimit)),
  };
}

function isPastLimit({ limitTrend, applied }: Facts): boolean {
  const { maxTrend } = applied.thresholds;
  return limitTrend !== undefined && maxTrend !== undefined && limitTrend.slope.value > maxTrend;
}

/** The metrics that each measured side must have, for their rows gate. */
export function metricsThatGate(head: Measurement, config: GateConfig): readonly MetricName[] {
  const scenarios = head.scenarios.map((scenario) => scenario.name);
  const overridden = Object.values(config.overrides).flatMap((metrics) => metricNamesOf(metrics));
  const named = new Set([...config.gatedMetrics, ...metricNamesOf(config.caps), ...overridden]);
  return gatingMetrics(config, scenarios, [...named]);
}

function metricNamesOf(record: Readonly<Partial<Record<MetricName, unknown>>>): MetricName[] {
  return metricNames.filter((metric) => record[metric] !== undefined);
}

/** Whether two images are the same bytes, for all that a guest is booted from. */
export function sameImage(base: Measurement['image'], head: Measurement['image']): boolean {
  const key = imageKey(base);
  return key !== undefined && key === imageKey(head);
}
