import { formatAmount, formatChange, formatThreshold } from '../config/metrics.ts';
import type { MetricName } from '../engine/contract.ts';
import { formatGrowth } from '../host/units.ts';
import type { Contrast, Interval } from '../stats/contrast.ts';
import { chancePast } from '../stats/likelihood.ts';
import { bootsToResolve } from '../stats/planning.ts';
import type { Trend } from '../stats/trend.ts';
import { noVerdictClause } from './outcome.ts';
import type { NoVerdict, Row, SideSummary, Slope, Verdict } from './record.ts';
import { type Applied, isAbove } from './thresholds.ts';

/** Chance of a false alarm over all rows that gate together. */
export const alpha = 0.05;

/** More boots than this are not proposed to anyone. */
const mostBoots = 100;

/** Everything that one row's verdict follows from. */
export interface Evidence {
  readonly metric: MetricName;
  readonly applied: Applied;
  readonly base: SideSummary | undefined;
  readonly head: SideSummary | undefined;
  readonly hasBase: boolean;
  /** Why there is no base, where one was asked for. */
  readonly noVerdict: NoVerdict | undefined;
  readonly contrast: Contrast | undefined;
  /** Head's trend, tested against `max-trend`; undefined without one, or with too few cycles. */
  readonly limitTrend: Trend | undefined;
  /** It is told from one at the limit, and above it, after the same correction. */
  readonly trendIsPast: boolean;
  /** The change is told from none, after Holm's correction over all rows that gate. */
  readonly established: boolean;
  readonly identicalImages: boolean;
  /** Looks that the plan of the measuring allows: see `looksOf`. */
  readonly looks: number;
}

export interface Decision {
  readonly verdict: Verdict;
  readonly reason: string;
  /** Which limit a `fail` is past. */
  readonly failedBy?: Row['failedBy'];
}

/**
 * The verdict of a row that gates, by the first rule that holds: a cap that is exceeded; a trend that is; no base, or the same image twice; too
 * little measured; an established growth past the limits; a warning; a fail ruled out, also one by its trend; not enough to say.
 */
export function decide(evidence: Evidence): Decision {
  const decision = overCap(evidence) ?? overTrend(evidence) ?? withoutGrowth(evidence) ?? byGrowth(evidence);
  return (decision.verdict === 'pass' ? openTrend(evidence) : undefined) ?? decision;
}

/** Whether a change is established at all, for better or worse: its interval excludes none even after the correction. */
export function improves(evidence: Evidence): boolean {
  const { contrast, established, applied, identicalImages } = evidence;
  if (contrast === undefined || !established || identicalImages || !applied.gatesGrowth) return false;
  return contrast.difference.value < -applied.thresholds.minGrowth;
}

function overCap({ applied, head, metric }: Evidence): Decision | undefined {
  const { max } = applied.thresholds;
  if (max === undefined || head === undefined || !isAbove(head.median, max)) return undefined;
  return {
    verdict: 'fail',
    failedBy: 'cap',
    reason: `${formatAmount(metric, head.median)} is above the cap of ${formatAmount(metric, max)}.`,
  };
}

function overTrend({ trendIsPast, limitTrend, applied, metric }: Evidence): Decision | undefined {
  const { maxTrend } = applied.thresholds;
  if (!trendIsPast || maxTrend === undefined || limitTrend === undefined) return undefined;
  const limit = formatAmount(metric, maxTrend);
  return {
    verdict: 'fail',
    failedBy: 'trend',
    reason: `${trendClause(metric, limitTrend.slope)}, which is above max-trend, ${limit} a cycle.`,
  };
}

/** A leak that is not ruled out is no pass. */
function openTrend({ applied, limitTrend, metric, head }: Evidence): Decision | undefined {
  const { maxTrend } = applied.thresholds;
  if (maxTrend === undefined || head === undefined) return undefined;
  if (limitTrend !== undefined && !isAbove(limitTrend.slope.high, maxTrend)) return undefined;
  const limit = formatAmount(metric, maxTrend);
  const reason =
    limitTrend === undefined
      ? `Too few cycles for a trend; five after the warm-up have one, and max-trend is ${limit} a cycle.`
      : `A trend above max-trend, ${limit} a cycle, is not ruled out (at most ${formatAmount(metric, limitTrend.slope.high)}); more cycles, or more boots, would decide.`;
  return { verdict: 'inconclusive', reason };
}

/** `Grows by 12.0 KiB with each cycle (11.2 KiB … 12.9 KiB)`: from one cycle of a scenario to its next. */
export function trendClause(metric: MetricName, { value, low, high }: Slope): string {
  const [from, to] = [low, high].map((bound) => formatChange(metric, bound));
  return `Grows by ${formatAmount(metric, value)} with each cycle (${from} … ${to})`;
}

function withoutGrowth(evidence: Evidence): Decision | undefined {
  const { applied, head, hasBase, base, metric, identicalImages, noVerdict } = evidence;
  const { max } = applied.thresholds;
  if (identicalImages && head === undefined && noVerdict === undefined && max === undefined) return sameBytes;
  if (head === undefined || (applied.gatesGrowth && hasBase && base === undefined)) {
    const side = head === undefined ? 'head' : 'base';
    return {
      verdict: 'inconclusive',
      reason: `Not measured on ${side}: no cycle of it was finished; more time-budget would decide.`,
    };
  }
  const within = max === undefined ? '' : `Within the cap of ${formatAmount(metric, max)}`;
  if (!applied.gatesGrowth) return { verdict: 'pass', reason: `${within}.` };
  if (noVerdict) {
    const why = `${noVerdictClause(noVerdict)}.`;
    return { verdict: 'inconclusive', reason: within ? `${within}; ${why}` : capitalized(why) };
  }
  if (!hasBase)
    return { verdict: 'pass', reason: within ? `${within}; no base.` : 'No base to compare with.' };
  if (!identicalImages) return undefined;
  return sameBytes;
}

const sameBytes: Decision = {
  verdict: 'pass',
  reason: 'Both images are the same bytes: nothing can have grown.',
};

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function byGrowth(evidence: Evidence): Decision {
  const { contrast, metric } = evidence;
  if (contrast?.differenceTest === undefined) return tooFewBoots(evidence);
  const found = describeChange(metric, contrast);
  return (
    failed(evidence, contrast, found) ??
    warned(evidence, contrast, found) ??
    passed(evidence, contrast, found) ?? {
      verdict: 'inconclusive',
      reason: undecided(evidence, contrast, found),
    }
  );
}

function tooFewBoots({ contrast, metric }: Evidence): Decision {
  const found = contrast === undefined ? '' : `${describeChange(metric, contrast)}, but `;
  return {
    verdict: 'inconclusive',
    reason: `${found}fewer than two boots on a side give no interval: give it a longer time-budget, or more boots.`,
  };
}

function failed(evidence: Evidence, contrast: Contrast, found: string): Decision | undefined {
  const { failAbove, minGrowth } = evidence.applied.thresholds;
  if (!grewPast(evidence, contrast, failAbove)) return undefined;
  const floor = formatAmount(evidence.metric, minGrowth);
  return {
    verdict: 'fail',
    failedBy: 'growth',
    reason: `${found} is established, above ${formatThreshold(failAbove)} and above ${floor}.`,
  };
}

function warned(evidence: Evidence, contrast: Contrast, found: string): Decision | undefined {
  const { warnAbove } = evidence.applied.thresholds;
  if (warnAbove === undefined || !grewPast(evidence, contrast, warnAbove)) return undefined;
  return {
    verdict: 'warn',
    reason: `${found} is established and above the warning at ${formatThreshold(warnAbove)}.`,
  };
}

/** From a base of 0 any growth is past any ratio: the absolute floor alone decides. */
function grewPast({ established, applied }: Evidence, contrast: Contrast, ratio: number): boolean {
  const relative = contrast.growth?.value ?? Number.POSITIVE_INFINITY;
  const { minGrowth } = applied.thresholds;
  return established && isAbove(relative, ratio) && isAbove(contrast.difference.value, minGrowth);
}

function passed(evidence: Evidence, contrast: Contrast, found: string): Decision | undefined {
  const { applied, metric } = evidence;
  const { failAbove, minGrowth } = applied.thresholds;
  if (improves(evidence)) {
    const less = formatAmount(metric, -contrast.difference.value);
    return { verdict: 'pass', reason: `${found} is established: ${less} less than base.` };
  }
  const { growth, difference } = contrast.atMost;
  if (growth !== undefined && !isAbove(growth, failAbove))
    return { verdict: 'pass', reason: `Growth above ${formatThreshold(failAbove)} is ruled out.` };
  if (difference === undefined || isAbove(difference, minGrowth)) return undefined;
  const high = formatChange(metric, difference);
  return {
    verdict: 'pass',
    reason: `At most ${high}, and a fail needs more than ${formatAmount(metric, minGrowth)}.`,
  };
}

function undecided(evidence: Evidence, contrast: Contrast, found: string): string {
  const { failAbove, minGrowth } = evidence.applied.thresholds;
  const why = evidence.established
    ? `${found} is established, but whether it is past the limits is not`
    : excludesNone(contrast)
      ? `${found} may still be chance among the rows that gate`
      : `${found} is not told from chance`;
  const likelier = likelierClause(evidence, contrast);
  const more = boots(evidence, contrast);
  const limits = `${formatThreshold(failAbove)} and ${formatAmount(evidence.metric, minGrowth)}`;
  return more === undefined
    ? `${why}; ${likelier}, but too near the limits (${limits}) for more boots to decide.`
    : `${why}; ${likelier}; about ${more} more ${more === 1 ? 'boot' : 'boots'} a side would decide.`;
}

/** `a pass is likelier (87 %)`: whether what is measured, taken alone, is past both limits. */
function likelierClause(evidence: Evidence, { ratioTest, differenceTest }: Contrast): string {
  const { failAbove, minGrowth } = evidence.applied.thresholds;
  const chances = [
    ...(ratioTest ? [chancePast(ratioTest, Math.log1p(failAbove))] : []),
    ...(differenceTest ? [chancePast(differenceTest, minGrowth)] : []),
  ];
  // One measured thing, two limits: past both is hardly likelier than past the farther.
  const fails = Math.min(...chances);
  const [word, chance] = fails > 0.5 ? ['fail', fails] : ['pass', 1 - fails];
  return `a ${word} is likelier (${Math.min(99, Math.round(100 * chance))} %)`;
}

/** The interval that is shown excludes none; it may be wider than the test's, where a stray boot pulls mean and median apart. */
export function excludesNone({ growth, difference }: Contrast): boolean {
  const { low, high } = growth ?? difference;
  return low !== undefined && high !== undefined && (low > 0 || high < 0);
}

/** Of the ways to a decision the nearest: told from none where that fails, below the ratio or the floor where that passes. */
function boots(evidence: Evidence, contrast: Contrast): number | undefined {
  const now = Math.min(evidence.base?.bootLocations.length ?? 0, evidence.head?.bootLocations.length ?? 0);
  const { failAbove, minGrowth } = evidence.applied.thresholds;
  const { ratioTest, differenceTest, growth, difference } = contrast;
  const tries: (number | undefined)[] = [];
  if (differenceTest) {
    tries.push(bootsToResolve(differenceTest, now, minGrowth - difference.value, 2 * alpha, mostBoots));
    const relative = growth?.value ?? Number.POSITIVE_INFINITY;
    const fails = isAbove(relative, failAbove) && isAbove(difference.value, minGrowth);
    const test = ratioTest ?? differenceTest;
    if (fails && !evidence.established)
      tries.push(bootsToResolve(test, now, Math.abs(test.difference), alpha / evidence.looks, mostBoots));
  }
  if (ratioTest && growth) {
    const room = Math.log1p(failAbove) - Math.log1p(growth.value);
    tries.push(bootsToResolve(ratioTest, now, room, 2 * alpha, mostBoots));
  }
  const needed = tries.filter((boot) => boot !== undefined);
  return needed.length === 0 ? undefined : Math.min(...needed) - now;
}

/** `+38.2 % (+33.0 % … +44.1 %)`, or the difference where the base is 0. */
function describeChange(metric: MetricName, { growth, difference }: Contrast): string {
  return growth === undefined
    ? withInterval(difference, (value) => formatChange(metric, value))
    : withInterval(growth, formatGrowth);
}

function withInterval({ value, low, high }: Interval, format: (value: number) => string): string {
  if (low === undefined || high === undefined) return format(value);
  return `${format(value)} (${format(low)} … ${format(high)})`;
}
