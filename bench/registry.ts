import { agreement } from './agreement.ts';
import type { Bench } from './bench.ts';
import { bisect } from './bisect.ts';
import { boots } from './boots.ts';
import { cycleCost } from './cycle-cost.ts';
import { falseAlarms } from './false-alarms.ts';
import { history } from './history.ts';
import { realGates } from './real-gates.ts';
import { wholeImage } from './whole-image.ts';

/** All benches by the name that script/bench takes. */
export const benches: Readonly<Record<string, Bench>> = {
  agreement,
  bisect,
  boots,
  'cycle-cost': cycleCost,
  history,
  'false-alarms': falseAlarms,
  'real-gates': realGates,
  'whole-image': wholeImage,
};
