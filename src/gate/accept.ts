import { formatAmount, metricLabels } from '../config/metrics.ts';
import type { MetricName } from '../engine/contract.ts';
import { pastDrift } from './drift.ts';
import { type Acceptance, type Comparison, comparisonsOf, type Matrix, type Row } from './record.ts';
import { isAbove } from './thresholds.ts';

/** Head medians in the metric's unit, by scenario (in a matrix by `ENTRY/SCENARIO`) and metric. */
export type Sizes = Readonly<Record<string, Readonly<Record<string, number>>>>;

/**
 * Whether growth alone makes it fail, which a label can accept. An entry that is missing has no size that anybody could have looked at.
 */
export function failsByGrowth(record: Comparison | Matrix): boolean {
  if (record.verdict !== 'fail') return false;
  if (record.schema === 'snapgate/comparison') return true;
  const { entries, allowMissing } = record;
  const complete = allowMissing || entries.every(({ comparison }) => comparison !== undefined);
  return complete && entries.some(({ comparison }) => comparison?.verdict === 'fail');
}

/** The same with the verdict `pass` and who accepted it; the rows keep their verdicts. */
export function acceptGrowth<T extends Comparison | Matrix>(record: T, acceptance: Acceptance): T {
  return {
    ...record,
    verdict: 'pass',
    headline: `accepted: ${record.headline}`,
    accepted: { by: acceptance.by, at: acceptance.at, commit: acceptance.commit },
  };
}

/** What each row that fails has now: what a label accepts that is set after it was shown. */
export function failedSizes(record: Comparison | Matrix): Sizes {
  const sizes = new Map<string, Record<string, number>>();
  for (const { key, row } of failingRows(record)) {
    const median = row.head?.median;
    if (median !== undefined) sizes.set(key, { ...sizes.get(key), [row.metric]: median });
  }
  return Object.fromEntries(sizes);
}

/** The first row that fails beyond what was accepted, as one clause with both numbers; undefined where all are within it. */
export function pastAccepted(record: Comparison | Matrix, accepted: Sizes): string | undefined {
  const found = failingRows(record).find(({ key, row }) => isPast(row, sizeOf(accepted, key, row.metric)));
  if (found === undefined) return undefined;
  const { key, row } = found;
  const size = sizeOf(accepted, key, row.metric);
  const now = row.head === undefined ? 'not measured' : formatAmount(row.metric, row.head.median);
  const than =
    size === undefined
      ? 'of which nothing was accepted'
      : `past the accepted ${formatAmount(row.metric, size)}`;
  return `${metricLabels[row.metric]} of ${key} is ${now}, ${than}`;
}

/**
 * Whether a row has grown past what was accepted, by the row's own limits as if that were its base: both must be exceeded. What was not
 * accepted at all is past it.
 */
export function isPast({ head, thresholds }: Row, accepted: number | undefined): boolean {
  if (head === undefined || accepted === undefined) return true;
  const growth = accepted > 0 ? head.median / accepted - 1 : Number.POSITIVE_INFINITY;
  return isAbove(growth, thresholds.failAbove) && isAbove(head.median - accepted, thresholds.minGrowth);
}

/** A scenario may be called `constructor`. */
function sizeOf(sizes: Sizes, key: string, metric: MetricName): number | undefined {
  return Object.hasOwn(sizes, key) ? sizes[key]?.[metric] : undefined;
}

interface FailingRow {
  readonly key: string;
  readonly row: Row;
}

/** An entry's name has no slash, so that the keys of two entries never meet. A row that has crept too far fails by its history. */
function failingRows(record: Comparison | Matrix): readonly FailingRow[] {
  return comparisonsOf(record).flatMap(({ entry, comparison }) =>
    comparison.rows
      .filter((row) => row.verdict === 'fail' || hasCrept(comparison, row))
      .map((row) => ({ key: entry === null ? row.scenario : `${entry}/${row.scenario}`, row })),
  );
}

function hasCrept(comparison: Comparison, { scenario, metric }: Row): boolean {
  return pastDrift(comparison).some((crept) => crept.scenario === scenario && crept.metric === metric);
}
