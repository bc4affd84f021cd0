import { median, sigmaPerDeviation } from './median.ts';

/** Standard deviations from the median from which on a value is named. */
const farAway = 5;

/** Less than this share of the median is no spread to call a value far by: quantised numbers are often all alike but one. */
const leastDeviation = 0.01;

/** Among fewer values half of them say too little of how the others should be. */
const fewest = 5;

/**
 * Indices, ascending, of the cycles of one boot that are far above or below their median: more than 5 × 1.4826 median absolute
 * deviations (F. R. Hampel, J. Am. Statist. Assoc. 69, 1974). They are to be named and counted; nothing is dropped for it. `values`
 * are in any one unit; of fewer than five none is far.
 *
 * Where more than half of the values are alike the median absolute deviation is 0, and any other value would be infinitely far. So
 * it counts as at least 1 % of the median and at least `quantum`, the step in which values come, in their unit (4096 for
 * bytes of pages; 0 for what is continuous): then what is within 7.4 % of the median, or within 7 pages, is not named. With
 * both 0, a majority of zeros and no quantum, whatever is not 0 is named.
 *
 * Of boots of normal noise 3 in 100 have one such cycle at 8 to 12 cycles, fewer at more; of lognormal noise of 30 %, 8 in 100.
 */
export function outliersOf(values: readonly number[], quantum = 0): number[] {
  if (values.length < fewest) return [];
  const center = median(values);
  const distances = values.map((value) => Math.abs(value - center));
  const deviation = Math.max(median(distances), leastDeviation * Math.abs(center), quantum);
  return distances.flatMap((distance, index) =>
    distance > farAway * sigmaPerDeviation * deviation ? [index] : [],
  );
}
