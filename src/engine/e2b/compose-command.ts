import { quoteWord } from '../../guest/init.ts';
import type { Scenario } from '../contract.ts';

/**
 * What `-cmd-pause` is given: run, the settle, and the check, each after the one before has succeeded; undefined: `-pause`, without a word
 * to the guest. The tool hands it to a login shell. Each of several is a word of its own for a shell of its own, in single quotes: a
 * comment, an `exit` or an open quote in one ends nothing of the others.
 */
export function composeCommand({ run, settleMs, check }: Scenario): string | undefined {
  const sleep = settleMs > 0 ? [`sleep ${settleMs / 1000}`] : [];
  if (run !== undefined && settleMs === 0 && check === undefined) return run;
  const steps = [
    ...(run === undefined ? [] : [`sh -c ${quoteWord(run)}`]),
    ...sleep,
    ...(check === undefined ? [] : [`sh -c ${quoteWord(check)}`]),
  ];
  return steps.length === 0 ? undefined : steps.join(' && ');
}
