/** C0 and C1 controls but tab, and the characters that reorder text (UAX #9): a guest's line must not drive a terminal or hide itself. */
const unprintable = /(?!\t)\p{Cc}|\p{Bidi_Control}|[\u2028\u2029]/gu;

/** One line that is safe to print on a terminal or in a log: at most `limit` characters, nothing that controls the screen. */
export function printable(text: string, limit = 2000): string {
  const clean = text.replace(unprintable, '�');
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean;
}
