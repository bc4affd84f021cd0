import type { Comparison, Matrix, NoVerdict, Verdict } from './record.ts';

/** What a gate came to, in one word: a verdict, or why there is none. */
export type Outcome = Verdict | NoVerdict['state'] | 'accepted';

/** The gravest first. */
const gravity = [
  'fail',
  'inconclusive',
  'not-comparable',
  'no-baseline',
  'warn',
  'accepted',
  'pass',
] as const;

/**
 * The one word for a comparison or a matrix. A cap that is exceeded is `fail` whatever else there is. In a matrix a state that is no
 * verdict is named only where no entry is inconclusive by its numbers.
 */
export function outcomeOf(record: Comparison | Matrix): Outcome {
  if (record.accepted) return 'accepted';
  if (record.verdict !== 'inconclusive') return record.verdict;
  if (record.schema === 'snapgate/comparison') return record.noVerdict?.state ?? 'inconclusive';
  const outcomes = record.entries.flatMap(({ comparison }) => (comparison ? [outcomeOf(comparison)] : []));
  return outcomes.toSorted(byGravity)[0] ?? 'inconclusive';
}

/** For sorting: the gravest first. */
export function byGravity(a: Outcome, b: Outcome): number {
  return gravity.indexOf(a) - gravity.indexOf(b);
}

/** An outcome as people read it. */
export const outcomeWords: Readonly<Record<Outcome, string>> = {
  pass: 'pass',
  warn: 'warn',
  fail: 'fail',
  inconclusive: 'inconclusive',
  'no-baseline': 'no baseline yet',
  'not-comparable': 'not comparable',
  accepted: 'accepted',
};

/** The state and its reason as one clause: `no baseline yet: a push to main stores one`. It may quote a record: escape before showing. */
export function noVerdictClause({ state, reason }: NoVerdict): string {
  return `${outcomeWords[state]}: ${reason.replace(/[.\s]+$/, '')}`;
}
