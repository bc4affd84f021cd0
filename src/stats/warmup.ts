import { median, sigmaPerDeviation } from './median.ts';

/**
 * The chance with which one more round is dropped where there is no warm-up. Two boots reach it with five rounds left (1/25), so
 * that of eight rounds four can be dropped; the sums of ranks are discrete, which leaves it below 5 %.
 */
const level = 0.041;

/** Later rounds of a boot that a round is held against, and of all boots together: what stands above so many stands above the rest. */
const mostCompared = { ofBoot: 100, ofAll: 3000 };

/** Rounds that are found to be warm-up, beyond those that were asked for. What takes longer to come down is no start but a trend. */
const mostFound = 50;

/**
 * How many first rounds of the boots of one side to drop: at least `atLeast`; more up to half of the shortest boot's, and up to 50 more.
 * `boots` has each boot's values by round, the first of all first, in any one unit; boots without rounds are passed over.
 *
 * Round by round: is it higher than the rounds after it, over all boots, by more than chance does? The first that is not ends the
 * warm-up, so that all tests together are wrong about a side without warm-up as seldom as the first one. The test is of ranks: how
 * many later rounds of its boot are as high or higher is, without warm-up, any number from 0 to all of them with equal chance,
 * whatever the distribution, and the sum over boots has a known one (the idea of E. Mann, D. R. Whitney, Ann. Math. Statist. 18, 1947,
 * within blocks; exact, not approximated). A burst in one boot is one small number in that sum. Ties count as higher.
 *
 * Only higher rounds are warm-up: first rounds below all that follow are what a leak looks like, which must not be cut away.
 * A single boot cannot tell a warm-up of one round from a burst in its first: see `standsAlone`.
 *
 * The sum's distribution takes time in boots² × rounds, and records of another's hand have as many as they like: a round is held against the
 * 100 that follow it, fewer where there are more than 30 boots, so that a round takes 1.5 million steps at most.
 */
export function detectWarmup(boots: readonly (readonly number[])[], atLeast: number): number {
  const measured = boots.filter((rounds) => rounds.length > 0);
  const half = Math.floor(Math.min(...measured.map((rounds) => rounds.length)) / 2);
  const most = Math.min(half, atLeast + mostFound);
  const compared = Math.min(mostCompared.ofBoot, Math.ceil(mostCompared.ofAll / measured.length));
  const differs = measured.length === 1 ? standsAlone : standsOut;
  const after = (drop: number) => measured.map((rounds) => rounds.slice(drop, drop + 1 + compared));
  let drop = atLeast;
  while (measured.length > 0 && drop < most && differs(after(drop))) drop += 1;
  return drop;
}

/** Whether the first of the rounds is higher than the rest, over all boots, by the exact test above. */
function standsOut(boots: readonly (readonly number[])[]): boolean {
  const above = boots.reduce((sum, rounds) => sum + countAsHigh(rounds), 0);
  let chances = Float64Array.of(1);
  for (const { length } of boots) chances = addUniform(chances, length, above);
  return chances.reduce((sum, chance) => sum + chance, 0) <= level;
}

/** How many of the later rounds are as high as the first, or higher. */
function countAsHigh([first = Number.NaN, ...rest]: readonly number[]): number {
  return rest.filter((value) => value >= first).length;
}

/** Distribution of a sum, from 0 to at most `most`, after adding a number that is 0 … size − 1 with equal chance. */
function addUniform(sum: Float64Array, size: number, most: number): Float64Array<ArrayBuffer> {
  const chances = new Float64Array(Math.min(sum.length + size - 1, most + 1));
  // Each is the mean of a window of the old ones, which moves on by one.
  let window = 0;
  for (let total = 0; total < chances.length; total += 1) {
    window += (sum[total] ?? 0) - (sum[total - size] ?? 0);
    chances[total] = window / size;
  }
  return chances;
}

/**
 * Of one boot ranks say too little, so distance must: the first round is above the median of the rest by more than 5 standard deviations
 * and by twice what any of the rest is away from it, which a burst is not where bursts come again.
 */
function standsAlone([[first = Number.NaN, ...rest] = []]: readonly (readonly number[])[]): boolean {
  const center = median(rest);
  const distances = rest.map((value) => Math.abs(value - center));
  const deviation = Math.max(sigmaPerDeviation * median(distances), 0.01 * Math.abs(center));
  return first - center > Math.max(5 * deviation, 2 * Math.max(...distances));
}
