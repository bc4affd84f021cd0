import { mean, variance } from './median.ts';
import { studentQuantile, studentUpperTail } from './student.ts';

/**
 * Test of the difference of two samples' means, b − a. The standard error is Welch's: each sample's variance over its size, which
 * is also the pooled one where both have equally many values.
 */
export interface WelchTest {
  readonly difference: number;
  readonly standardError: number;
  /** See `degreesOf`; infinite where neither sample varies. */
  readonly degrees: number;
  /** Two-sided probability of a difference at least so large where there is none. */
  readonly pValue: number;
}

/** undefined when a side has fewer than two values: there is no spread to judge by. */
export function welchTest(a: readonly number[], b: readonly number[]): WelchTest | undefined {
  if (a.length < 2 || b.length < 2) return undefined;
  // In units of the largest value, since a record may hold numbers whose squares are not finite.
  const unit = largest(a, b) || 1;
  const [partA, partB] = [partOf(a, unit), partOf(b, unit)];
  const difference = mean(b) - mean(a);
  const standardError = Math.sqrt(partA + partB) * unit;
  if (standardError <= unit * roundingError) {
    const none = Math.abs(difference) <= unit * roundingError;
    return { difference, standardError: 0, degrees: Number.POSITIVE_INFINITY, pValue: none ? 1 : 0 };
  }
  const degrees = degreesOf(partA, a.length, partB, b.length);
  const pValue = 2 * studentUpperTail(Math.abs(difference) / standardError, degrees);
  return { difference, standardError, degrees, pValue };
}

/** Half the width of the two-sided interval of this confidence (0.95) about the difference. */
export function halfWidth(test: WelchTest, confidence: number): number {
  if (test.standardError === 0) return 0;
  return studentQuantile((1 + confidence) / 2, test.degrees) * test.standardError;
}

/**
 * 2(n − 1), Student's, where both samples have n values; Welch–Satterthwaite's otherwise (B. L. Welch, Biometrika 34, 1947).
 * Of few values Welch's degrees are a poor estimate: of two samples of two values they come out anywhere between 1 and 2, where
 * the truth is 2, and an interval is up to three times as wide as it should be. Spreads that differ disturb Student's little
 * where sizes are equal (H. Scheffé, The Analysis of Variance, 1959, § 10.2): simulated with 2 to 10 values a side, 95 % intervals
 * cover 94 % with one standard deviation twice the other, 93 % at three times, 87 to 93 % at ten times. A sample that does not
 * vary at all says nothing about the spread of the other, whose n − 1 are then all there are: Welch's again.
 */
function degreesOf(partA: number, sizeA: number, partB: number, sizeB: number): number {
  const none = roundingError ** 2;
  if (sizeA === sizeB && partA > none && partB > none) return 2 * (sizeA - 1);
  return (partA + partB) ** 2 / (partA ** 2 / (sizeA - 1) + partB ** 2 / (sizeB - 1));
}

/** Equal values may differ in their last bits after a logarithm or a mean, relative to the largest; that is no spread. */
const roundingError = Number.EPSILON * 8;

function largest(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map(Math.abs), ...b.map(Math.abs));
}

/** A sample's part in the variance of the difference of the means. */
function partOf(values: readonly number[], unit: number): number {
  return variance(values.map((value) => value / unit)) / values.length;
}
