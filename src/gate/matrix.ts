import type { GateConfig } from '../config/types.ts';
import { SnapgateError } from '../host/error.ts';
import { incomparable, measuredTooLittle } from './comparable.ts';
import { concludePair, needsNoBoots, overallVerdict, type RecordMeta } from './compare.ts';
import {
  type Established,
  establishedFacts,
  type GatheredPair,
  gatherFacts,
  metricsThatGate,
  type Pair,
} from './facts.ts';
import { matrixHeadline } from './matrix-headline.ts';
import { type Matrix, type MatrixEntry, matrixVersion, type Verdict } from './record.ts';

/** What was found of one entry of a matrix: its two sides, or one sentence that says why there are none. */
export interface EntryToCompare {
  readonly name: string;
  readonly pair?: Pair | undefined;
  readonly missing?: string | undefined;
}

/**
 * Compares every entry under one verdict: Holm's correction is over all rows of all entries, and the gravest verdict is the matrix's. An
 * entry whose sides were measured under different conditions is `not-comparable`; one that is missing, or whose measurement has too little
 * in it, fails unless `allowMissing`; a matrix without a single comparison fails in any case. Throws SnapgateError('record') for more
 * entries than a record holds.
 */
export function compareMatrix(
  entries: readonly EntryToCompare[],
  config: GateConfig,
  meta: RecordMeta & { readonly allowMissing: boolean },
): Matrix {
  requireFew(entries);
  const gathered = entries.map((entry) => gatherEntry(entry, config));
  const facts = gathered.flatMap(({ numbers }) => numbers?.facts ?? []);
  const established = establishedFacts(facts);
  const judged = gathered.map((entry) => concludeEntry(entry, established, meta));
  return {
    schema: 'snapgate/matrix',
    version: matrixVersion,
    snapgate: meta.snapgate,
    createdAt: meta.now,
    verdict: verdictOf(judged, meta.allowMissing),
    headline: matrixHeadline(judged, meta.allowMissing),
    allowMissing: meta.allowMissing,
    entries: judged,
  };
}

interface GatheredEntry {
  readonly name: string;
  readonly numbers?: GatheredPair;
  readonly missing?: string;
}

const mostEntries = 256;

function requireFew(entries: readonly EntryToCompare[]): void {
  if (entries.length <= mostEntries) return;
  throw new SnapgateError(
    'record',
    `the matrix has ${entries.length} entries, and a record holds ${mostEntries}`,
    'Decide on fewer at a time: give entries their names, in several gates with a comment-key each.',
  );
}

function gatherEntry({ name, pair, missing }: EntryToCompare, config: GateConfig): GatheredEntry {
  const absent = missing ?? (pair === undefined ? 'no measurement was found' : undefined);
  if (absent !== undefined || pair === undefined) return { name, missing: absent ?? '' };
  const checked = checkConditions(pair);
  const numbers = gatherFacts(checked, config);
  if (needsNoBoots(numbers, config)) return { name, numbers };
  const gated = metricsThatGate(checked.head, config);
  const compared = checked.noVerdict === undefined ? checked.base : undefined;
  const short = measuredTooLittle(checked.head, gated) ?? (compared && measuredTooLittle(compared, gated));
  return short ? { name, missing: short.difference } : { name, numbers };
}

function checkConditions(pair: Pair): Pair {
  const { base, head, noVerdict } = pair;
  if (base === undefined || noVerdict !== undefined) return pair;
  const found = incomparable(base, head);
  return found === undefined ? pair : { base, head, noVerdict: found };
}

function concludeEntry(
  { name, numbers, missing = '' }: GatheredEntry,
  established: Established,
  meta: RecordMeta,
): MatrixEntry {
  if (numbers) return { name: cut(name, 100), comparison: concludePair(numbers, established, meta) };
  return { name: cut(name, 100), missing: cut(missing, 1000) };
}

/** To what a record holds. */
function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

function verdictOf(entries: readonly MatrixEntry[], allowMissing: boolean): Verdict {
  const comparisons = entries.flatMap(({ comparison }) => comparison ?? []);
  const absent = comparisons.length < entries.length && !allowMissing;
  return absent || comparisons.length === 0 ? 'fail' : overallVerdict(comparisons);
}
