import { setImmediate } from 'node:timers/promises';
import { formatThreshold, metricLabels } from '../config/metrics.ts';
import type { GateConfig } from '../config/types.ts';
import type { MetricName } from '../engine/contract.ts';
import { formatGrowth } from '../host/units.ts';
import { fitLevels, type LevelFit, levelAt, restsAbout, type Step, stepsOf } from '../stats/change-points.ts';
import { driftOf } from '../stats/drift.ts';
import { median } from '../stats/median.ts';
import { leastEntries } from '../stats/partition.ts';
import { overallVerdict } from './compare.ts';
import {
  type BranchHistory,
  type HistoryPoint,
  pickEntries,
  type Series,
  seriesOf,
  valuesOf,
} from './history-series.ts';
import type { Comparison, Drift, HistoryPart, HistoryRow, HistoryStep, Row } from './record.ts';
import { isAbove, thresholdsFor } from './thresholds.ts';

/** Why nothing that was stored of a branch is known: one clause, which may quote what is foreign. */
export interface NoHistory {
  readonly absent: string;
}

/** Chances of a step, and of a creep up or down, where there is none: of all rows together, of which each has an equal share. */
const stepLevel = 0.001;
const driftLevel = 0.005;

/** Even where there are few rows a share is no larger than of so many: what is skewed exceeds it. */
const leastShares = 2;

/** Steps and creep of less are no matter, as a ratio; neither is noise of a tenth of that. */
const leastTold = 0.01;

/** Measurements that a creep needs from where it is looked back to. */
const leastInWindow = 4;

/** What a record holds. */
const mostRows = 200;
const mostSteps = 20;

/**
 * The history of every row that gates by growth, with the head of the comparison as its last entry. `measuredAt` is when that was measured,
 * from which the window is counted; what is no time is taken for the newest entry's.
 */
export function judgeHistory(
  comparison: Comparison,
  history: BranchHistory,
  config: GateConfig,
  measuredAt: string,
): HistoryPart {
  const { rows, finish } = openHistory(comparison, history, config, measuredAt);
  return finish(rows.map((judge) => judge()));
}

/** A history's rows, each judged when it is called for, and what they come to. */
interface OpenHistory {
  readonly rows: readonly (() => HistoryRow)[];
  finish(rows: readonly HistoryRow[]): HistoryPart;
}

function openHistory(
  comparison: Comparison,
  history: BranchHistory,
  config: GateConfig,
  measuredAt: string,
): OpenHistory {
  const others = history.entries.filter(({ commit }) => commit !== comparison.head.commit);
  const now = timeOf(measuredAt) ?? timeOf(others.at(-1)?.measuredAt ?? '') ?? 0;
  const gating = comparison.rows.filter(
    ({ scenario, metric, head }) => head && thresholdsFor(config, scenario, metric, 1).gatesGrowth,
  );
  const entries = pickEntries(others, startOf(others, { history, config, now }), gating.length);
  const shares = Math.max(leastShares, gating.length);
  const terms = { history, config, now, identical: comparison.identicalImages, shares };
  return {
    rows: gating.slice(0, mostRows).map((row) => () => {
      const series = valuesOf(row, entries);
      const looked = seriesOf(entries, series, row.head?.median ?? 0);
      return { ...rowHistory(row, looked, { ...terms, thresholds: row.thresholds }), series };
    }),
    finish: (rows) => toPart(rows, entries, history, config, whyNotJudged(rows, history, others)),
  };
}

function toPart(
  rows: readonly HistoryRow[],
  entries: readonly HistoryPoint[],
  { branch, from }: BranchHistory,
  { drift: { max } }: GateConfig,
  notJudged: string | undefined,
): HistoryPart {
  return {
    branch: branch.slice(0, 500),
    ...(max === undefined ? {} : { maxDrift: max }),
    ...(from === undefined ? {} : { from }),
    entries: entries.map(({ commit, measuredAt }) => ({ commit, measuredAt })),
    ...(notJudged === undefined ? {} : { notJudged }),
    rows: [...rows],
  };
}

/** Why no row has a drift, where that is so. */
function whyNotJudged(
  rows: readonly HistoryRow[],
  { branch, from }: BranchHistory,
  entries: readonly HistoryPoint[],
): string | undefined {
  if (rows.length === 0 || rows.some(({ drift }) => drift !== undefined)) return undefined;
  const stored = `${entries.length} stored measurements of branch ${branch.slice(0, 200)}`;
  if (from !== undefined && !entries.some(({ commit }) => commit === from))
    return `commit ${from.slice(0, 7)}, which drift-from names, is not among the ${stored}: measure it on that branch, or give drift-window`;
  if (rows.every(({ entries: looked }) => looked < leastEntries))
    return `a history needs ${leastEntries} measurements, this head's among them, and of this machine class there are ${stored}`;
  return `too few of the ${stored} are of the time since what is looked back to`;
}

/**
 * The comparison with what is known of its branch: its verdict is `fail` where a row of that fails, and `inconclusive` where `max-drift` was to
 * be held against a commit whose measurement is not there. What else keeps `max-drift` from being judged is a note. Others get their turn
 * between its rows.
 */
export async function withHistoryOf(
  comparison: Comparison,
  history: BranchHistory | NoHistory,
  config: GateConfig,
  measuredAt: string,
): Promise<Comparison> {
  if ('absent' in history) return withNoHistory(comparison, history, config);
  const { rows, finish } = openHistory(comparison, history, config, measuredAt);
  const judged: HistoryRow[] = [];
  for (const judge of rows) {
    await setImmediate();
    judged.push(judge());
  }
  return withHistory(comparison, finish(judged));
}

/** Where `max-drift` is given, a note says why it is not judged. */
export function withNoHistory(
  comparison: Comparison,
  { absent }: NoHistory,
  { drift }: GateConfig,
): Comparison {
  return drift.max === undefined ? comparison : withNote(comparison, absent);
}

function withNote(comparison: Comparison, why: string): Comparison {
  return { ...comparison, notes: [...comparison.notes, `max-drift is not judged here: ${why}`] };
}

/** The comparison with its history, whose verdict is `fail` where a row of that fails. */
export function withHistory(comparison: Comparison, history: HistoryPart): Comparison {
  const failing = pastDrift({ ...comparison, history });
  const [worst] = failing.toSorted((a, b) => creepOf(b) - creepOf(a));
  if (worst === undefined) return withoutDrift({ ...comparison, history }, history);
  const others = failing.length - 1;
  const limit = `(max-drift ${formatThreshold(history.maxDrift ?? 0)})`;
  const crept = `${metricLabels[worst.metric]} of ${worst.scenario} crept ${formatGrowth(creepOf(worst))} ${limit}${others > 0 ? ` and ${others} more` : ''}`;
  const already = comparison.verdict === 'fail';
  return {
    ...comparison,
    history,
    verdict: overallVerdict([comparison, ...failing]),
    headline: already ? `${comparison.headline}; ${crept}` : crept,
  };
}

function withoutDrift(
  comparison: Comparison,
  { notJudged, maxDrift, from, entries = [] }: HistoryPart,
): Comparison {
  if (notJudged === undefined || maxDrift === undefined) return comparison;
  const noted = withNote(comparison, notJudged);
  const isThere = from === undefined || entries.some(({ commit }) => commit === from);
  const verdict = overallVerdict([comparison, { verdict: 'inconclusive' }]);
  if (isThere || comparison.identicalImages || comparison.verdict === verdict) return noted;
  return { ...noted, verdict, headline: `max-drift is not judged: ${notJudged}` };
}

/** The rows whose creep fails. */
export function pastDrift({ history }: Comparison): readonly HistoryRow[] {
  return history?.rows.filter(({ verdict }) => verdict === 'fail') ?? [];
}

function creepOf({ drift }: HistoryRow): number {
  return drift?.growth.value ?? 0;
}

function timeOf(text: string): number | undefined {
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** What a row is judged by. */
interface Terms {
  readonly thresholds: Row['thresholds'];
  readonly history: BranchHistory;
  readonly config: GateConfig;
  readonly now: number;
  /** Both images are the same bytes: whatever has crept up, it was not this change. */
  readonly identical: boolean;
  /** Rows that share the chance of a false alarm. */
  readonly shares: number;
}

function rowHistory({ scenario, metric }: Row, looked: Series, terms: Terms): HistoryRow {
  const row = { scenario, metric, entries: looked.values.length };
  if (looked.values.length < leastEntries) return { ...row, steps: [] };
  const scale = scaleOf(looked.values);
  const scaled = looked.values.map(scale.to);
  const fit = fitLevels(scaled, { level: stepLevel / terms.shares, floor: leastTold / 10 });
  const found = stepsOf(fit).map((step) => ({ step, told: tellStep(step, looked, fit, scale) }));
  const steps = found.filter(({ told }) => isTold(told)).map(({ told }) => told);
  const drift = tellDrift(looked, fit, scale, {
    from: startOf(looked.points, terms),
    level: driftLevel / terms.shares,
    apart: new Set(stepsApart(found, terms.thresholds).map(({ step }) => step.index)),
    head: scaled.at(-1) ?? Number.NaN,
  });
  return {
    ...row,
    noise: scale.spread(1.4826 * median(restsAbout(fit, scaled).map(Math.abs)), median(looked.values)),
    steps: steps.slice(-mostSteps),
    ...(drift === undefined ? {} : { drift, ...judgeDrift(metric, drift, terms) }),
  };
}

/** The first entry that is looked back to; undefined where it is not there. */
function startOf(
  points: readonly Pick<HistoryPoint, 'commit' | 'measuredAt'>[],
  { history: { from }, config, now }: Pick<Terms, 'history' | 'config' | 'now'>,
): number | undefined {
  const found = points.findIndex(({ commit, measuredAt }) =>
    from === undefined ? Date.parse(measuredAt) >= now - config.drift.windowMs : commit === from,
  );
  return found === -1 ? undefined : found;
}

/** How values are looked at: by their ratios, or where one of them is 0, by their differences. */
interface Scale {
  readonly to: (value: number) => number;
  readonly from: (scaled: number) => number;
  /** A deviation about a level, as a ratio of it. */
  readonly spread: (deviation: number, level: number) => number;
}

function scaleOf(values: readonly number[]): Scale {
  if (values.every((value) => value > 0))
    return {
      to: Math.log,
      from: (scaled) => finite(Math.exp(scaled)),
      spread: (deviation) => finite(Math.expm1(deviation)),
    };
  // In units of the largest, so that what is no matter means the same.
  const unit = Math.max(...values) || 1;
  return {
    to: (value) => value / unit,
    from: (scaled) => finite(scaled * unit),
    spread: (deviation, level) => (level > 0 ? finite((deviation * unit) / level) : 0),
  };
}

/** A record holds no number that is infinite, nor a report one that is so in percent. */
function finite(value: number): number {
  return Math.min(value, 1e300);
}

function tellStep(step: Step, { points }: Series, fit: LevelFit, scale: Scale): HistoryStep {
  const commitAt = (index: number) => points[Math.min(index, points.length - 1)];
  const after = levelAt(fit, step.index);
  const [now, before] = [scale.from(after), Math.max(0, scale.from(after - step.size))];
  const at = commitAt(step.index);
  if (at === undefined) throw new Error('a step is at an entry');
  return {
    commit: at.commit,
    measuredAt: at.measuredAt,
    earliest: commitAt(step.first)?.after ?? at.commit,
    latest: commitAt(step.last)?.commit ?? at.commit,
    ...(before > 0 ? { growth: finite(now / before - 1) } : {}),
    difference: now - before,
  };
}

function isTold({ growth = Number.POSITIVE_INFINITY }: HistoryStep): boolean {
  return Math.abs(growth) >= leastTold;
}

interface ToldStep {
  readonly step: Step;
  readonly told: HistoryStep;
}

/**
 * The steps that are no part of a creep. One up past the row's own thresholds was failed when it came, and accepted or meant. One down counts
 * against what has crept up, unless it takes such a step back: then neither of the two is looked at.
 */
function stepsApart(found: readonly ToldStep[], thresholds: Row['thresholds']): readonly ToldStep[] {
  const apart: ToldStep[] = [];
  const takenBack = new Set<ToldStep>();
  for (const each of found.filter(({ told }) => isPastLimits(told, thresholds))) {
    const of =
      each.step.size > 0 ? undefined : apart.findLast((up) => takesBack(up, each, thresholds, takenBack));
    if (of !== undefined) takenBack.add(of).add(each);
    if (of !== undefined || each.step.size > 0) apart.push(each);
  }
  return apart;
}

/** What is left of the two is no more than a change that passes. */
function takesBack(
  up: ToldStep,
  down: ToldStep,
  { failAbove, minGrowth }: Row['thresholds'],
  takenBack: ReadonlySet<ToldStep>,
): boolean {
  if (takenBack.has(up)) return false;
  const ratio = (1 + (up.told.growth ?? Number.POSITIVE_INFINITY)) * (1 + (down.told.growth ?? -1));
  const left = Math.abs(up.told.difference + down.told.difference);
  return !isAbove(Math.abs(ratio - 1), failAbove) || !isAbove(left, minGrowth);
}

function isPastLimits(
  { growth = Number.POSITIVE_INFINITY, difference }: HistoryStep,
  { failAbove, minGrowth }: Row['thresholds'],
): boolean {
  return isAbove(Math.abs(growth), failAbove) && isAbove(Math.abs(difference), minGrowth);
}

function tellDrift(
  { points, values }: Series,
  fit: LevelFit,
  scale: Scale,
  {
    from,
    apart,
    level,
    head,
  }: {
    readonly from: number | undefined;
    readonly apart: ReadonlySet<number>;
    readonly level: number;
    /** The head's own number, scaled. */
    readonly head: number;
  },
): Drift | undefined {
  const start = from === undefined ? undefined : points[from];
  if (from === undefined || start === undefined || values.length - from < leastInWindow) return undefined;
  const found = driftOf(fit, from, apart);
  const atStart = levelAt(fit, from);
  const before = scale.from(atStart);
  if (found === undefined || !(before > 0)) return undefined;
  const growthOf = (size: number) => finite(scale.from(atStart + size) / before - 1);
  const [value, low, high] = [growthOf(found.value), growthOf(found.low), growthOf(found.high)];
  return {
    from: start.commit,
    since: start.measuredAt,
    entries: values.length - from,
    growth: { value, low, high },
    difference: finite(before * value),
    head: growthOf(head - found.start - (found.whole - found.value)),
    whole: growthOf(found.whole),
    established: found.pValue <= level && Math.abs(value) >= leastTold,
  };
}

function judgeDrift(
  metric: MetricName,
  { growth, difference, established, entries, from, head = growth.value }: Drift,
  { thresholds, config, identical }: Terms,
): Pick<HistoryRow, 'verdict' | 'reason'> {
  const { max } = config.drift;
  if (max === undefined) return {};
  const { failAbove, minGrowth } = thresholds;
  if (identical || !established || !isAbove(growth.value, max) || !isAbove(difference, minGrowth))
    return { verdict: 'pass' };
  // Whatever its branch has crept by, a change that mends it must get in.
  if (!isAbove(head, max)) return { verdict: 'pass' };
  const { value, low, high } = growth;
  const crept = `${formatGrowth(value)} (${formatGrowth(low)} … ${formatGrowth(high)})`;
  const reason = `The ${metricLabels[metric]} crept ${crept} over ${entries} measurements since ${from.slice(0, 7)}, past max-drift of ${formatThreshold(max)}, besides steps up above ${formatThreshold(failAbove)}; this head itself has ${formatGrowth(head)}.`;
  return { verdict: 'fail', reason };
}
