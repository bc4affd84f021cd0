import type { BootPlan, Measurement } from '../measure/record.ts';

/**
 * How often a gate that measured these sides may have looked before it decided; 1 where nobody looked until the end. It is of the plan and not
 * of the looks that were taken, for what a look may spend must not depend on what the ones before it have seen.
 */
export function looksOf(sides: readonly (Measurement | undefined)[]): number {
  return Math.max(1, ...sides.map((side) => (side?.plan === undefined ? 1 : looksOfPlan(side.plan))));
}

function looksOfPlan({ leastBoots, mostBoots }: BootPlan): number {
  // The first look is at two boots: one has no spread.
  return mostBoots - Math.max(2, leastBoots) + 1;
}
