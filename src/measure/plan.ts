/** Which side a boot belongs to. */
export type Side = 'base' | 'head';

/** Boots that run at the same time, in the order they are started in. */
export type Wave = readonly { readonly side: Side; readonly index: number }[];

/**
 * The order of all boots. Sides alternate, and which of them goes first alternates too (base, head, head, base, …), so that a
 * drift of the host hits both. With `parallel` the two boots of a pair run side by side.
 */
export function planBoots(sides: readonly Side[], boots: number, parallel: boolean): Wave[] {
  const waves: Wave[] = [];
  for (let index = 0; index < boots; index += 1) {
    const pair = (index % 2 === 0 ? sides : sides.toReversed()).map((side) => ({ side, index }));
    if (parallel) waves.push(pair);
    else waves.push(...pair.map((boot) => [boot]));
  }
  return waves;
}

/**
 * Whether the next wave should still be started. A pair of boots is never torn: sides end with equally many. The first wave
 * always runs, so that there is something to say.
 */
export function fitsBudget(waves: readonly Wave[], next: number, sides: number, clock: BudgetClock): boolean {
  const startsPair = bootsBefore(waves, next) % sides === 0;
  if (next === 0 || !startsPair) return true;
  const wavesOfPair = sides / (waves[next]?.length ?? 1);
  const perWaveMs = clock.spentMs / next;
  return clock.spentMs + perWaveMs * wavesOfPair <= clock.budgetMs;
}

export interface BudgetClock {
  readonly spentMs: number;
  readonly budgetMs: number;
}

/** Boots of all waves before this one. */
export function bootsBefore(waves: readonly Wave[], next: number): number {
  return waves.slice(0, next).reduce((sum, wave) => sum + wave.length, 0);
}
