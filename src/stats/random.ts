/** Numbers in [0, 1). */
export type Random = () => number;

/**
 * Uniform numbers from a seed and any number of indices (gate, side, boot, …): streams of different seeds or indices have nothing in common
 * that matters here. sfc32 by Chris Doty-Humphrey (PractRand), public domain: 128 bits of state, a period of 2^32 at least.
 */
export function seededRandom(seed: number, ...indices: readonly number[]): Random {
  const state = new Uint32Array([0x9e3779b9, 0x243f6a88, 0xb7e15162, 1]);
  const mix = (word: number) => {
    state[0] = (state[0] ?? 0) ^ word;
    for (let turn = 0; turn < 8; turn += 1) step(state);
  };
  for (const word of [seed, ...indices]) mix(word >>> 0);
  return () => step(state) / 2 ** 32;
}

/** A normal number, mean 0 and standard deviation 1, by Box and Muller's transform. */
export function drawNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/**
 * A number of Student's distribution with 3 degrees of freedom, divided by √3, so that its standard deviation is 1 too: one in 70 is
 * beyond 3, where a normal number is there once in 370.
 */
export function drawHeavyTailed(random: Random): number {
  const squares = drawNormal(random) ** 2 + drawNormal(random) ** 2 + drawNormal(random) ** 2;
  return drawNormal(random) / Math.sqrt(squares);
}

/** One of them, each with the same chance. */
export function pickIndex(random: Random, count: number): number {
  return Math.floor(random() * count);
}

/** The numbers below `count` in random order (Fisher and Yates, after D. Knuth). */
export function shuffledIndices(random: Random, count: number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = pickIndex(random, last + 1);
    const [a = 0, b = 0] = [order[last], order[other]];
    order[last] = b;
    order[other] = a;
  }
  return order;
}

function step(state: Uint32Array): number {
  const [a = 0, b = 0, c = 0, counter = 0] = state;
  const sum = (a + b + counter) >>> 0;
  state[3] = counter + 1;
  state[0] = b ^ (b >>> 9);
  state[1] = c + (c << 3);
  state[2] = ((c << 21) | (c >>> 11)) + sum;
  return sum;
}
