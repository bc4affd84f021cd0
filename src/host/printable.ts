/** C0 and C1 controls but tab, and the characters that reorder text (UAX #9): a guest's line must not drive a terminal or hide itself. */
const unprintable = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** One line that is safe to print on a terminal or in a log: at most `limit` characters, nothing that controls the screen. */
export function printable(text: string, limit = 2000): string {
  const clean = text.replace(unprintable, '�');
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean;
}
