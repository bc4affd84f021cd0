/** Characters that a foreign string keeps at most. */
const maxForeignLength = 200;

/** A space that has no width: parts `@` from a name and `#` from a number, so that GitHub neither notifies nor links. */
const zeroWidthSpace = '\u200b';

/** What has no look of its own, or changes that of its neighbours: direction, joiners, fillers, lone surrogates; and the blank Braille. */
const unseen = /[\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** One line of visible characters: controls and line breaks become a space, what is unseen is dropped. Cut at `limit` characters. */
export function visibleText(text: string, limit: number = maxForeignLength): string {
  const cleaned = text
    .slice(0, limit * 8)
    .replace(unseen, '')
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
    .replace(unlinked, `$&${zeroWidthSpace}`);
}

/** The same as a paragraph of its own, which is neither a list nor a rule whatever it starts with. */
export function paragraph(text: string, limit?: number): string {
  const shown = prose(text, limit);
  return /^[-+=\d]/.test(shown) ? `${zeroWidthSpace}${shown}` : shown;
}

/** A foreign sentence where GitHub reads HTML and no Markdown: a fold's title. */
export function htmlText(text: string, limit = 200): string {
  return visibleText(text, limit)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('`', 'ˋ')
    .replace(unlinked, `$&${zeroWidthSpace}`);
}

/** Where GitHub would see a mention, a reference, an address or an emoji's name. */
const unlinked = /@|#(?=\d)|:(?=\/\/|[\w+\\-]+:)|(?<=mailto|xmpp):|www(?=\.)|\bGH(?=-\d)/gi;

/** Controls, format characters, spaces but the usual one, and what could end a fenced block or hold a marker. */
const unfitForLine = /[\p{C}\u2028\u2029]|(?! )\p{Z}|```|<!--/u;

/**
 * A word for a POSIX shell, on one line and safe to show: as it is where nothing in it is special, in single quotes, or through printf
 * where it holds what would not survive being shown. Exact but for NUL, which no argument can hold, and line breaks at the end.
 */
export function shellWord(text: string): string {
  if (/^[A-Za-z0-9_./:=@%+,-]+$/.test(text)) return text;
  if (!unfitForLine.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const shown = text.replaceAll('\0', '').replace(/[\p{C}'\\!`<]|(?! )\p{Z}/gu, octal);
  return `"$(printf '%b' '${shown}')"`;
}

/** The bytes of a character as printf's `%b` reads them (POSIX, printf). */
function octal(character: string): string {
  return Array.from(Buffer.from(character), (byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');
}
