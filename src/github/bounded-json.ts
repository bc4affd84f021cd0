import { SnapgateError } from '../host/error.ts';

/**
 * What a foreign record may hold at most. A measurement nests 7 deep; 500,000 values are some 25,000 cycles with all their metrics. The
 * count matters as much as the size: each value that a schema refuses costs it an issue of its own, a thousand times the value's bytes.
 */
export const jsonLimits = { bytes: 16 * 1024 ** 2, depth: 16, values: 500_000 } as const;

export type JsonLimits = Readonly<Record<keyof typeof jsonLimits, number>>;

/**
 * Looks at a foreign JSON text before anything is built from it.
 * @throws SnapgateError('record') for one that is too large, nests too deep, or holds too many values. Whether it is JSON is not asked.
 */
export function requireBoundedJson(text: string, where: string, limits: JsonLimits = jsonLimits): void {
  const fault = faultOf(text, limits);
  if (fault === undefined) return;
  throw new SnapgateError(
    'record',
    `${where} ${fault}`,
    'Measure fewer cycles or boots; a record that snapgate wrote is far smaller.',
  );
}

function faultOf(text: string, limits: JsonLimits): string | undefined {
  if (Buffer.byteLength(text) > limits.bytes) return `is larger than ${limits.bytes / 1024 ** 2} MiB`;
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === '[' || character === '{') {
      depth += 1;
      values += 1;
    } else if (character === ']' || character === '}') depth -= 1;
    else if (character === ',') values += 1;
    if (depth > limits.depth) return `nests more than ${limits.depth} deep`;
    if (values > limits.values) return `holds more than ${limits.values.toLocaleString('en-US')} values`;
  }
  return undefined;
}

/** Place of the quote that ends the string which begins at `start`; the text's end where none does. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}
