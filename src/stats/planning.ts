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
  const enough = (boots: number) => {
    const error = test.standardError * Math.sqrt(now / boots);
    return studentQuantile(1 - alpha / 2, 2 * (boots - 1)) * error <= distance;
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
