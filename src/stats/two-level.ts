import { locationOf } from './location.ts';
import { mean, median, variance } from './median.ts';
import { drawHeavyTailed, drawNormal, pickIndex, type Random, seededRandom } from './random.ts';

/** What was counted in the cycles of all boots of one image, for one scenario and metric. */
export interface Series {
  /** Series of one group were counted in the same cycles: a cycle is drawn for all of them at once. */
  readonly group: string;
  /** Each boot's values by round, the rounds of its warm-up first, in any one unit, none negative. */
  readonly boots: readonly (readonly number[])[];
}

/** One series as the model has it. Spreads are on the series' own scale: natural logarithms, or its unit. */
export interface FittedSeries {
  readonly group: string;
  /** `ratio`: spreads are of logarithms, and effects multiply. `difference`: some cycle has 0, or boots differ by large factors; they are of the values, and add. */
  readonly scale: 'ratio' | 'difference';
  /** Median over boots of each boot's interquartile mean, in the unit. */
  readonly location: number;
  /** Standard deviation of the boots' locations, as seen. */
  readonly spread: number;
  /** The part of `spread` that boots have beyond what their cycles explain; 0 where that explains all of it. */
  readonly between: number;
  /** What `between` is below with a confidence of 95 %: few boots show too small a spread half of the time. */
  readonly betweenAtMost: number;
  /** Standard deviation of a boot's location that its cycles give it. */
  readonly withinLocation: number;
  /** Standard deviation of one cycle about its boot's location, as a share of it (`ratio`) or in the unit. */
  readonly within: number;
  /** All counted cycles against their boot's location, as ratios or differences. */
  readonly cycles: readonly number[];
  /** The same of the warm-up rounds of each boot. */
  readonly warmups: readonly (readonly number[])[];
  /** All values are multiples of it: 4096 for whole pages, 0 for numbers that are of no grid. */
  readonly grid: number;
}

/**
 * Boots of one image as two layers of chance: each boot has an effect of its own, normal, and each cycle of it one more, drawn from the
 * cycles that were seen. Heavy tails, bursts and bimodal cycles are thus in it as they are; what one cycle does to the next is not.
 */
export interface TwoLevelModel {
  readonly series: readonly FittedSeries[];
  readonly warmup: number;
  /** Counted rounds of a boot. */
  readonly rounds: number;
  /** Correlation of the boot's effects on different groups, 0 to 1: a boot that is larger in one is larger in others. */
  readonly shared: number;
}

/** Pages of memory files and disks. */
const pageBytes = 4096;

/**
 * The model by the method of moments: what cycles alone give a boot's location is found by drawing cycles, and what the locations spread beyond
 * that is the boots' own (S. R. Searle, G. Casella, C. E. McCulloch, Variance Components, 1992, chapter 3, where it is of means). Cycles
 * are moved away from their location by √(n / (n − 1)), for n of them are nearer to their own location than to the true one. Deterministic.
 *
 * Each series needs the same boots, at least two, of which each has at least two rounds beyond the `warmup`.
 */
export function fitTwoLevel(all: readonly Series[], warmup: number): TwoLevelModel {
  const series = all.map((each) => fitSeries(each, warmup));
  const counts = all.flatMap(({ boots }) => boots.map((values) => values.length - warmup));
  return { series, warmup, rounds: Math.round(median(counts)), shared: sharedPart(all, series, warmup) };
}

function fitSeries({ group, boots }: Series, warmup: number): FittedSeries {
  const counted = boots.map((values) => values.slice(warmup));
  const locations = counted.map(locationOf);
  const scale = scaleOf(counted, locations);
  const cycles = counted.flatMap((values) => awayFromLocation(values, scale));
  const rounds = Math.round(median(counted.map((values) => values.length)));
  const withinLocation = spreadOfLocation(cycles, rounds, scale);
  const spread = Math.sqrt(variance(locations.map(scaling[scale])));
  return {
    group,
    scale,
    location: median(locations),
    spread,
    between: beyond(spread, withinLocation),
    betweenAtMost: beyond(spread * atMost(boots.length), withinLocation),
    withinLocation,
    within: Math.sqrt(mean(cycles.map((cycle) => (cycle - (scale === 'ratio' ? 1 : 0)) ** 2))),
    cycles,
    warmups: boots.map((values, boot) =>
      values.slice(0, warmup).map((value) => against(value, locations[boot] ?? Number.NaN, scale)),
    ),
    grid: boots.every((values) => values.every((value) => value % pageBytes === 0)) ? pageBytes : 0,
  };
}

/**
 * Wider, on logarithms, a normal distribution draws boots that are several times as large as any that was seen: so are scenarios of a few pages,
 * which have some more or less and not some times as many.
 */
const widestRatio = 0.35;

function scaleOf(
  counted: readonly (readonly number[])[],
  locations: readonly number[],
): FittedSeries['scale'] {
  const positive = counted.every((values) => values.every((value) => value > 0));
  return positive && Math.sqrt(variance(locations.map(Math.log))) <= widestRatio ? 'ratio' : 'difference';
}

const scaling = { ratio: Math.log, difference: (value: number) => value };

function against(value: number, center: number, scale: FittedSeries['scale']): number {
  return scale === 'ratio' ? value / center : value - center;
}

function awayFromLocation(values: readonly number[], scale: FittedSeries['scale']): number[] {
  const center = locationOf(values);
  const factor = Math.sqrt(values.length / (values.length - 1));
  return values.map((value) => {
    const seen = against(value, center, scale);
    return scale === 'ratio' ? seen ** factor : seen * factor;
  });
}

/** The part of a standard deviation that another one leaves. */
function beyond(spread: number, explained: number): number {
  return Math.sqrt(Math.max(0, spread ** 2 - explained ** 2));
}

const locationDraws = 2000;

/** Standard deviation of the location of so many cycles, by drawing them. */
function spreadOfLocation(cycles: readonly number[], rounds: number, scale: FittedSeries['scale']): number {
  const random = seededRandom(cycles.length, rounds);
  const draws = Array.from({ length: locationDraws }, () =>
    scaling[scale](locationOf(Array.from({ length: rounds }, () => pick(random, cycles)))),
  );
  return Math.sqrt(variance(draws));
}

function pick(random: Random, values: readonly number[]): number {
  return values[pickIndex(random, values.length)] ?? Number.NaN;
}

/** 5 % of the normal distribution lie below it. */
const lowNormal = -1.6448536269514722;

/**
 * By what a standard deviation of so many values is multiplied to be its upper limit of 95 %: √((n − 1) / χ²), the quantile of χ² by
 * E. B. Wilson and M. M. Hilferty's cube (Proc. Natl. Acad. Sci. 17, 1931), 5 % off with one degree of freedom and 1 % with four.
 */
function atMost(boots: number): number {
  const part = 2 / (9 * (boots - 1));
  return (1 - part + lowNormal * Math.sqrt(part)) ** -1.5;
}

/**
 * What the boots' effects on different groups have in common: the sum of the covariances of the locations, to which cycles add nothing, over
 * what that sum would be if the effects were one. 0 unless the sum is larger than chance makes it once in twenty times.
 */
function sharedPart(all: readonly Series[], fitted: readonly FittedSeries[], warmup: number): number {
  const deviations = all.map(({ boots }, index) => {
    const locations = boots.map((values) => locationOf(values.slice(warmup)));
    return centered(locations.map(scaling[fitted[index]?.scale ?? 'difference']));
  });
  let [sum, error, whole] = [0, 0, 0];
  for (const [a, b] of pairsOf(fitted)) {
    const [one, other] = [fitted[a], fitted[b]];
    if (one === undefined || other === undefined) continue;
    // In units of each series' own spread: pages and ratios meet here.
    const unit = one.spread * other.spread;
    if (unit === 0) continue;
    sum += covariance(deviations[a] ?? [], deviations[b] ?? []) / unit;
    error += 1 / ((deviations[a]?.length ?? 0) - 1);
    whole += (one.between * other.between) / unit;
  }
  return sum <= -lowNormal * Math.sqrt(error) || whole === 0 ? 0 : Math.min(1, sum / whole);
}

/** Of series in different groups. */
function pairsOf(series: readonly FittedSeries[]): (readonly [number, number])[] {
  return series.flatMap((one, a) =>
    series.flatMap((other, b) => (a < b && one.group !== other.group ? [[a, b] as const] : [])),
  );
}

function centered(values: readonly number[]): number[] {
  const center = mean(values);
  return values.map((value) => value - center);
}

function covariance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? Number.NaN), 0) / (a.length - 1);
}

/** What is other about the drawn boots than about those that were seen. */
export interface Condition {
  /** The boots' locations spread by so many times what was seen: cycles stay as they are, boots have all of the rest. */
  readonly spread?: number;
  /** What boots have of their own is as large as it may be: `betweenAtMost`. */
  readonly atMost?: boolean;
  /** Effects of boots are Student's with 3 degrees of freedom instead of normal, of the same standard deviation. */
  readonly heavyTails?: boolean;
  /** A `share` of the cycles is `factor` times as large. */
  readonly bursts?: { readonly share: number; readonly factor: number };
  /** Counted rounds of a boot; those of the boots that were seen, if not given. */
  readonly rounds?: number;
}

/**
 * One boot: for each series its values by round, the rounds of the warm-up first. `growth` has a factor for each series (1 for none),
 * which multiplies what was drawn before it is rounded to whole pages: with the same random numbers a growth changes nothing else.
 */
export function drawBoot(
  model: TwoLevelModel,
  random: Random,
  growth: readonly number[] = [],
  condition: Condition = {},
): number[][] {
  const rounds = condition.rounds ?? model.rounds;
  const draw = condition.heavyTails ? drawHeavyTailed : drawNormal;
  const common = Math.sqrt(model.shared) * draw(random);
  const groups = new Map<string, Drawn>();
  return model.series.map((series, index) => {
    const drawn = groups.get(series.group) ?? drawGroup(series, random, rounds, condition);
    if (!groups.has(series.group)) {
      drawn.effect = common + Math.sqrt(1 - model.shared) * draw(random);
      groups.set(series.group, drawn);
    }
    return valuesOf(series, drawn, growth[index] ?? 1, condition);
  });
}

/** What the series of one group have in common in one boot. */
interface Drawn {
  /** Of the boot, in standard deviations. */
  effect: number;
  /** Which of the seen boots the warm-up is of. */
  readonly warmup: number;
  /** Which of the seen cycles. */
  readonly cycles: readonly number[];
  readonly bursts: readonly number[];
}

function drawGroup(
  { cycles, warmups }: FittedSeries,
  random: Random,
  rounds: number,
  { bursts }: Condition,
): Drawn {
  return {
    effect: 0,
    warmup: pickIndex(random, warmups.length),
    cycles: Array.from({ length: rounds }, () => pickIndex(random, cycles.length)),
    bursts: bursts ? Array.from({ length: rounds }, () => (random() < bursts.share ? bursts.factor : 1)) : [],
  };
}

function valuesOf(series: FittedSeries, drawn: Drawn, growth: number, condition: Condition): number[] {
  const { scale, location, grid } = series;
  const effect = ownSpread(series, condition) * drawn.effect;
  const center = scale === 'ratio' ? location * Math.exp(effect) : location + effect;
  const value = (cycle: number, factor: number) => {
    const plain = (scale === 'ratio' ? center * cycle : Math.max(0, center + cycle)) * growth * factor;
    if (grid === 0) return plain;
    const least = scale === 'ratio' ? grid : 0;
    return Math.max(least, Math.round(plain / grid) * grid);
  };
  return [
    ...(series.warmups[drawn.warmup] ?? []).map((cycle) => value(cycle, 1)),
    ...drawn.cycles.map((cycle, round) =>
      value(series.cycles[cycle % series.cycles.length] ?? Number.NaN, drawn.bursts[round] ?? 1),
    ),
  ];
}

/** What boots have of their own under a condition. */
function ownSpread(series: FittedSeries, { spread = 1, atMost: most = false }: Condition): number {
  if (most) return series.betweenAtMost;
  if (spread === 1) return series.between;
  return beyond(series.spread * spread, Math.min(series.withinLocation, series.spread));
}
