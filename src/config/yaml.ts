import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml';
import { SnapgateError } from '../host/error.ts';

/** Bytes of a snapgate.yml that are read at all; real ones are a few KiB. */
export const maxConfigBytes = 64 * 1024;

/** Anchors may be used, but not to grow a small file into a large one. */
const maxAliasCount = 50;

/** `file:line:column` of what stands at a path of keys; of a key itself with `key`. */
export type PlaceOf = (path: readonly PropertyKey[], key?: string) => string;

export interface YamlText {
  /** An empty document is an empty mapping. */
  readonly value: unknown;
  readonly placeOf: PlaceOf;
}

/** Reads YAML that may be hostile. Whatever cannot be read is a SnapgateError('usage') with the line. `path` is for people. */
export function parseYaml(text: string, path: string): YamlText {
  if (Buffer.byteLength(text) > maxConfigBytes) {
    throw new SnapgateError(
      'usage',
      `${path} is larger than ${maxConfigBytes / 1024} KiB`,
      'Is it the right file? Real ones are a few KiB.',
    );
  }
  try {
    return readDocument(text, path);
  } catch (error) {
    if (error instanceof SnapgateError) throw error;
    // Aliases that multiply or lead nowhere (a ReferenceError of the parser) and nesting so deep that the stack ends (a RangeError).
    const why = error instanceof Error ? firstLine(error.message) : 'unreadable';
    throw new SnapgateError(
      'usage',
      `${path} cannot be read: ${why}`,
      'Write it without aliases (*name) and without deep nesting.',
    );
  }
}

function readDocument(text: string, path: string): YamlText {
  const lines = new LineCounter();
  // Not `silent`: the parser would then pass over a second document without a word.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const error = document.errors[0];
  if (error) {
    const why = error.code === 'MULTIPLE_DOCS' ? 'a second document starts here' : firstLine(error.message);
    throw new SnapgateError(
      'usage',
      `${placeAt(path, lines, error.pos[0])}: not valid YAML: ${why}`,
      'Correct that line.',
    );
  }
  refuseTraps(document, (offset) => placeAt(path, lines, offset));
  const value: unknown = document.toJS({ maxAliasCount });
  return {
    value: value ?? {},
    placeOf: (keys, key) => placeAt(path, lines, offsetOf(document, keys, key)),
  };
}

/** What no honest file has: a key that zod would pass over in silence, and a character that no path and no command can hold. */
function refuseTraps(document: Document, placeOfOffset: (offset: number) => string): void {
  const refuse = (node: unknown, what: string) => {
    const offset = isNodeWithRange(node) ? node.range[0] : 0;
    throw new SnapgateError('usage', `${placeOfOffset(offset)}: ${what}`, 'Write something else there.');
  };
  visit(document, {
    Pair: (_, { key }) => {
      const meant = isAlias(key) ? key.resolve(document) : key;
      if (isScalar(meant) && meant.value === '__proto__') refuse(key, '__proto__ cannot be a key');
    },
    Scalar: (_, scalar: Scalar) => {
      if (typeof scalar.value === 'string' && scalar.value.includes('\0')) refuse(scalar, 'a NUL character');
    },
  });
}

function placeAt(path: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${path}:${Math.max(1, line)}:${Math.max(1, col)}`;
}

/** Offset of the node at a path, or of the deepest one on the way to it that is there. */
function offsetOf(document: Document, path: readonly PropertyKey[], key: string | undefined): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const found = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (!isNodeWithRange(found)) continue;
    const keyNode = key !== undefined && length === path.length ? keyNodeOf(found, key) : undefined;
    return (keyNode ?? found).range[0];
  }
  return 0;
}

interface Ranged {
  readonly range: readonly [number, number, number];
}

function keyNodeOf(map: unknown, key: string): Ranged | undefined {
  if (!isMap(map)) return undefined;
  const found = map.items
    .map((pair) => pair.key)
    .find((node) => isScalar(node) && String(node.value) === key);
  return isNodeWithRange(found) ? found : undefined;
}

function isNodeWithRange(value: unknown): value is Node & Ranged {
  return typeof value === 'object' && value !== null && 'range' in value && Array.isArray(value.range);
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
