import type { GateConfig } from '../config/types.ts';
import { type MetricName, metricNames } from '../engine/contract.ts';
import { imageKey } from '../measure/image-key.ts';
import type { Measurement } from '../measure/record.ts';
import { measuredMetrics } from '../measure/summarize.ts';
import type { Contrast } from '../stats/contrast.ts';
import { holmEstablished } from '../stats/holm.ts';
import { alpha, type Evidence } from './decide.ts';
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
export type Facts = Omit<Evidence, 'established'> & { readonly scenario: string };

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
  const trendLevel = alpha / looks / Math.max(1, rows.filter(({ applied }) => applied.gates).length);
  const facts = rows.map((row) => ({
    ...row,
    ...numbersOf(base, head, row.scenario, row.metric, {
      level: trendLevel,
      limit: row.applied.thresholds.maxTrend,
    }),
    hasBase: base !== undefined,
    noVerdict,
    identicalImages,
    looks,
  }));
  return { pair, looks, identicalImages, facts };
}

/**
 * Several rows are several chances of a false alarm, of one comparison or of a whole matrix: only those that gate by growth count, and
 * Holm's correction is over all that are given here. Several looks are several chances too: each spends an equal share of alpha, which keeps
 * the sum at alpha whatever the looks have in common (Bonferroni's inequality; as a spending function: K. Lan and D. DeMets, Biometrika 70, 1983).
 */
export function establishedFacts(facts: readonly Facts[]): ReadonlySet<Facts> {
  const tested = facts.filter((fact) => fact.applied.gatesGrowth && fact.contrast?.pValue !== undefined);
  const pValues = tested.map(({ contrast, looks }) => Math.min(1, (contrast?.pValue ?? 1) * looks));
  const established = holmEstablished(pValues, alpha);
  return new Set(tested.filter((fact, index) => established[index] && excludesNone(fact.contrast)));
}

/** The metrics that each measured side must have, for their rows gate. */
export function metricsThatGate(head: Measurement, config: GateConfig): readonly MetricName[] {
  const scenarios = head.scenarios.map((scenario) => scenario.name);
  const overridden = Object.values(config.overrides).flatMap((metrics) => metricNamesOf(metrics));
  const named = [...config.gatedMetrics, ...metricNamesOf(config.caps), ...overridden];
  return gatingMetrics(config, scenarios, named);
}

function metricNamesOf(record: Readonly<Partial<Record<MetricName, unknown>>>): MetricName[] {
  return metricNames.filter((metric) => record[metric] !== undefined);
}

/** Whether two images are the same bytes, for all that a guest is booted from. */
export function sameImage(base: Measurement['image'], head: Measurement['image']): boolean {
  const key = imageKey(base);
  return key !== undefined && key === imageKey(head);
}

/** The interval that is shown must say it too; it is wider than the test's where a stray boot pulls mean and median apart. */
function excludesNone(contrast: Contrast | undefined): boolean {
  const interval = contrast?.growth ?? contrast?.difference;
  if (interval?.low === undefined || interval.high === undefined) return false;
  return interval.low > 0 || interval.high < 0;
}
