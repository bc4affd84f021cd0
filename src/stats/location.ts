import { variance } from './median.ts';

/** Share of the values that is cut off at either end. */
const trimmed = 1 / 4;

/**
 * The interquartile mean (Tukey's midmean): of the middle half of the values, those at its edges counting for the part that lies inside. It is
 * where a boot's cycles lie. A fourth of them may be bursts and do not move it far, and where cycles come in two sizes it lies between those,
 * where a median would be one or the other by chance. NaN for none.
 */
export function locationOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [from, to] = [sorted.length * trimmed, sorted.length * (1 - trimmed)];
  const inside = (index: number) => Math.max(0, Math.min(index + 1, to) - Math.max(index, from));
  // From the lowest, so that values that are all alike give just that.
  const [lowest = Number.NaN] = sorted;
  const sum = sorted.reduce((total, value, index) => total + inside(index) * (value - lowest), 0);
  return lowest + sum / (to - from);
}

/**
 * Standard error of the location of a sample, from the variance of its winsorized values (J. W. Tukey, D. H. McLaughlin, Sankhyā A 25, 1963).
 * Where a fourth of the values is no whole number, the variance lies between those of the numbers next to it. 0 for fewer than two values,
 * which say nothing of it.
 */
export function errorOfLocation(values: readonly number[]): number {
  const { length } = values;
  if (length < 2) return 0;
  // Their location is their mean.
  if (length === 2) return Math.sqrt(variance(values) / 2);
  const sorted = values.toSorted((a, b) => a - b);
  const cut = Math.floor(length * trimmed);
  const part = length * trimmed - cut;
  const spread = (1 - part) * winsorizedVariance(sorted, cut) + part * winsorizedVariance(sorted, cut + 1);
  const kept = length * (1 - 2 * trimmed);
  return Math.sqrt((spread * (length - 1)) / (kept * (kept - 1)));
}

/** The lowest so many values drawn in to the next one, and the highest too. */
function winsorizedVariance(sorted: readonly number[], cut: number): number {
  const [low = Number.NaN, high = Number.NaN] = [sorted[cut], sorted.at(-1 - cut)];
  return variance(sorted.map((value) => Math.min(high, Math.max(low, value))));
}
