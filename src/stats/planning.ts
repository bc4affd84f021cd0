import { studentQuantile } from './student.ts';
import type { WelchTest } from './welch.ts';

/**
 * How many boots a side would bring half the interval's width under `distance`, if the spread stays as it is: a guess to tell
 * people, not part of any decision. `now` is the boots of the smaller side. undefined when `most` would not do.
 */
export function bootsToResolve(
  test: WelchTest,
  now: number,
  distance: number,
  alpha: number,
  most: number,
): number | undefined {
  if (!(distance > 0)) return undefined;
  for (let boots = now + 1; boots <= most; boots += 1) {
    const error = test.standardError * Math.sqrt(now / boots);
    if (studentQuantile(1 - alpha / 2, 2 * (boots - 1)) * error <= distance) return boots;
  }
  return undefined;
}
