import type { GateConfig } from '../config/types.ts';
import { outcomeOf } from './outcome.ts';
import type { Comparison, Matrix } from './record.ts';

/**
 * Exit status of what was decided: 0 pass, warn, accepted or no baseline yet; 1 fail; 2 inconclusive or not comparable, where that is asked
 * to fail. Errors have 64 and above.
 */
export function exitCodeOf(record: Comparison | Matrix, config: Pick<GateConfig, 'inconclusive'>): number {
  const outcome = outcomeOf(record);
  if (outcome === 'fail') return 1;
  const undecided = outcome === 'inconclusive' || outcome === 'not-comparable';
  return undecided && config.inconclusive === 'fail' ? 2 : 0;
}
