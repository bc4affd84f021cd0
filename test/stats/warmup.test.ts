import { describe, expect, it } from 'vitest';
import { detectWarmup } from '../../src/stats/warmup.ts';
import { normalFrom, seededRandom } from './random.ts';

type Draw = (round: number) => number;

function boots(count: number, rounds: number, draw: Draw): number[][] {
  return Array.from({ length: count }, () => Array.from({ length: rounds }, (_, round) => draw(round)));
}

function shareOf(experiments: number, experiment: () => boolean): number {
  return Array.from({ length: experiments }, experiment).filter(Boolean).length / experiments;
}

const random = seededRandom(60);
const normal = normalFrom(random);
const noise: Readonly<Record<string, Draw>> = {
  normal: () => 1000 + 50 * normal(),
  'lognormal of 30 %': () => 1000 * Math.exp(0.3 * normal()),
  'one bursty cycle in 20': () => (1000 + 50 * normal()) * (random() < 0.05 ? 5 : 1),
  'whole pages': () => Math.round(17 + normal()),
};

const permutations = (rest: readonly number[]): number[][] =>
  rest.length === 0
    ? [[]]
    : rest.flatMap((first, index) =>
        permutations(rest.toSpliced(index, 1)).map((after) => [first, ...after]),
      );

/** The rule as it is told, without bounds: the chances of all sums, by adding one boot's ranks after the other. */
function plainWarmup(side: readonly (readonly number[])[], atLeast: number): number {
  const most = Math.floor(Math.min(...side.map((rounds) => rounds.length)) / 2);
  for (let drop = atLeast; drop < most; drop += 1) {
    const rest = side.map((rounds) => rounds.slice(drop));
    const ranks = rest.map(([first = 0, ...later]) => later.filter((value) => value >= first).length);
    let chances: readonly number[] = [1];
    for (const { length } of rest) {
      const sums = new Array<number>(chances.length + length - 1).fill(0);
      for (const [sum, chance] of chances.entries())
        for (let rank = 0; rank < length; rank += 1)
          sums[sum + rank] = (sums[sum + rank] ?? 0) + chance / length;
      chances = sums;
    }
    const above = ranks.reduce((sum, rank) => sum + rank, 0);
    if (chances.slice(0, above + 1).reduce((sum, chance) => sum + chance, 0) > 0.041) return drop;
  }
  return Math.max(atLeast, most);
}

describe('detectWarmup', () => {
  it.each(Object.keys(noise))('drops more than asked of %s in at most 5 of 100 sides', (kind) => {
    const draw = noise[kind] ?? Number;
    const sizes = [
      [1, 8],
      [1, 40],
      [2, 8],
      [2, 40],
      [3, 12],
      [5, 8],
      [10, 10],
      [10, 40],
    ] as const;
    for (const [count, rounds] of sizes) {
      const more = shareOf(1000, () => detectWarmup(boots(count, rounds, draw), 1) > 1);
      expect(more, `${count} boots of ${rounds} rounds`).toBeLessThanOrEqual(0.05);
    }
  });

  it('is as exact as counting all orders of three boots of four rounds', () => {
    const orders = permutations([1, 2, 3, 4]);
    let dropped = 0;
    for (const a of orders) {
      for (const b of orders) for (const c of orders) dropped += detectWarmup([a, b, c], 0) > 0 ? 1 : 0;
    }
    // All three highest first is 1 in 64; one of them only second to the highest as well would be 4 in 64.
    expect(dropped / orders.length ** 3).toBe(1 / 64);
  });

  it.each([2, 3, 5, 10])('finds a first round of 1.5 times the rest, and a decay, in %i boots', (count) => {
    for (const rounds of [8, 20, 40]) {
      for (const factors of [[1.5], [8, 2, 1.3]]) {
        const draw: Draw = (round) => 1000 * (factors[round] ?? 1) * (1 + 0.05 * normal());
        const drops = Array.from({ length: 300 }, () => detectWarmup(boots(count, rounds, draw), 0));
        const enough = drops.filter((drop) => drop >= factors.length).length / drops.length;
        const tooMany = drops.filter((drop) => drop > factors.length).length / drops.length;
        expect(enough, `${factors} in ${rounds}`).toBeGreaterThan(0.97);
        expect(tooMany, `${factors} in ${rounds}`).toBeLessThan(0.08);
      }
    }
  });

  it('finds what is plain in a single boot, where a burst is not taken for it if bursts come again', () => {
    const steady: Draw = (round) => 1000 * ([8][round] ?? 1) * (1 + 0.05 * normal());
    expect(shareOf(300, () => detectWarmup(boots(1, 12, steady), 0) === 1)).toBeGreaterThan(0.97);
    expect(detectWarmup([[5000, 1010, 1000, 990, 5100, 1005, 995, 1003]], 0)).toBe(0);
    expect(detectWarmup([[5000, 1010, 1000, 990, 1020, 1005, 995, 1003]], 0)).toBe(1);
  });

  it('does not take one boot’s burst for warm-up', () => {
    const quiet = [1010, 1000, 990, 1020, 1005, 995, 1003, 1001];
    const middling = [1001, 1000, 990, 1020, 1005, 995, 1003, 1010];
    expect(detectWarmup([[9000, ...quiet.slice(1)], middling, middling], 0)).toBe(0);
  });

  it('leaves a leak alone', () => {
    expect(
      detectWarmup(
        boots(5, 40, (round) => 100 + 3 * round),
        1,
      ),
    ).toBe(1);
  });

  it('drops at least what is asked and at most half of the shortest boot', () => {
    const falling: Draw = (round) => 1000 * 0.8 ** round;
    expect(detectWarmup(boots(5, 8, falling), 0)).toBe(4);
    expect(detectWarmup(boots(2, 8, falling), 1)).toBe(4);
    expect(detectWarmup([...boots(5, 12, falling), [9, 8, 7, 6, 5]], 1)).toBe(2);
    expect(detectWarmup(boots(5, 8, falling), 6)).toBe(6);
    expect(detectWarmup(boots(5, 1, falling), 0)).toBe(0);
  });

  it('drops no more of what never varies, of nothing, and of two boots of too few rounds', () => {
    expect(
      detectWarmup(
        boots(5, 12, () => 7),
        2,
      ),
    ).toBe(2);
    expect(
      detectWarmup(
        boots(1, 12, () => 0),
        1,
      ),
    ).toBe(1);
    expect(detectWarmup([], 1)).toBe(1);
    expect(detectWarmup([[], []], 1)).toBe(1);
    expect(
      detectWarmup(
        boots(2, 4, (round) => -round),
        0,
      ),
    ).toBe(0);
    expect(detectWarmup([[], ...boots(4, 8, (round) => (round === 0 ? 2 : 1))], 0)).toBe(1);
  });

  it('is the plain rule for boots of the usual size', () => {
    for (let run = 0; run < 60; run += 1) {
      const slope = 0.02 * (run % 5);
      const draw: Draw = (round) => (1 + slope) ** -round * (1 + 0.1 * normal());
      const side = boots(2 + (run % 9), 8 + (run % 7) * 12, draw);
      expect(detectWarmup(side, run % 3)).toBe(plainWarmup(side, run % 3));
    }
  });

  it('finds at most fifty rounds, whatever a record holds', () => {
    const falling: Draw = (round) => -round;
    for (const [count, rounds] of [
      [2, 1000],
      [3, 20_000],
      [100, 1000],
      [1000, 120],
    ] as const)
      expect(detectWarmup(boots(count, rounds, falling), 2), `${count} boots of ${rounds}`).toBe(52);
    // A rise after the hundred that are looked at is far from the start.
    const late: Draw = (round) => (round > 150 ? 2 : round === 0 ? 1 : 0);
    expect(detectWarmup(boots(3, 400, late), 0)).toBe(1);
  });

  it('does not depend on the unit', () => {
    for (let run = 0; run < 100; run += 1) {
      const side = boots(1 + (run % 5), 8, (round) => (round === 0 ? 1.2 : 1) * (1 + 0.1 * normal()));
      const scaled = side.map((rounds) => rounds.map((value) => value * 4096));
      expect(detectWarmup(scaled, 0)).toBe(detectWarmup(side, 0));
    }
  });
});
