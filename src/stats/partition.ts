import { median } from './median.ts';

/** Entries `start` … `end` − 1. */
export interface Segment {
  readonly start: number;
  readonly end: number;
}

/** Fewer entries make no level, of so many in all: of skewed noise a few in a row are far off now and then, and the more often the longer it is. */
export function leastSegment(entries: number): number {
  return Math.max(5, Math.floor(Math.log2(entries)));
}

/** Fewer entries have no history that a step could be told in. */
export const leastEntries = 10;

/** Places at which a creep may begin that are tried. */
export const onsetsTried = 8;

export interface Partition {
  readonly segments: readonly Segment[];
  /** Entry that the creep begins at; undefined without one. */
  readonly onset: number | undefined;
  readonly cost: number;
}

/**
 * The segments that values fall into, with the least sum of squares and a `penalty` for each, in their unit squared: levels alone, or a creep
 * through them where that saves more than half a step again costs. Time grows with the square of the entries: a thousand take half a second.
 *
 * @param sigma standard deviation of the noise.
 */
export function bestPartition(values: readonly number[], penalty: number, sigma: number): Partition {
  const plain = partition(values, penalty);
  let best: Partition = { ...plain, onset: undefined };
  const step = Math.max(1, Math.floor(values.length / onsetsTried));
  for (let onset = 0; onset + leastEntries <= values.length; onset += step) {
    for (const start of slopesToTry(values, onset, sigma)) {
      const found = settleSlope(values, onset, start, penalty);
      const cost = found.cost + 1.5 * penalty;
      if (cost < best.cost) best = { segments: found.segments, onset, cost };
    }
  }
  return best;
}

/** Each boundary where it parts its two neighbours best, now that another one is gone; one after another, from the first. */
export function settleBoundaries(
  values: readonly number[],
  segments: readonly Segment[],
  creep: { readonly slope: number; readonly onset: number },
): Segment[] {
  const squares = squaresOf(values.map((value, index) => value - creep.slope * riseOf(index, creep.onset)));
  const settled = [...segments];
  for (let before = 0; before + 1 < settled.length; before += 1) {
    const [left, right] = [settled[before], settled[before + 1]];
    if (left === undefined || right === undefined) break;
    const at = bestSplit(squares, left.start, right.end, leastSegment(values.length));
    settled.splice(before, 2, { start: left.start, end: at }, { start: at, end: right.end });
  }
  return settled;
}

function bestSplit(
  squares: (start: number, end: number) => number,
  start: number,
  end: number,
  shortest: number,
): number {
  let [best, least] = [start + shortest, Number.POSITIVE_INFINITY];
  for (let at = start + shortest; at <= end - shortest; at += 1) {
    const cost = squares(start, at) + squares(at, end);
    if (cost < least) [best, least] = [at, cost];
  }
  return best;
}

/** Least squares' slope within the segments, with the sum of squares that it stands on; undefined where there is nothing to tell it by. */
export function slopeWithin(
  values: readonly number[],
  segments: readonly Segment[],
  onset: number,
): { readonly value: number; readonly spread: number } | undefined {
  let [together, spread] = [0, 0];
  for (const segment of segments) {
    const range = indices(segment);
    const center = meanOf(range, (index) => riseOf(index, onset));
    for (const index of range) {
      const off = riseOf(index, onset) - center;
      together += off * (values[index] ?? 0);
      spread += off * off;
    }
  }
  return spread > 0 ? { value: together / spread, spread } : undefined;
}

/** How far a creep that starts at `onset` has come at an entry, in entries. */
export function riseOf(index: number, onset: number): number {
  return Math.max(0, index - onset);
}

export function indices({ start, end }: Segment): number[] {
  return Array.from({ length: end - start }, (_, offset) => start + offset);
}

export function meanOf(range: readonly number[], of: (index: number) => number): number {
  return range.reduce((sum, index) => sum + of(index), 0) / range.length;
}

/** As steep as the whole range over what is left, either way; so dense that the best one is off by little more than the noise. */
function slopesToTry(values: readonly number[], onset: number, sigma: number): number[] {
  const range = Math.max(...values) - Math.min(...values);
  const count = Math.min(24, Math.max(4, Math.ceil(range / (2 * sigma))));
  const most = range / (values.length - onset);
  return Array.from({ length: count }, (_, index) => most * ((2 * (index + 1)) / count - 1)).filter(
    (slope) => slope !== 0,
  );
}

/** A slope, the partition it leaves, the slope of that partition, and so on: no turn makes the sum of squares larger. */
function settleSlope(
  values: readonly number[],
  onset: number,
  start: number,
  penalty: number,
): Omit<Partition, 'onset'> {
  const flattened = (slope: number) => values.map((value, index) => value - slope * riseOf(index, onset));
  const first = partition(flattened(start), penalty);
  const slope = slopeWithin(values, first.segments, onset);
  return slope === undefined ? first : partition(flattened(slope.value), penalty);
}

/** The partition into segments with the least sum of squares and penalties. */
function partition(values: readonly number[], penalty: number): Omit<Partition, 'onset'> {
  const squares = squaresOf(values);
  const shortest = leastSegment(values.length);
  const costs = new Float64Array(values.length + 1).fill(Number.POSITIVE_INFINITY);
  const froms = new Int32Array(values.length + 1);
  costs[0] = -penalty;
  for (let end = shortest; end <= values.length; end += 1) {
    let least = Number.POSITIVE_INFINITY;
    let from = 0;
    for (let start = 0; start <= end - shortest; start += 1) {
      const cost = (costs[start] ?? 0) + squares(start, end);
      if (cost < least) [least, from] = [cost, start];
    }
    costs[end] = least + penalty;
    froms[end] = from;
  }
  return { segments: walkBack(froms), cost: costs[values.length] ?? 0 };
}

function walkBack(froms: Int32Array): Segment[] {
  const segments: Segment[] = [];
  for (let end = froms.length - 1; end > 0; end = froms[end] ?? 0)
    segments.push({ start: froms[end] ?? 0, end });
  return segments.reverse();
}

/** Sum of squares about the mean of the values from `start` to before `end`. */
function squaresOf(values: readonly number[]): (start: number, end: number) => number {
  const sums = new Float64Array(values.length + 1);
  const ofSquares = new Float64Array(values.length + 1);
  const center = median(values);
  values.forEach((value, index) => {
    const off = value - center;
    sums[index + 1] = (sums[index] ?? 0) + off;
    ofSquares[index + 1] = (ofSquares[index] ?? 0) + off * off;
  });
  return (start, end) => {
    const sum = (sums[end] ?? 0) - (sums[start] ?? 0);
    const about = (ofSquares[end] ?? 0) - (ofSquares[start] ?? 0) - (sum * sum) / (end - start);
    return Math.max(0, about);
  };
}
