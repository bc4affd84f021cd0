/** Characters that a foreign string keeps at most. */
const maxForeignLength = 200;

/** A space that has no width: parts `@` from a name and `#` from a number, so that GitHub neither notifies nor links. */
const zeroWidthSpace = '\u200b';

/**
 * One line of visible characters: controls and line breaks become a space, and what changes the direction or the look of its
 * neighbours (format characters, lone surrogates) is dropped. Cut at `limit` characters.
 */
export function visibleText(text: string, limit: number = maxForeignLength): string {
  const cleaned = text
    .slice(0, limit * 8)
    .replace(/[\p{Cf}\p{Cs}]/gu, '')
    .replace(/[\p{Cc}\p{Z}\s]+/gu, ' ')
    .trim();
  const letters = Array.from(cleaned);
  return letters.length > limit ? `${letters.slice(0, limit - 1).join('')}…` : cleaned;
}

/**
 * A foreign name as a code span, in which GitHub sees no mention, reference, link, emoji or markup. The three characters that
 * could end the span, the table's cell or hide a marker are shown by look-alikes.
 */
export function codeSpan(text: string, limit?: number): string {
  const shown = visibleText(text, limit).replaceAll('`', 'ˋ').replaceAll('|', '¦').replaceAll('<', '‹');
  return `\`${shown === '' ? '(empty)' : shown}\``;
}

/**
 * A foreign sentence as plain Markdown text: it may hold names of the user's or come from a file. Not for the start of a line,
 * where a digit or a dash could make a list.
 */
export function prose(text: string, limit = 500): string {
  return visibleText(text, limit)
    .replaceAll('|', '¦')
    .replace(/[\\`*_~[\]#!$]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/@|#(?=\d)|:(?=\/\/)|www(?=\.)|\bGH(?=-\d)/gi, `$&${zeroWidthSpace}`);
}

/** A foreign text inside a fenced block: keeps its line, cannot close the fence or hold a marker. */
export function fencedLine(text: string): string {
  return visibleText(text, 4000).replaceAll('```', 'ˋˋˋ').replaceAll('<!--', '‹!--');
}

/** For /bin/sh: as it is where nothing in it is special, else in single quotes. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
