import { SnapgateError } from '../host/error.ts';

/** `what "nmae" does not exist, did you mean "name"?`, with the list of what exists as the remedy. */
export function unknownName(
  where: string,
  what: string,
  name: string,
  existing: readonly string[],
): SnapgateError {
  const near = nearestName(name, existing);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  return new SnapgateError(
    'usage',
    `${where}: no ${what} is called ${quoteText(name)}${hint}`,
    existing.length === 0 ? `There is no ${what} to name.` : `These exist: ${existing.join(', ')}.`,
  );
}

/** The existing name at the smallest edit distance, if that is small enough to be a slip of the hand. */
export function nearestName(name: string, existing: readonly string[]): string | undefined {
  const limit = name.length < 4 ? 1 : Math.min(3, Math.max(2, Math.floor(name.length / 3)));
  let nearest: string | undefined;
  let smallest = limit + 1;
  for (const candidate of existing) {
    const distance = editDistance(name.slice(0, 100).toLowerCase(), candidate.toLowerCase());
    if (distance < smallest) {
      smallest = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

/** Quoted, cut at 60 characters, on one line: for showing a text of the user's in an error. */
export function quoteText(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** Levenshtein distance: insertions, deletions and replacements of one character. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [row, letter] of [...a].entries()) {
    const current = [row + 1];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (letter === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
