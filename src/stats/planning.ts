import type { BootTest } from './contrast.ts';
import { normalQuantile, studentQuantile } from './student.ts';

/**
 * How many boots a side would bring half the interval's width under `distance`, if the spread between boots and within them stays as it is: a guess to tell
 * people, not part of any decision. `now` is the boots of the smaller side. undefined when `most` would not do.
 */
export function bootsToResolve(
  test: BootTest,
  now: number,
  distance: number,
  alpha: number,
  most: number,
): number | undefined {
  const enough = (boots: number) => {
    const ofBoots = studentQuantile(1 - alpha / 2, 2 * (boots - 1)) * test.standardError;
    const ofCycles = normalQuantile(1 - alpha / 2) * test.cycleError;
    return Math.max(ofBoots, ofCycles) * Math.sqrt(now / boots) <= distance;
  };
  if (!(distance > 0) || most <= now || !enough(most)) return undefined;
  // More boots only narrow the interval, so the smallest number that is enough can be halved for.
  let [low, high] = [now + 1, most];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (enough(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

/**
 * Boots of a side from which on a change of nothing is likely to be told from one of `limit`: whose one-sided Student bound at `level` is
 * within it, when boots spread by `spread`. Both sides have as many, or the other one has `others`. undefined where `most` would not do.
 */
export function bootsToRuleOut(
  spread: number,
  limit: number,
  {
    level,
    most,
    others,
  }: { readonly level: number; readonly most: number; readonly others?: number | undefined },
): number | undefined {
  for (let boots = 2; boots <= most; boots += 1)
    if (boundOf(spread, boots, { level, others }) <= limit) return boots;
  return undefined;
}

/** What a change of nothing is told to be at most, of sides with so many boots each. */
export function boundOf(
  spread: number,
  boots: number,
  { level, others = boots }: { readonly level: number; readonly others?: number | undefined },
): number {
  return studentQuantile(level, boots + others - 2) * spread * Math.sqrt(1 / boots + 1 / others);
}
