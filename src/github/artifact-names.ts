import type { EntryRecord } from './upload-record.ts';

/** What tells the artifacts of one matrix apart. */
export type EntryName = Pick<EntryRecord, 'key' | 'entry' | 'side' | 'shard'>;

/** Of what a whole gate has measured, for the job that comments. */
export function gateArtifactName(key: string): string {
  return `snapgate-${key}`;
}

/** Of what one job of a matrix has measured, for the job that decides. */
export function entryArtifactName({ key, entry, side, shard }: EntryName): string {
  const name = `${entryPrefix(key)}${entry}-${side}`;
  return shard === undefined ? name : `${name}-${shard}`;
}

/** How the names of all entries of a gate begin; another gate's may begin so too, if its key goes on with `-entry-`. */
export function entryPrefix(key: string): string {
  return `snapgate-${key}-entry-`;
}

/**
 * The entry that an artifact's name is of, where there is nothing in it to say so: names hold dashes, so that more than one may fit, of
 * which one that is expected is taken first. Undefined where it is none of this gate.
 */
export function guessEntry(
  key: string,
  name: string,
  expected: readonly string[],
): Pick<EntryName, 'entry' | 'side'> | undefined {
  if (!name.startsWith(entryPrefix(key))) return undefined;
  const rest = name.slice(entryPrefix(key).length);
  const places = [...rest.matchAll(/-(head|base|both)(?=-|$)/g)];
  const guesses = places.map(({ index, 1: side }) => ({ entry: rest.slice(0, index), side: sideOf(side) }));
  return guesses.findLast(({ entry }) => expected.includes(entry)) ?? guesses.at(-1);
}

function sideOf(word: string | undefined): EntryName['side'] {
  return word === 'base' || word === 'both' ? word : 'head';
}
