import type { BootTest } from './contrast.ts';
import { normalUpperTail, studentUpperTail } from './student.ts';

/**
 * Probability, 0 to 1, that the true difference is above `limit`, which is in the test's unit (a logarithm where the test is of
 * logarithms). It is Bayes' answer with a flat prior of the difference and one of 1 / variance, by which the difference is distributed as
 * Student's t about its estimate (G. E. P. Box, G. C. Tiao, Bayesian Inference in Statistical Analysis, 1973, § 2.5; with
 * Welch's degrees it is an approximation); but never surer than a normal difference with the error that the cycles leave open, as
 * the interval is never narrower. To tell people which answer is likelier: no verdict depends on it.
 * Without any spread the difference is taken as exact: 1 above the limit, 0 at it or below.
 */
export function chancePast(test: BootTest, limit: number): number {
  const distance = test.difference - limit;
  if (test.standardError === 0 && test.cycleError === 0) return distance > 0 ? 1 : 0;
  const apart = Math.abs(distance);
  const ofBoots = test.standardError === 0 ? 0 : studentUpperTail(apart / test.standardError, test.degrees);
  const ofCycles = test.cycleError === 0 ? 0 : normalUpperTail(apart / test.cycleError);
  const tail = Math.max(ofBoots, ofCycles);
  return distance < 0 ? tail : 1 - tail;
}
