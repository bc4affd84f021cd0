import { mean, variance } from './median.ts';
import { studentQuantile, studentUpperTail } from './student.ts';

/** Welch's test of two samples of unequal variance: the difference of their means, b − a. */
export interface WelchTest {
  readonly difference: number;
  readonly standardError: number;
  /** Welch–Satterthwaite; infinite where neither sample varies. */
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
  const degrees = (partA + partB) ** 2 / (partA ** 2 / (a.length - 1) + partB ** 2 / (b.length - 1));
  const pValue = 2 * studentUpperTail(Math.abs(difference) / standardError, degrees);
  return { difference, standardError, degrees, pValue };
}

/** Half the width of the two-sided interval of this confidence (0.95) about the difference. */
export function halfWidth(test: WelchTest, confidence: number): number {
  if (test.standardError === 0) return 0;
  return studentQuantile((1 + confidence) / 2, test.degrees) * test.standardError;
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
