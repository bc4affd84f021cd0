import { formatAmount, formatChange, formatThreshold, metricLabels } from '../config/metrics.ts';
import { formatGrowth } from '../host/units.ts';
import { noVerdictClause, outcomeWords } from './outcome.ts';
import type { NoVerdict, Row, Verdict } from './record.ts';
import { isAbove } from './thresholds.ts';

/** Scenarios or entries that are named in one list. */
const mostNamed = 5;

/** What a headline must know of the two sides besides the rows. */
export interface Sides {
  readonly hasBase: boolean;
  readonly identicalImages: boolean;
  readonly noVerdict: NoVerdict | undefined;
}

/** One line of plain text. The scenarios' names in it are the user's, and so may be the reason: escape before showing. */
export function headlineOf(verdict: Verdict, rows: readonly Row[], sides: Sides): string {
  const { noVerdict } = sides;
  if (noVerdict && verdict !== 'fail') return noVerdictClause(noVerdict);
  const deciding = rows.filter((row) => row.verdict === verdict).sort(byWeight);
  const first = deciding[0];
  const improved = rows
    .filter((row) => row.improved)
    .sort(byWeight)
    .toReversed();
  if (verdict === 'pass' || first === undefined) return passed(deciding, improved, sides, rows);
  const change = `${changeOf(first)} ${limitOf(first, verdict)}${andOf(deciding)}`;
  const state = noVerdict ? `; ${outcomeWords[noVerdict.state]}` : '';
  return `${change}${improvedToo(improved)}${state}`;
}

/** Names as many as a line bears: `a, b and 3 more`. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, mostNamed).join(', ');
  const rest = names.length - mostNamed;
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}

function passed(
  deciding: readonly Row[],
  improved: readonly Row[],
  { hasBase, identicalImages }: Sides,
  rows: readonly Row[],
): string {
  if (identicalImages) return 'no change: both images are the same bytes';
  if (!hasBase) return withoutBase(rows);
  const [best] = improved;
  if (best) return `${changeOf(best)} (improved)${andOf(improved)}`;
  return noGrowth(deciding);
}

function withoutBase(rows: readonly Row[]): string {
  const capped = rows.some((row) => row.thresholds.max !== undefined && row.gates);
  return capped
    ? 'within all caps (no base to compare with)'
    : 'no base to compare with, and no caps to hold';
}

function noGrowth(rows: readonly Row[]): string {
  const limits = [...new Set(rows.map((row) => row.thresholds.failAbove))];
  const limit = limits.length === 1 && limits[0] !== undefined ? formatThreshold(limits[0]) : 'the limits';
  return `no growth above ${limit}`;
}

/** Beside what is worse: as loud, for it is as true. */
function improvedToo(improved: readonly Row[]): string {
  const names = improved.map(
    (row) =>
      `${row.scenario} ${row.growth ? formatGrowth(row.growth.value) : formatChange(row.metric, row.difference?.value ?? 0)}`,
  );
  return names.length === 0 ? '' : `; improved: ${listed(names)}`;
}

function changeOf(row: Row): string {
  const label = `${metricLabels[row.metric]} of ${row.scenario}`;
  const { trend } = row.head ?? {};
  if (row.failedBy === 'trend')
    return trend
      ? `${label} +${formatAmount(row.metric, trend.value)} with each cycle`
      : `${label} grows with each cycle`;
  if (isOverCap(row)) return `${label} ${formatAmount(row.metric, row.head?.median ?? 0)} per cycle`;
  if (row.growth) return `${label} ${formatGrowth(row.growth.value)} per cycle`;
  return row.difference
    ? `${label} from ${formatAmount(row.metric, row.base?.median ?? 0)} to ${formatAmount(row.metric, row.head?.median ?? 0)} per cycle`
    : label;
}

function limitOf(row: Row, verdict: Verdict): string {
  const { failAbove, warnAbove, max, maxTrend } = row.thresholds;
  if (row.failedBy === 'trend' && maxTrend !== undefined)
    return `(max-trend ${formatAmount(row.metric, maxTrend)})`;
  if (verdict === 'inconclusive') return '(not enough to decide)';
  if (max !== undefined && isOverCap(row)) return `(cap ${formatAmount(row.metric, max)})`;
  if (verdict === 'warn' && warnAbove !== undefined) return `(warns above +${formatThreshold(warnAbove)})`;
  return `(fails above +${formatThreshold(failAbove)})`;
}

function andOf(rows: readonly Row[]): string {
  const names = [...new Set(rows.map((row) => row.scenario))].slice(1);
  return names.length === 0 ? '' : `; also ${listed(names)}`;
}

function isOverCap({ thresholds, head }: Row): boolean {
  return thresholds.max !== undefined && head !== undefined && isAbove(head.median, thresholds.max);
}

/** Largest growth first. */
function byWeight(a: Row, b: Row): number {
  return weight(b) - weight(a);
}

function weight(row: Row): number {
  return row.growth?.value ?? (row.difference ? Math.sign(row.difference.value) * 1e6 : 0);
}
