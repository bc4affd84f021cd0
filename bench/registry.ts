import { agreement } from './agreement.ts';
import type { Bench } from './bench.ts';
import { cycleCost } from './cycle-cost.ts';

/** All benches by the name that script/bench takes. */
export const benches: Readonly<Record<string, Bench>> = {
  agreement,
  'cycle-cost': cycleCost,
};
