import { type LevelFit, levelAt, withCreep } from './change-points.ts';
import { confidence, type Interval } from './contrast.ts';
import { indices, meanOf, onsetsTried, riseOf, slopeWithin } from './partition.ts';
import { studentQuantile, studentUpperTail } from './student.ts';

/** What a series has crept by from one entry to its last. */
export interface Drift extends Required<Interval> {
  /** The whole change from the one entry to the last, steps that were taken out included. */
  readonly whole: number;
  /** The level at the one entry. */
  readonly start: number;
  /** Two-sided probability of a creep at least so large where there is none. */
  readonly pValue: number;
}

/**
 * The creep of a fitted series from the entry `from` to the last, without the steps in `apart` (of which each is the first entry of a new
 * level). What is left is the slope that all levels have in common, and the steps too small to be taken out: many of them are a creep too.
 * It is a linear contrast of least squares with a slope that is always in the model, with Student's 95 % interval; where the slope was sought
 * out by its onset, the probability is Bonferroni's over the onsets tried. undefined where there is no noise to judge by.
 */
export function driftOf(fit: LevelFit, from: number, apart: ReadonlySet<number>): Drift | undefined {
  const last = fit.values.length - 1;
  const model = withCreep(fit, fit.creep?.onset ?? from);
  if (model.creep === undefined || model.degrees < 1 || from >= last) return undefined;
  const { value, error } = contrastOf(model, model.creep, weightsOf(model, from, apart), from);
  const half = studentQuantile((1 + confidence) / 2, model.degrees) * error;
  const chance = 2 * studentUpperTail(Math.abs(value) / error, model.degrees);
  return {
    value,
    low: value - half,
    high: value + half,
    whole: levelAt(model, last) - levelAt(model, from),
    start: levelAt(model, from),
    pValue: Math.min(1, fit.creep === undefined ? chance : chance * onsetsTried),
  };
}

/** How often each segment's level counts: +1 after a step that stays in, −1 before it. */
function weightsOf({ segments }: LevelFit, from: number, apart: ReadonlySet<number>): number[] {
  const counts = segments.map(({ start }, index) => index > 0 && start > from && !apart.has(start));
  return segments.map((_, index) => (counts[index] ? 1 : 0) - (counts[index + 1] ? 1 : 0));
}

/** Σ weight · (mean − slope · mean rise) + slope · rise, whose variance has a part of each mean and one of the slope. */
function contrastOf(
  { segments, values, noise }: LevelFit,
  { slope, onset }: { readonly slope: number; readonly onset: number },
  weights: readonly number[],
  from: number,
): { readonly value: number; readonly error: number } {
  const spread = slopeWithin(values, segments, onset)?.spread ?? Number.NaN;
  const rise = riseOf(values.length - 1, onset) - riseOf(from, onset);
  let [ofMeans, ofRises, share] = [0, 0, 0];
  segments.forEach((segment, index) => {
    const weight = weights[index] ?? 0;
    const range = indices(segment);
    ofMeans += weight * meanOf(range, (at) => values[at] ?? Number.NaN);
    ofRises += weight * meanOf(range, (at) => riseOf(at, onset));
    share += weight ** 2 / range.length;
  });
  const left = rise - ofRises;
  return { value: ofMeans + slope * left, error: noise * Math.sqrt(share + left ** 2 / spread) };
}
