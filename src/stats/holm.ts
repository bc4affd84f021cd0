/**
 * Holm's step-down correction: which of several tests may be called established so that the chance of even one false alarm
 * among all of them stays at `alpha`. The answer is in the order of the input. (S. Holm, Scand. J. Statist. 6, 1979.)
 */
export function holmEstablished(pValues: readonly number[], alpha: number): boolean[] {
  const order = pValues.map((_, index) => index).sort((a, b) => at(pValues, a) - at(pValues, b));
  const firstMiss = order.findIndex((test, rank) => at(pValues, test) > alpha / (pValues.length - rank));
  const kept = new Set(firstMiss === -1 ? order : order.slice(0, firstMiss));
  return pValues.map((_, index) => kept.has(index));
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? Number.NaN;
}
