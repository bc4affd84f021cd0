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
  const [partA, partB] = [variance(a) / a.length, variance(b) / b.length];
  const difference = mean(b) - mean(a);
  const standardError = Math.sqrt(partA + partB);
  if (standardError <= roundingError(a, b)) {
    const none = Math.abs(difference) <= roundingError(a, b);
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

/** Equal values may differ in their last bits after a logarithm or a mean; that is no spread. */
function roundingError(a: readonly number[], b: readonly number[]): number {
  const largest = Math.max(...a.map(Math.abs), ...b.map(Math.abs));
  return largest * Number.EPSILON * 8;
}
