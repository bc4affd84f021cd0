import type { Config } from '../config/types.ts';
import { exitCodeOf } from '../gate/exit-code.ts';
import { outcomeOf } from '../gate/outcome.ts';
import type { Comparison, Matrix } from '../gate/record.ts';
import type { TriggerEvent } from '../github/event.ts';

/** What a decision does: to the step, and to the check on the head commit. */
export interface Consequence {
  /** Exit status of the step: 0, 1 or 2. */
  readonly exitCode: number;
  /** What the verdict alone would have made it. */
  readonly wanted: number;
  readonly conclusion: 'success' | 'failure' | 'neutral';
}

/**
 * A decision that fails nobody, because that was asked for or because a push only warns, is neutral: it must not look like a success, and a
 * branch protection lets it through.
 */
export function consequenceOf(
  record: Comparison | Matrix,
  { gate, github }: Pick<Config, 'gate' | 'github'>,
  event: TriggerEvent['name'],
): Consequence {
  const wanted = exitCodeOf(record, gate);
  const onlyWarns = github.onPush === 'warn' && (event === 'push' || event === 'schedule');
  const exitCode = !github.fail || github.dryRun || onlyWarns ? 0 : wanted;
  if (exitCode !== 0) return { exitCode, wanted, conclusion: 'failure' };
  const good = ['pass', 'warn', 'accepted'].includes(outcomeOf(record));
  return { exitCode, wanted, conclusion: good ? 'success' : 'neutral' };
}
