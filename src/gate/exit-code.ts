import type { GateConfig } from '../config/types.ts';
import type { Verdict } from './record.ts';

/** Exit status of a verdict: 0 pass or warn, 1 fail, 2 inconclusive where that is asked to fail. Errors have 64 and above. */
export function exitCodeOf(verdict: Verdict, config: Pick<GateConfig, 'inconclusive'>): number {
  if (verdict === 'fail') return 1;
  return verdict === 'inconclusive' && config.inconclusive === 'fail' ? 2 : 0;
}
