import { confidence } from './contrast.ts';
import { normalQuantile } from './student.ts';

/** A share of independent trials with its 95 % interval. */
export interface Proportion {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Of `count` among `trials` (at least one), with E. B. Wilson's score interval (J. Am. Statist. Assoc. 22, 1927): of none in 1000, 0 to 0.4 %. */
export function proportionOf(count: number, trials: number): Proportion {
  const value = count / trials;
  const z = normalQuantile((1 + confidence) / 2);
  const part = z ** 2 / trials;
  const center = (value + part / 2) / (1 + part);
  const half = (z * Math.sqrt((value * (1 - value)) / trials + part / (4 * trials))) / (1 + part);
  return { value, low: count === 0 ? 0 : center - half, high: count === trials ? 1 : center + half };
}
