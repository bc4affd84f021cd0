import { formatAmount, formatThreshold, metricLabels } from '../config/metrics.ts';
import type { GateConfig } from '../config/types.ts';
import { type MetricName, metricNames } from '../engine/contract.ts';
import { formatGrowth } from '../host/units.ts';
import { fitLevels, restsAbout } from '../stats/change-points.ts';
import { median } from '../stats/median.ts';
import { leastEntries } from '../stats/partition.ts';
import { bootsToRuleOut, boundOf } from '../stats/planning.ts';
import { alpha } from './decide.ts';
import type { HistoryPoint } from './history-series.ts';
import { thresholdsFor } from './thresholds.ts';

/** What is stored of a branch, with the boots that each measurement is of. */
export interface BootedPoint extends HistoryPoint {
  readonly boots: number;
}

/** What is to be measured, and what a plan may choose from. */
export interface UsualRequest {
  readonly scenarios: readonly { readonly name: string; readonly repeat: number }[];
  readonly gate: GateConfig;
  /** Boots of a side before a gate first looks at least, and at which it stops. */
  readonly leastBoots: number;
  readonly mostBoots: number;
  /** Boots of a base that is measured already. */
  readonly baseBoots?: number | undefined;
}

/** When a gate looks first, by what measurements of its image usually differ by. */
export interface UsualPlan {
  readonly leastBoots: number;
  /** What is needed is within `mostBoots`. */
  readonly suffices: boolean;
  /** One sentence: what is needed, or what would do in its place. It names scenarios: escape it. */
  readonly sentence: string;
}

/** More boots than this are not proposed to anyone. */
const mostProposed = 100;

/** Entries that are looked at: the newest. */
const mostEntries = 100;

/** Chance of a step in noise alone; and noise below which nothing matters, as a ratio. */
const stepLevel = 0.001;
const floor = 0.001;

/**
 * The boots at which a change of nothing is likely to be ruled out to be a fail, in every row that gates by growth and has a history. Before that
 * a look spends its share of the chance of a false alarm for nothing. undefined where no row has entries enough. Pure.
 */
export function planByHistory(entries: readonly BootedPoint[], request: UsualRequest): UsualPlan | undefined {
  const rows = request.scenarios.flatMap(({ name, repeat }) =>
    metricNames.flatMap((metric) => rowNeed(entries, { scenario: name, metric, repeat }, request) ?? []),
  );
  const [first, ...others] = rows;
  if (first === undefined) return undefined;
  const worst = others.reduce((a, b) => (b.boots > a.boots ? b : a), first);
  const { leastBoots, mostBoots } = request;
  const suffices = worst.boots <= mostBoots;
  const sentence = suffices
    ? `this image usually needs ${worst.boots} pairs of boots: ${spreadOf(worst)}`
    : tooFew(worst, rows, request);
  // Where none will do, a large growth is still told early.
  return { leastBoots: suffices ? Math.max(leastBoots, worst.boots) : leastBoots, suffices, sentence };
}

interface Row {
  readonly scenario: string;
  readonly metric: MetricName;
  readonly repeat: number;
}

interface Need extends Row {
  /** Boots of a side; Infinity where no number that is proposed to anyone would do. */
  readonly boots: number;
  readonly usual: Usual;
  readonly failAbove: number;
  readonly minGrowth: number;
}

function rowNeed(entries: readonly BootedPoint[], row: Row, request: UsualRequest): Need | undefined {
  const { gatesGrowth, thresholds } = thresholdsFor(request.gate, row.scenario, row.metric, row.repeat);
  const usual = gatesGrowth ? usualOf(entries, row) : undefined;
  if (usual === undefined) return undefined;
  const { failAbove, minGrowth } = thresholds;
  // Either limit will do; of ratios the floor is one too.
  const ofFloor = usual.isRatio ? Math.log1p(minGrowth / usual.level) : minGrowth;
  const limit = usual.isRatio ? Math.max(Math.log1p(failAbove), ofFloor) : ofFloor;
  const terms = { level: 1 - alpha, most: mostProposed, others: request.baseBoots };
  const boots = bootsToRuleOut(usual.spread, limit, terms) ?? Number.POSITIVE_INFINITY;
  return { ...row, boots, usual, failAbove, minGrowth };
}

/** What boots of a row usually differ by. */
interface Usual {
  /** Standard deviation from boot to boot: of logarithms, or where a number is 0, in the metric's unit. */
  readonly spread: number;
  readonly isRatio: boolean;
  /** Of late, in the metric's unit. */
  readonly level: number;
}

function usualOf(entries: readonly BootedPoint[], { scenario, metric }: Row): Usual | undefined {
  const found = entries.slice(-mostEntries).flatMap(({ boots, scenarios }) => {
    const value = scenarios.find(({ name }) => name === scenario)?.medians[metric];
    return value === undefined || boots < 1 ? [] : [{ boots, value }];
  });
  if (found.length < leastEntries) return undefined;
  const values = found.map(({ value }) => value);
  const isRatio = values.every((value) => value > 0);
  const unit = isRatio ? 1 : Math.max(...values) || 1;
  const scaled = values.map((value) => (isRatio ? Math.log(value) : value / unit));
  const rests = restsAbout(fitLevels(scaled, { level: stepLevel, floor }), scaled);
  const ofMeasurement = 1.4826 * median(rests.map(Math.abs)) * unit;
  const ofBoot = ofMeasurement * Math.sqrt(median(found.map(({ boots }) => boots)));
  return { spread: ofBoot, isRatio, level: median(values.slice(-leastEntries)) };
}

function spreadOf({ scenario, metric, usual }: Need): string {
  const { isRatio, spread } = usual;
  const words = isRatio ? formatGrowth(Math.expm1(spread)).replace('+', '') : formatAmount(metric, spread);
  return `boots of ${scenario} spread by about ${words} in ${metricLabels[metric]}`;
}

/** What would do: as many boots, or of the rows that need more than there may be, the largest `min-growth`. */
function tooFew(worst: Need, rows: readonly Need[], { mostBoots, baseBoots }: UsualRequest): string {
  const short = rows.filter(({ boots }) => boots > mostBoots);
  const floors = short.map((need) => floorOf(need, mostBoots, baseBoots));
  const largest = Math.max(...floors.filter((_, index) => short[index]?.metric === worst.metric));
  const more = Number.isFinite(worst.boots) ? `max-boots of ${worst.boots}, or ` : '';
  const which = `growth above ${formatThreshold(worst.failAbove)} of an image that has not changed`;
  return `max-boots of ${mostBoots} will often not do: ${spreadOf(worst)}, too much to rule out a ${which}; ${more}min-growth of ${formatAmount(worst.metric, largest)} would`;
}

/** Of a cycle, as `min-growth` is given. */
function floorOf({ usual, repeat }: Need, boots: number, others: number | undefined): number {
  const bound = boundOf(usual.spread, Math.max(2, boots), { level: 1 - alpha, others });
  const amount = usual.isRatio ? usual.level * Math.expm1(bound) : bound;
  return Math.ceil(Math.min(amount, 1e300) / repeat);
}
