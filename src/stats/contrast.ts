import { median } from './median.ts';
import { normalQuantile, normalUpperTail } from './student.ts';
import { halfWidth, type WelchTest, welchTest } from './welch.ts';

/** Confidence of every interval that is shown. */
export const confidence = 0.95;

/** An estimate with its 95 % interval; without one where there are too few boots to say. */
export interface Interval {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

/** One number of each boot of one side, and its standard errors; without those nothing is known of them. */
interface Locations {
  readonly values: readonly number[];
  readonly errors: readonly number[];
}

/** Welch's test over boots, whose p-value is not below what the cycles' own spread allows. */
export interface BootTest extends WelchTest {
  /** Standard error of the difference from the spread within boots alone. */
  readonly cycleError: number;
}

/** Head against base, from one number of each boot. Whatever replaces Welch's test replaces what is in here. */
export interface Contrast {
  /** Ratio of the medians − 1; absent where the base is 0. */
  readonly growth: Interval | undefined;
  /** Difference of the medians, in their unit. */
  readonly difference: Interval;
  /** What both are below, each with 95 % confidence, on one side and so nearer than the end of the interval; undefined as theirs. */
  readonly atMost: { readonly growth: number | undefined; readonly difference: number | undefined };
  /** Of no change at all; undefined with fewer than two boots on a side. */
  readonly pValue: number | undefined;
  /** On logarithms; undefined where a boot has 0. */
  readonly ratioTest: BootTest | undefined;
  readonly differenceTest: BootTest | undefined;
}

/**
 * Estimates are of the medians over boots, which is what is shown beside them. Intervals are of the means over boots, on logarithms
 * for the growth and on the plain numbers for the difference: Student's t with
 * Welch's standard error. They are widened to hold the estimate where a stray boot has pulled the mean away from the median. Where a boot has 0
 * there is no logarithm: the growth's interval is then the difference's over the base's median.
 *
 * Boots are what is independent, and their spread decides. But the spread of two or three boots may come out far too small by chance; what the
 * cycles within them leave open is known much better, and no difference of boots can be less uncertain than that: the interval is at
 * least as wide, and the p-value at least as large, as a normal difference with that error has it. Never the other way round.
 *
 * @param errors what each boot's own cycles leave open of its number, as standard errors in its unit; none: not known
 */
export function contrastSides(
  base: readonly number[],
  head: readonly number[],
  errors: { readonly base: readonly number[]; readonly head: readonly number[] } = { base: [], head: [] },
): Contrast {
  return contrast({ values: base, errors: errors.base }, { values: head, errors: errors.head });
}

function contrast(base: Locations, head: Locations): Contrast {
  const baseMedian = median(base.values);
  const value = median(head.values) - baseMedian;
  const differenceTest = testOf(base, head);
  const difference = intervalOf(value, differenceTest, (bound) => bound);
  const differenceAtMost = upperBound(value, differenceTest, (bound) => bound);
  const positive = [...base.values, ...head.values].every((each) => each > 0);
  const ratioTest = positive ? testOf(onLogarithms(base), onLogarithms(head)) : undefined;
  const growth = growthOf(value / baseMedian, ratioTest, difference, baseMedian);
  const growthAtMost = ratioTest
    ? upperBound(value / baseMedian, ratioTest, Math.expm1)
    : differenceAtMost === undefined
      ? undefined
      : differenceAtMost / baseMedian;
  return {
    growth,
    difference,
    atMost: { growth: growth && growthAtMost, difference: differenceAtMost },
    pValue: (ratioTest ?? differenceTest)?.pValue,
    ratioTest,
    differenceTest,
  };
}

function onLogarithms({ values, errors }: Locations): Locations {
  return {
    values: values.map(Math.log),
    errors: errors.map((error, boot) => error / (values[boot] ?? Number.NaN)),
  };
}

function testOf(base: Locations, head: Locations): BootTest | undefined {
  const test = welchTest(base.values, head.values);
  if (test === undefined) return undefined;
  const cycleError = Math.hypot(errorOfMean(base.errors), errorOfMean(head.errors));
  const within = cycleError === 0 ? 0 : 2 * normalUpperTail(Math.abs(test.difference) / cycleError);
  return { ...test, pValue: Math.max(test.pValue, within), cycleError };
}

function errorOfMean(errors: readonly number[]): number {
  return errors.length === 0 ? 0 : Math.hypot(...errors) / errors.length;
}

/** The larger of what boots and what cycles leave open, on both sides of the estimate with this confidence together. */
function halfWidthOf(test: BootTest, twoSided: number): number {
  return Math.max(halfWidth(test, twoSided), normalQuantile((1 + twoSided) / 2) * test.cycleError);
}

function upperBound(
  value: number,
  test: BootTest | undefined,
  scale: (bound: number) => number,
): number | undefined {
  if (test === undefined) return undefined;
  const half = halfWidthOf(test, 2 * confidence - 1);
  return half === 0 ? value : Math.max(value, scale(test.difference + half));
}

function growthOf(
  value: number,
  ratioTest: BootTest | undefined,
  difference: Interval,
  baseMedian: number,
): Interval | undefined {
  if (!(baseMedian > 0)) return undefined;
  if (ratioTest) return intervalOf(value, ratioTest, Math.expm1);
  const { low, high } = difference;
  return low === undefined || high === undefined
    ? { value }
    : { value, low: low / baseMedian, high: high / baseMedian };
}

function intervalOf(value: number, test: BootTest | undefined, scale: (bound: number) => number): Interval {
  if (test === undefined) return { value };
  const half = halfWidthOf(test, confidence);
  if (half === 0) return { value, low: value, high: value };
  return {
    value,
    low: Math.min(value, scale(test.difference - half)),
    high: Math.max(value, scale(test.difference + half)),
  };
}
