import type { BootPlan, Measurement } from '../measure/record.ts';

/**
 * How often a gate that measured these sides may have looked before it decided; 1 where nobody looked until the end. It is of the plan and not
 * of the looks that were taken, for what a look may spend must not depend on what the ones before it have seen. That
 * of the head counts: a stored base may come from a gate that it decided long ago. Base's, where head was measured without one.
 */
export function looksOf(sides: readonly [base: Measurement | undefined, head: Measurement]): number {
  const [base, head] = sides;
  const plan = head.plan ?? base?.plan;
  return plan === undefined ? 1 : Math.max(1, looksOfPlan(plan));
}

function looksOfPlan({ leastBoots, mostBoots }: BootPlan): number {
  // The first look is at two boots: one has no spread.
  return mostBoots - Math.max(2, leastBoots) + 1;
}
