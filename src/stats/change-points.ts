import { median } from './median.ts';
import {
  bestPartition,
  indices,
  leastEntries,
  meanOf,
  riseOf,
  type Segment,
  settleBoundaries,
  slopeWithin,
} from './partition.ts';
import { studentUpperTail } from './student.ts';

/** A series is `levels[segment] + slope · max(0, index − onset) + noise`: levels that change at steps, and a creep that runs through them. */
export interface LevelFit {
  readonly segments: readonly Segment[];
  /** Creep per entry from the entry `onset` on; undefined where the levels alone say as much. */
  readonly creep: Creep | undefined;
  /** Standard deviation of the noise about the fit, in the unit of the values; widened where neighbours go together. */
  readonly noise: number;
  /** Degrees of freedom that `noise` is known by. */
  readonly degrees: number;
  /** What `noise` is never below. */
  readonly floor: number;
  /** What was fitted: the values, with strays drawn in towards their neighbours. */
  readonly values: readonly number[];
}

export interface Creep {
  readonly onset: number;
  readonly slope: number;
}

/** Two levels meet: `index` is the first entry of the new one. */
export interface Step {
  readonly index: number;
  /** The new level less the old one, in the unit of the values. */
  readonly size: number;
  /** The entries that the step may as well be at, as far as the noise tells: with 95 % confidence it is at one of `first` … `last`. */
  readonly first: number;
  readonly last: number;
}

/** Entries on either side that a stray is held against. */
const reach = 2;

/** Values further than this from their neighbours' median are drawn in, in standard deviations (F. R. Hampel's identifier). */
const strayAt = 3;

/**
 * Levels, steps and creep of a series whose noise is unknown, values in the order of time.
 *
 * Segments are the optimal partition (B. Jackson et al., IEEE Signal Process. Lett. 12, 2005; R. Killick, P. Fearnhead, I. A. Eckley, J. Am.
 * Stat. Assoc. 107, 2012) by squares and a penalty of 3 ln n for each step, whose noise is the median absolute deviation of the first differences,
 * which neither steps nor a creep change much. For the creep, which is common to all levels (a partial structural change: J. Bai, P. Perron,
 * Econometrica 66, 1998), slopes and onsets are tried out. A partition finds too much; so the weakest step is taken out until each that is left
 * is established by Student's t at `level`, divided by the number of places that it could have been at.
 *
 * @param floor a standard deviation that noise is never taken to be below: what is too small to matter.
 * @param level chance of any step where there is none.
 */
export function fitLevels(
  values: readonly number[],
  { level, floor }: { readonly level: number; readonly floor: number },
): LevelFit {
  const sigma = Math.max(noiseOfDifferences(values), floor);
  const drawn = drawInStrays(values, strayAt * sigma);
  if (values.length < leastEntries)
    return finish(drawn, [{ start: 0, end: values.length }], undefined, floor);
  const penalty = 3 * Math.log(values.length) * sigma ** 2;
  const { segments, onset } = bestPartition(drawn, penalty, sigma);
  return thinOut(drawn, segments, onset, { level, floor });
}

/** The same levels with a creep from `onset` on, whether or not it is more than noise. */
export function withCreep({ values, segments, floor }: LevelFit, onset: number): LevelFit {
  return finish(values, segments, onset, floor);
}

/** The steps of a fit, in order. */
export function stepsOf(fit: LevelFit): Step[] {
  return fit.segments.slice(1).map((segment, before) => {
    const { value } = jumpAt(fit, before);
    return { index: segment.start, size: value, ...placesOf(fit, before, value) };
  });
}

/** The level that a fit has at an entry. */
export function levelAt(fit: LevelFit, index: number): number {
  const segment = fit.segments.find(({ end }) => index < end) ?? fit.segments.at(-1);
  if (segment === undefined) return Number.NaN;
  const { slope, onset } = fit.creep ?? { slope: 0, onset: 0 };
  const rise = (at: number) => slope * riseOf(at, onset);
  const range = indices(segment);
  return meanOf(range, (at) => (fit.values[at] ?? Number.NaN) - rise(at)) + rise(index);
}

/** The standard deviation of the noise, where most neighbours are of one level: 1.4826 MAD of the first differences, over √2. */
function noiseOfDifferences(values: readonly number[]): number {
  const differences = values.slice(1).map((value, index) => value - (values[index] ?? value));
  if (differences.length === 0) return 0;
  const center = median(differences);
  const sizes = differences.map((each) => Math.abs(each - center)).sort((a, b) => a - b);
  const middle = median(sizes) / 0.6745;
  // Where most entries are equal to the page, the larger differences are what is known of the noise.
  const upper = (sizes[Math.ceil(0.9 * sizes.length) - 1] ?? 0) / 1.6449;
  return (middle > 0 ? middle : upper) / Math.SQRT2;
}

function drawInStrays(values: readonly number[], most: number): number[] {
  return values.map((value, index) => {
    const room = Math.min(reach, Math.max(1, Math.min(index, values.length - 1 - index)));
    const from = Math.min(Math.max(0, index - room), Math.max(0, values.length - 3));
    const center = median(values.slice(from, Math.max(index + room + 1, from + 3)));
    return Math.min(Math.max(value, center - most), center + most);
  });
}

/** What is left of values that were fitted, once their levels and their creep are taken off. */
export function restsAbout(fit: LevelFit, values: readonly number[]): number[] {
  return fit.segments.flatMap((segment) => {
    const level = levelAt(fit, segment.start);
    const { slope, onset } = fit.creep ?? { slope: 0, onset: 0 };
    const start = riseOf(segment.start, onset);
    return indices(segment).map(
      (index) => (values[index] ?? Number.NaN) - level - slope * (riseOf(index, onset) - start),
    );
  });
}

/** Takes out the weakest step until each that is left is established. */
function thinOut(
  values: readonly number[],
  found: readonly Segment[],
  onset: number | undefined,
  { level, floor }: { readonly level: number; readonly floor: number },
): LevelFit {
  let fit = finish(values, found, onset, floor);
  while (fit.segments.length > 1) {
    const chances = fit.segments.slice(1).map((_, before) => chanceOfNone(fit, before));
    const weakest = chances.indexOf(Math.max(...chances));
    if ((chances[weakest] ?? 0) <= level / values.length) break;
    const merged = finish(values, merge(fit.segments, weakest), onset, floor);
    const settled = settleBoundaries(values, merged.segments, merged.creep ?? { slope: 0, onset: 0 });
    fit = finish(values, settled, onset, floor);
  }
  return fit;
}

function merge(segments: readonly Segment[], before: number): Segment[] {
  return segments.flatMap((segment, index) => {
    if (index === before + 1) return [];
    return index === before
      ? [{ start: segment.start, end: segments[index + 1]?.end ?? segment.end }]
      : [segment];
  });
}

function finish(
  values: readonly number[],
  segments: readonly Segment[],
  onset: number | undefined,
  floor: number,
): LevelFit {
  const slope = onset === undefined ? undefined : slopeWithin(values, segments, onset);
  const creep = slope === undefined || onset === undefined ? undefined : { onset, slope: slope.value };
  const bare: LevelFit = { segments, creep, noise: floor, degrees: 0, floor, values };
  const degrees = values.length - segments.length - (creep === undefined ? 0 : 1);
  return degrees < 1 ? bare : { ...bare, degrees, noise: Math.max(floor, noiseAbout(bare, degrees)) };
}

/**
 * Standard deviation of what is left. Where a value is like the one before it, there is less in the series than it has entries: the variance
 * is then that of an autoregression's mean, (1 + r) / (1 − r) times as large.
 */
function noiseAbout(fit: LevelFit, degrees: number): number {
  const rest = restsAbout(fit, fit.values);
  const squares = rest.reduce((sum, each) => sum + each * each, 0);
  if (squares === 0) return 0;
  const together = rest.slice(1).reduce((sum, each, index) => sum + each * (rest[index] ?? 0), 0);
  const alike = Math.min(0.6, Math.max(0, together / squares));
  return Math.sqrt((squares / degrees) * ((1 + alike) / (1 - alike)));
}

/** The step after the segment `before`, with its standard error. */
function jumpAt(fit: LevelFit, before: number): { readonly value: number; readonly error: number } {
  const [left, right] = [fit.segments[before], fit.segments[before + 1]];
  if (left === undefined || right === undefined) return { value: Number.NaN, error: Number.NaN };
  const { slope, onset } = fit.creep ?? { slope: 0, onset: 0 };
  const valueAt = (index: number) => fit.values[index] ?? Number.NaN;
  const [ofLeft, ofRight] = [indices(left), indices(right)];
  const rise =
    meanOf(ofRight, (index) => riseOf(index, onset)) - meanOf(ofLeft, (index) => riseOf(index, onset));
  const value = meanOf(ofRight, valueAt) - meanOf(ofLeft, valueAt) - slope * rise;
  const spread = fit.creep && slopeWithin(fit.values, fit.segments, onset)?.spread;
  const ofSlope = spread === undefined ? 0 : rise ** 2 / spread;
  return { value, error: fit.noise * Math.sqrt(1 / ofLeft.length + 1 / ofRight.length + ofSlope) };
}

/** Two-sided probability of a step at least so large where there is none. */
function chanceOfNone(fit: LevelFit, before: number): number {
  const { value, error } = jumpAt(fit, before);
  return fit.degrees < 1 ? 1 : 2 * studentUpperTail(Math.abs(value) / error, fit.degrees);
}

/** What the likelihood may fall by from the best place of a step to one that is as good as any: twice its logarithm. */
const worseBy = 6;

function placesOf(
  fit: LevelFit,
  before: number,
  size: number,
): { readonly first: number; readonly last: number } {
  const [left, right] = [fit.segments[before], fit.segments[before + 1]];
  if (left === undefined || right === undefined) throw new Error('a step is between two segments');
  return {
    first: reachOf(fit, right.start, left.start + 1, -1, size),
    last: reachOf(fit, right.start, right.end - 1, 1, size),
  };
}

/** Moves the step past one entry after another: each that is nearer to the other level speaks for it, each of its own against. */
function reachOf(fit: LevelFit, index: number, limit: number, direction: 1 | -1, size: number): number {
  let [furthest, against] = [index, 0];
  for (let at = index; at !== limit; at += direction) {
    const moved = direction === 1 ? at : at - 1;
    const off = (fit.values[moved] ?? 0) - levelAt(fit, moved);
    // The entry's level would be lower by the step, or higher when it goes back: (off ± size)² − off² in units of the noise.
    const other = direction === 1 ? off + size : off - size;
    against += (other ** 2 - off ** 2) / fit.noise ** 2;
    if (against <= worseBy) furthest = at + direction;
    if (against > 4 * worseBy) break;
  }
  return furthest;
}
