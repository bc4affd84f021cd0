import { plural } from './wording.ts';

/** A part of a report. What is kept when not all fits is decided by `rank`, where it stands by its place among the others. */
export interface Part {
  /** What it is called where it is left out: words of ours. */
  readonly name: string;
  /** Lower is kept first; of equal ones the earlier. */
  readonly rank: number;
  /** What may stand in its place where it is too long, the longest first. */
  readonly shorter?: readonly string[];
  /** Folded under this, which is HTML and harmless. */
  readonly title?: string;
  /** The lines that it does not exist without: a table's head, or all of it. */
  readonly text: string;
  /** Lines below, of which the last may be cut. */
  readonly rows?: readonly string[];
  /** Rows that there are beyond `rows`. */
  readonly beyond?: number;
  /** What one of them is: `row`. */
  readonly noun?: string;
  /** Of the room that is left the part of it that this may take, where not all fits: so that the first does not take all. */
  readonly share?: number;
}

const separator = '\n\n';

/** How a report's length is counted, and how long it may be. */
export interface Limit {
  readonly most: number;
  readonly lengthOf: (text: string) => number;
  /** One sentence of ours for what was left out, from the names of the parts: where it is to be found. */
  readonly sayLeftOut: (names: readonly string[]) => string;
}

/**
 * Puts the parts together, as many as fit: whole, or cut after a row, never within one. What is left out is said at the end of the parts
 * that are not folded.
 */
export function fitParts(parts: readonly Part[], limit: Limit): string {
  const whole = assemble(parts.map((part) => shown(part, rowsOf(part).length)));
  if (limit.lengthOf(whole) <= limit.most) return whole;
  const reserve = limit.lengthOf(limit.sayLeftOut([...new Set(parts.map(({ name }) => name))]));
  const kept = choose(parts, limit, limit.most - reserve - separator.length);
  const leftOut = parts.filter((part) => isShort(kept.get(part))).map(({ name }) => name);
  const said = leftOut.length === 0 ? [] : [limit.sayLeftOut([...new Set(leftOut)])];
  const textsOf = (group: readonly Part[]) => group.flatMap((part) => kept.get(part)?.text ?? []);
  return assemble([
    ...textsOf(parts.filter((part) => part.title === undefined)),
    ...said,
    ...textsOf(parts.filter((part) => part.title !== undefined)),
  ]);
}

/** A part as far as it is kept. */
interface Kept {
  readonly text: string;
  readonly whole: boolean;
}

function choose(parts: readonly Part[], { lengthOf }: Limit, room: number): ReadonlyMap<Part, Kept> {
  const kept = new Map<Part, Kept>();
  let left = room;
  for (const part of parts.toSorted((a, b) => a.rank - b.rank)) {
    const fits = (text: string) => lengthOf(text) + separator.length <= left * (part.share ?? 1);
    const found = wholeOrCut(part, fits);
    if (found === undefined) continue;
    kept.set(part, found);
    left -= lengthOf(found.text) + separator.length;
  }
  return kept;
}

/** undefined where not even a row fits. */
function wholeOrCut(part: Part, fits: (text: string) => boolean): Kept | undefined {
  const all = rowsOf(part).length;
  const whole = shown(part, all);
  if (fits(whole)) return { text: whole, whole: true };
  const shorter = part.shorter?.find(fits);
  if (shorter !== undefined) return { text: shorter, whole: false };
  // A part grows with its rows, but for the last, which takes the words about the rest with it; that was tried just now.
  let [low, high] = [0, all - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (fits(shown(part, middle))) low = middle;
    else high = middle - 1;
  }
  return low > 0 ? { text: shown(part, low), whole: false } : undefined;
}

function isShort(kept: Kept | undefined): boolean {
  return kept === undefined || !kept.whole;
}

function rowsOf({ rows }: Part): readonly string[] {
  return rows ?? [];
}

function shown(part: Part, rows: number): string {
  const { title, text, beyond = 0, noun = 'row' } = part;
  const rest = rowsOf(part).length - rows + beyond;
  const more = rest > 0 ? `\n\nand ${plural(rest, `more ${noun}`)} in the JSON` : '';
  const body = `${[text, ...rowsOf(part).slice(0, rows)].filter((line) => line !== '').join('\n')}${more}`;
  return title === undefined ? body : `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;
}

function assemble(texts: readonly string[]): string {
  return `${texts.filter((text) => text !== '').join(separator)}\n`;
}
