import { median } from './median.ts';
import { halfWidth, type WelchTest, welchTest } from './welch.ts';

/** Confidence of every interval that is shown. */
export const confidence = 0.95;

/** An estimate with its 95 % interval; without one where there are too few boots to say. */
export interface Interval {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

/** Head against base, from one number of each boot. Whatever replaces Welch's test replaces what is in here. */
export interface Contrast {
  /** Ratio of the medians − 1; absent where the base is 0. */
  readonly growth: Interval | undefined;
  /** Difference of the medians, in their unit. */
  readonly difference: Interval;
  /** Of no change at all; undefined with fewer than two boots on a side. */
  readonly pValue: number | undefined;
  /** On logarithms; undefined where a boot has 0. */
  readonly ratioTest: WelchTest | undefined;
  readonly differenceTest: WelchTest | undefined;
}

/**
 * Estimates are of the medians over boots, which is what is shown beside them. Intervals are of the means over boots, on logarithms
 * for the growth and on the plain numbers for the difference: Student's where both sides have equally many boots, Welch's
 * otherwise. They are widened to hold the estimate where a stray boot has pulled the mean away from the median. Where a boot has 0
 * there is no logarithm: the growth's interval is then the difference's over the base's median.
 */
export function contrastSides(base: readonly number[], head: readonly number[]): Contrast {
  const baseMedian = median(base);
  const value = median(head) - baseMedian;
  const differenceTest = welchTest(base, head);
  const difference = intervalOf(value, differenceTest, (bound) => bound);
  const positive = [...base, ...head].every((each) => each > 0);
  const ratioTest = positive ? welchTest(base.map(Math.log), head.map(Math.log)) : undefined;
  return {
    growth: growthOf(value / baseMedian, ratioTest, difference, baseMedian),
    difference,
    pValue: (ratioTest ?? differenceTest)?.pValue,
    ratioTest,
    differenceTest,
  };
}

function growthOf(
  value: number,
  ratioTest: WelchTest | undefined,
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

function intervalOf(value: number, test: WelchTest | undefined, scale: (bound: number) => number): Interval {
  if (test === undefined) return { value };
  if (test.standardError === 0) return { value, low: value, high: value };
  const half = halfWidth(test, confidence);
  return {
    value,
    low: Math.min(value, scale(test.difference - half)),
    high: Math.max(value, scale(test.difference + half)),
  };
}
