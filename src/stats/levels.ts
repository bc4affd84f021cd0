import { mean, variance } from './median.ts';
import { densityOf, studentUpperTail } from './student.ts';

/** How likely a sample lies at the lower of two levels, at the upper, or well between them; they add up to 1. */
export interface LevelOdds {
  readonly low: number;
  readonly between: number;
  readonly high: number;
}

/** One number of each boot, and what its own cycles leave open of it, as a standard error in its unit; no errors: not known. */
export interface BootNumbers {
  readonly values: readonly number[];
  readonly errors: readonly number[];
}

/** Before any number is seen: most growth of a history is one step, and few commits lie between two. */
const prior = { low: 0.45, between: 0.1, high: 0.45 };

/** Where one level ends and the other begins, from those of the two: what is nearer counts as that level. */
export type Cuts = (atLow: number, atHigh: number) => { readonly low: number; readonly high: number };

/**
 * Where `value` lies, of the levels that `low` and `high` were taken at. By Bayes' rule from Student likelihoods of
 * the means, on logarithms where no boot has 0. The spread between boots is one, pooled over the three samples with n − 3 degrees of
 * freedom (the analysis of variance of one factor): a few boots of each are then enough. It is not taken to be less than what the cycles
 * leave open, as in `contrastSides`. Between the levels every place is as likely;
 * `cuts` says how much of it counts as `low` and as `high`. Below `low` counts as that, and above `high`. undefined where there is no spread to
 * judge by (n ≤ 3), or `high` is not above `low`.
 */
export function levelOdds(
  low: BootNumbers,
  high: BootNumbers,
  value: BootNumbers,
  cuts: Cuts,
): LevelOdds | undefined {
  const given = [low, high, value];
  const positive = given.every(({ values }) => values.every((each) => each > 0));
  const samples = given.map((sample) => (positive ? onLogarithms(sample) : sample));
  const [atLow = Number.NaN, atHigh = Number.NaN, at = Number.NaN] = samples.map(({ values }) =>
    mean(values),
  );
  const degrees = samples.reduce((sum, { values }) => sum + values.length, 0) - samples.length;
  if (!(atHigh > atLow) || degrees < 1) return undefined;
  const onValues = (place: number) => (positive ? Math.exp(place) : place);
  const cut = cuts(onValues(atLow), onValues(atHigh));
  const onScale = (each: number) => (positive ? Math.log(Math.max(each, Number.MIN_VALUE)) : each);
  const inside = (each: number) => Math.min(atHigh, Math.max(atLow, onScale(each)));
  const [lowCut, highCut] = [inside(cut.low), inside(cut.high)];
  const places = { atLow, atHigh, at, from: Math.min(lowCut, highCut), to: Math.max(lowCut, highCut) };
  const errors = errorsOf(samples, degrees);
  return errors === undefined ? exactly(places) : weigh({ ...places, ...errors, degrees });
}

function onLogarithms({ values, errors }: BootNumbers): BootNumbers {
  return {
    values: values.map(Math.log),
    errors: errors.map((error, boot) => error / (values[boot] ?? Number.NaN)),
  };
}

/** Of the differences to either level; undefined where nothing varies. */
function errorsOf(
  [low, high, value]: readonly BootNumbers[],
  degrees: number,
): Pick<Spreads, 'errorToLow' | 'errorToHigh'> | undefined {
  if (low === undefined || high === undefined || value === undefined) return undefined;
  const samples = [low.values, high.values, value.values];
  const spread = pooledSpread(samples, degrees);
  const to = (level: BootNumbers) =>
    Math.max(
      spread * Math.sqrt(1 / value.values.length + 1 / level.values.length),
      Math.hypot(errorOfMean(level), errorOfMean(value)),
    );
  const [errorToLow, errorToHigh] = [to(low), to(high)];
  const least = roundingError * Math.max(...samples.flat().map(Math.abs));
  return Math.min(errorToLow, errorToHigh) <= least ? undefined : { errorToLow, errorToHigh };
}

function errorOfMean({ errors }: BootNumbers): number {
  return errors.length === 0 ? 0 : Math.hypot(...errors) / errors.length;
}

/** On the scale that is judged on; `from` and `to`: what lies well between the levels. */
interface Places {
  readonly atLow: number;
  readonly from: number;
  readonly at: number;
  readonly to: number;
  readonly atHigh: number;
}

interface Spreads {
  readonly errorToLow: number;
  readonly errorToHigh: number;
  readonly degrees: number;
}

function weigh(places: Places & Spreads): LevelOdds {
  const { atLow, from, at, to, atHigh, errorToLow, errorToHigh, degrees } = places;
  const density = densityOf(degrees);
  const error = (errorToLow + errorToHigh) / 2;
  const below = (place: number) => shareBelow((at - place) / error, degrees);
  const part = (start: number, end: number) =>
    (prior.between * Math.max(0, below(start) - below(end))) / (atHigh - atLow);
  const low = (prior.low * density(Math.max(0, (at - atLow) / errorToLow))) / errorToLow + part(atLow, from);
  const high =
    (prior.high * density(Math.min(0, (at - atHigh) / errorToHigh))) / errorToHigh + part(to, atHigh);
  const between = part(from, to);
  const sum = low + between + high;
  return { low: low / sum, between: between / sum, high: high / sum };
}

/** Of Student's distribution. */
function shareBelow(t: number, degrees: number): number {
  const tail = studentUpperTail(Math.abs(t), degrees);
  return t < 0 ? tail : 1 - tail;
}

function pooledSpread(samples: readonly (readonly number[])[], degrees: number): number {
  const squares = samples.map((sample) => (sample.length < 2 ? 0 : variance(sample) * (sample.length - 1)));
  return Math.sqrt(squares.reduce((sum, each) => sum + each, 0) / degrees);
}

/** All boots of each sample agree to the byte. */
function exactly({ from, at, to }: Places): LevelOdds {
  if (at < from || (at === from && from < to)) return { low: 1, between: 0, high: 0 };
  return at > to || from === to ? { low: 0, between: 0, high: 1 } : { low: 0, between: 1, high: 0 };
}

/** Equal numbers may differ in their last bits after a logarithm or a mean, relative to the largest. */
const roundingError = Number.EPSILON * 8;
