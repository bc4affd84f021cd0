import { listed } from './headline.ts';
import { byGravity, type Outcome, outcomeOf, outcomeWords } from './outcome.ts';
import type { Comparison, MatrixEntry } from './record.ts';

/** An entry that was compared, with what came of it. */
interface Compared {
  readonly name: string;
  readonly comparison: Comparison;
  readonly outcome: Outcome;
  readonly improves: boolean;
}

/**
 * One line of plain text for a matrix: what is missing where that fails, the worst entry with its own headline, and the rest by name. It
 * holds names that are the user's: escape before showing.
 */
export function matrixHeadline(entries: readonly MatrixEntry[], allowMissing: boolean): string {
  const missing = entries.filter(({ comparison }) => comparison === undefined).map(({ name }) => name);
  const absent = missing.length === 0 ? [] : [`not measured: ${listed(missing)}`];
  const found = foundIn(entries.flatMap(comparedOf).toSorted(worstFirst));
  const said = allowMissing ? [...found, ...absent] : [...absent, ...found];
  return said.length === 0 ? 'nothing was measured' : said.join('; ');
}

function comparedOf({ name, comparison }: MatrixEntry): Compared[] {
  if (comparison === undefined) return [];
  const improves = comparison.rows.some((row) => row.improved);
  return [{ name, comparison, outcome: outcomeOf(comparison), improves }];
}

function foundIn(compared: readonly Compared[]): string[] {
  const [worst] = compared;
  if (worst === undefined) return [];
  if (worst.outcome === 'pass' && !worst.improves) return [unchanged(compared)];
  const groups = [
    ...Map.groupBy(
      compared.filter((each) => each !== worst),
      (each) => groupOf(each, worst),
    ),
  ];
  const rest = groups.flatMap(([word, members]) =>
    word === undefined ? [] : [`; ${word} ${listed(members.map(({ name }) => name))}`],
  );
  return [`${worst.name}: ${worst.comparison.headline}${rest.join('')}`];
}

/** The word under which an entry is named after the worst; none for what passed without a change, which is no news. */
function groupOf({ outcome, improves }: Compared, worst: Compared): string | undefined {
  if (outcome === 'pass' && !improves) return undefined;
  if (outcome === worst.outcome) return 'also in';
  return outcome === 'pass' ? 'improved:' : `${outcomeWords[outcome]}:`;
}

/** `no growth above 5 % (a, b)`, for each of what the entries say. */
function unchanged(compared: readonly Compared[]): string {
  const groups = [...Map.groupBy(compared, ({ comparison }) => comparison.headline)];
  const said = groups.map(
    ([headline, members]) => `${headline} (${listed(members.map(({ name }) => name))})`,
  );
  return said.join('; ');
}

/** The gravest outcome, then the largest growth of a row that decides; of passes, what improved. */
function worstFirst(a: Compared, b: Compared): number {
  return byGravity(a.outcome, b.outcome) || weight(b) - weight(a);
}

function weight({ comparison, outcome, improves }: Compared): number {
  if (outcome === 'pass') return improves ? 1 : 0;
  const deciding = comparison.rows.filter((row) => row.verdict === comparison.verdict);
  return deciding.reduce((largest, row) => Math.max(largest, row.growth?.value ?? 0), 0);
}
