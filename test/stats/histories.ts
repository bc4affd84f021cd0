import { normalFrom, seededRandom } from './random.ts';

/** Noise of one standard deviation or so, by what it is like. */
export const noises = {
  normal: (_uniform, normal) => normal(),
  // Student's with 3 degrees of freedom.
  'heavy tails': (_uniform, normal) =>
    normal() / Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3),
  'one burst in 20': (uniform, normal) => normal() + (uniform() < 0.05 ? 10 * uniform() : 0),
  skewed: (uniform) => -Math.log(1 - uniform()) - 1,
  'whole pages': (uniform) => (uniform() < 0.3 ? 3 : 0),
} as const satisfies Record<string, (uniform: () => number, normal: () => number) => number>;

export interface HistoryShape {
  readonly entries: number;
  readonly seed: number;
  readonly noise: number;
  readonly kind?: keyof typeof noises;
  /** Without noise, at each entry. */
  readonly signal?: (index: number) => number;
}

/** One number for each commit, the same for the same seed. */
export function historyOf({
  entries,
  seed,
  noise,
  kind = 'normal',
  signal = () => 0,
}: HistoryShape): number[] {
  const uniform = seededRandom(seed);
  const normal = normalFrom(uniform);
  return Array.from({ length: entries }, (_, index) => signal(index) + noise * noises[kind](uniform, normal));
}

/** +6 % at the entry 20 and +10 % at 40, on a logarithmic scale. */
export function twoSteps(index: number): number {
  return (index >= 20 ? Math.log(1.06) : 0) + (index >= 40 ? Math.log(1.1) : 0);
}
