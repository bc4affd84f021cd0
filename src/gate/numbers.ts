import type { MetricName } from '../engine/contract.ts';
import type { Measurement } from '../measure/record.ts';
import {
  countedValues,
  locationErrors,
  type Outlier,
  type SideSummary as Summary,
  summarizeSide,
  warmupRoundsOf,
} from '../measure/summarize.ts';
import { type Contrast, contrastSides } from '../stats/contrast.ts';
import { type Trend, trendOf } from '../stats/trend.ts';
import { mostOutliers, type SideSummary } from './record.ts';

/** One scenario and metric, of both sides where there are two. */
export interface Numbers {
  readonly base: SideSummary | undefined;
  readonly head: SideSummary | undefined;
  readonly contrast: Contrast | undefined;
  /** Head's trend, tested against the limit; undefined without a limit, or with too few cycles. */
  readonly limitTrend: Trend | undefined;
}

/** How trends are told and tested. */
export interface TrendTest {
  /** Chance with which one is told where there is none. */
  readonly level: number;
  /** From a cycle to the scenario's next one, in the metric's unit; undefined: none. */
  readonly limit: number | undefined;
}

/** The rounds that are warm-up on either side are left out of both: a round is compared with its like. */
export function numbersOf(
  base: Measurement | undefined,
  head: Measurement,
  scenario: string,
  metric: MetricName,
  { level, limit }: TrendTest,
): Numbers {
  const sides = base === undefined ? [head] : [base, head];
  const warmup = Math.max(...sides.map((side) => warmupRoundsOf(side, scenario, metric)));
  const [ofBase, ofHead] = [base, head].map((side) => side && sideOf(side, scenario, metric, warmup, level));
  return {
    base: ofBase?.summary,
    head: ofHead?.summary,
    contrast:
      ofBase &&
      ofHead &&
      contrastSides(ofBase.summary.bootLocations, ofHead.summary.bootLocations, {
        base: ofBase.errors,
        head: ofHead.errors,
      }),
    limitTrend:
      limit === undefined ? undefined : trendOf(countedValues(head, scenario, metric, warmup), level, limit),
  };
}

function sideOf(
  side: Measurement,
  scenario: string,
  metric: MetricName,
  warmup: number,
  level: number,
): { readonly summary: SideSummary; readonly errors: readonly number[] } | undefined {
  const summary = summarizeSide(side, scenario, metric, warmup);
  if (summary === undefined) return undefined;
  const errors = locationErrors(side, scenario, metric, warmup);
  const trend = trendOf(countedValues(side, scenario, metric, warmup), level);
  // Only what grows is a finding: a guest that settles for long is none.
  const rises = trend?.established === true && trend.slope.value > 0;
  return { summary: { ...toRecord(summary), ...(rises && { trend: trend.slope }) }, errors };
}

function toRecord({ outliers, ...summary }: Summary): SideSummary {
  if (outliers.length === 0) return summary;
  return { ...summary, outliers: { count: outliers.length, farthest: farthestOf(outliers, summary.median) } };
}

function farthestOf(outliers: readonly Outlier[], center: number): Outlier[] {
  const far = outliers.toSorted((a, b) => Math.abs(b.value - center) - Math.abs(a.value - center));
  const named = new Set(far.slice(0, mostOutliers));
  return outliers.filter((outlier) => named.has(outlier));
}
