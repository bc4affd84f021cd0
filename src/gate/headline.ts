import { formatAmount, formatThreshold, metricLabels } from '../config/metrics.ts';
import { formatGrowth } from '../host/units.ts';
import type { Row, Verdict } from './record.ts';

/** Scenarios named after the first one. */
const mostNamed = 5;

/** One line of plain text. The scenarios' names in it are the user's: escape before showing. */
export function headlineOf(
  verdict: Verdict,
  rows: readonly Row[],
  side: { readonly hasBase: boolean; readonly identicalImages: boolean },
): string {
  const deciding = rows.filter((row) => row.verdict === verdict).sort(byWeight);
  const first = deciding[0];
  if (verdict !== 'pass' && first) return `${changeOf(first)} ${limitOf(first, verdict)}${andOf(deciding)}`;
  if (side.identicalImages) return 'no change: both images are the same bytes';
  if (!side.hasBase) return withoutBase(rows);
  const improved = rows.filter((row) => row.improved).sort(byWeight);
  const best = improved.at(-1);
  if (best) return `${changeOf(best)} (improved)${andOf(improved.toReversed())}`;
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

function changeOf(row: Row): string {
  const label = `${metricLabels[row.metric]} of ${row.scenario}`;
  if (isOverCap(row)) return `${label} ${formatAmount(row.metric, row.head?.median ?? 0)} per cycle`;
  if (row.growth) return `${label} ${formatGrowth(row.growth.value)} per cycle`;
  return row.difference
    ? `${label} from ${formatAmount(row.metric, row.base?.median ?? 0)} to ${formatAmount(row.metric, row.head?.median ?? 0)} per cycle`
    : label;
}

function limitOf(row: Row, verdict: Verdict): string {
  const { failAbove, warnAbove, max } = row.thresholds;
  if (verdict === 'inconclusive') return '(not enough to decide)';
  if (max !== undefined && isOverCap(row)) return `(cap ${formatAmount(row.metric, max)})`;
  if (verdict === 'warn' && warnAbove !== undefined) return `(warns above +${formatThreshold(warnAbove)})`;
  return `(fails above +${formatThreshold(failAbove)})`;
}

function andOf(rows: readonly Row[]): string {
  const names = [...new Set(rows.map((row) => row.scenario))].slice(1);
  if (names.length === 0) return '';
  const shown = names.slice(0, mostNamed).join(', ');
  const rest = names.length - mostNamed;
  return rest > 0 ? `; also ${shown} and ${rest} more` : `; also ${shown}`;
}

function isOverCap({ thresholds, head }: Row): boolean {
  return thresholds.max !== undefined && head !== undefined && head.median > thresholds.max;
}

/** Largest growth first. */
function byWeight(a: Row, b: Row): number {
  return weight(b) - weight(a);
}

function weight(row: Row): number {
  return row.growth?.value ?? (row.difference ? Math.sign(row.difference.value) * 1e6 : 0);
}
