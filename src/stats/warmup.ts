import { median } from './median.ts';

/**
 * The chance with which one more round is dropped where there is no warm-up. Two boots reach it with five rounds left (1/25), so
 * that of eight rounds four can be dropped; the sums of ranks are discrete, which leaves it below 5 %.
 */
const level = 0.041;

/**
 * How many first rounds of the boots of one side to drop: at least `atLeast`, at most half of the shortest boot's where that is more.
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
 */
export function detectWarmup(boots: readonly (readonly number[])[], atLeast: number): number {
  const measured = boots.filter((rounds) => rounds.length > 0);
  const most = Math.floor(Math.min(...measured.map((rounds) => rounds.length)) / 2);
  const differs = measured.length === 1 ? standsAlone : standsOut;
  let drop = atLeast;
  while (measured.length > 0 && drop < most && differs(measured.map((rounds) => rounds.slice(drop))))
    drop += 1;
  return drop;
}

/** Whether the first of the rounds is higher than the rest, over all boots, by the exact test above. */
function standsOut(boots: readonly (readonly number[])[]): boolean {
  const above = boots.reduce((sum, rounds) => sum + countAsHigh(rounds), 0);
  const chances = boots.reduce<readonly number[]>((sum, rounds) => addUniform(sum, rounds.length), [1]);
  return chances.slice(0, above + 1).reduce((sum, chance) => sum + chance, 0) <= level;
}

/** How many of the later rounds are as high as the first, or higher. */
function countAsHigh([first = Number.NaN, ...rest]: readonly number[]): number {
  return rest.filter((value) => value >= first).length;
}

/** Distribution of a sum, from 0, after adding a number that is 0 … size − 1 with equal chance. */
function addUniform(sum: readonly number[], size: number): number[] {
  const chances = new Array<number>(sum.length + size - 1).fill(0);
  for (const [total, chance] of sum.entries()) {
    for (let more = 0; more < size; more += 1)
      chances[total + more] = (chances[total + more] ?? 0) + chance / size;
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
  const deviation = Math.max(1.4826 * median(distances), 0.01 * Math.abs(center));
  return first - center > Math.max(5 * deviation, 2 * Math.max(...distances));
}
