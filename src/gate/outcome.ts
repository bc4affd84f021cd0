import { type Comparison, comparisonsOf, type Matrix, type NoVerdict, type Verdict } from './record.ts';

/** What a gate came to, in one word: a verdict, or why there is none. The gravest first. */
export const outcomes = [
  'fail',
  'inconclusive',
  'not-comparable',
  'no-baseline',
  'warn',
  'accepted',
  'pass',
] as const satisfies readonly (Verdict | NoVerdict['state'] | 'accepted')[];
export type Outcome = (typeof outcomes)[number];

/**
 * The one word for a comparison or a matrix. A cap that is exceeded is `fail` whatever else there is. In a matrix a state that is no
 * verdict is named only where no entry is inconclusive by its numbers.
 */
export function outcomeOf(record: Comparison | Matrix): Outcome {
  if (record.accepted) return 'accepted';
  if (record.verdict !== 'inconclusive') return record.verdict;
  if (record.schema === 'snapgate/comparison') return record.noVerdict?.state ?? 'inconclusive';
  const all = comparisonsOf(record).map(({ comparison }) => outcomeOf(comparison));
  return all.toSorted(byGravity)[0] ?? 'inconclusive';
}

/** For sorting: the gravest first. */
export function byGravity(a: Outcome, b: Outcome): number {
  return outcomes.indexOf(a) - outcomes.indexOf(b);
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
