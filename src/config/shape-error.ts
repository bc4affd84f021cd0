import type { z } from 'zod';
import { metricNames } from '../engine/contract.ts';
import { SnapgateError } from '../host/error.ts';
import { inputs } from './inputs.ts';
import { quoteText, unknownName } from './names.ts';
import type { PlaceOf } from './yaml.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** The file that an issue is about. */
export interface Shape {
  readonly value: unknown;
  readonly placeOf: PlaceOf;
  /** The keys that may stand at a path. */
  readonly keysAt: (path: Path) => readonly string[];
}

/** The first of zod's issues in words: where, what is wrong, what may stand there. */
export function shapeError(issues: readonly Issue[], shape: Shape): SnapgateError {
  const issue = issues[0];
  if (!issue) return new SnapgateError('usage', 'snapgate.yml is not valid', shapeRemedy);
  const { path } = issue;
  const { placeOf } = shape;
  const found = valueAt(shape.value, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return unknownKey(path, issue.keys[0] ?? '', shape);
    case 'invalid_key':
      return wrongName(path.slice(0, -1), String(path.at(-1)), placeOf);
    case 'invalid_value':
      return unknownName(
        `${placeOf(path)}: ${nameOf(path)}`,
        'choice',
        String(found),
        issue.values.map(String),
      );
    default:
      return new SnapgateError(
        'usage',
        `${placeOf(path)}: ${nameOf(path)} ${complaint(issue, found)}`,
        remedyFor(issue, found, shape),
      );
  }
}

const shapeRemedy = 'schema/snapgate.yml.schema.json of snapgate describes the whole file.';

function unknownKey(path: Path, key: string, { placeOf, keysAt }: Shape): SnapgateError {
  return unknownName(placeOf(path, key), kindOfKey(path), key, keysAt(path));
}

function wrongName(parent: Path, key: string, placeOf: PlaceOf): SnapgateError {
  if (parent[0] === 'gate') return unknownName(placeOf(parent, key), 'metric', key, metricNames);
  return new SnapgateError(
    'usage',
    `${placeOf(parent, key)}: ${quoteText(key)} cannot name a scenario`,
    'Use a–z, 0–9 and -, at most 40 characters.',
  );
}

function kindOfKey(path: Path): string {
  if (path[0] === 'defaults') return 'input that may stand here';
  return path[0] === 'gate' && path.length === 2 ? 'metric' : 'key';
}

/** `settle of scenarios → my-scenario`. */
function nameOf(path: Path): string {
  const parents = path.slice(0, -1).map(String).join(' → ');
  return path.length === 0
    ? 'the file'
    : parents === ''
      ? String(path[0])
      : `${String(path.at(-1))} of ${parents}`;
}

function complaint(issue: Issue, found: unknown): string {
  const butIs = `, but is ${kindOf(found)}`;
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeWords[issue.expected] ?? issue.expected}${butIs}`;
    case 'invalid_union':
      return `must be text or a list of texts${butIs}`;
    case 'too_small':
      return issue.origin === 'string' ? 'is empty' : `must be at least ${issue.minimum}${butIs}`;
    case 'too_big':
      return issue.origin === 'string'
        ? `is longer than ${issue.maximum} characters`
        : `must be at most ${issue.maximum}${butIs}`;
    default:
      return `is not valid (${issue.message})`;
  }
}

const typeWords: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  string: 'text',
  number: 'a whole number',
  int: 'a whole number',
  boolean: 'true or false',
};

function remedyFor(issue: Issue, found: unknown, { keysAt }: Shape): string {
  if (issue.code !== 'invalid_type') return shapeRemedy;
  if (issue.path.length === 0) return `It holds ${keysAt([]).join(', ')}, each a mapping.`;
  if (issue.expected === 'object' || issue.expected === 'record')
    return found === null ? 'Write {} for an empty mapping.' : shapeRemedy;
  if (issue.expected === 'boolean') return 'Write true or false, without quotes.';
  if (issue.expected !== 'string') return 'Write digits, without quotes.';
  return commandKeys.includes(String(issue.path.at(-1)))
    ? 'Put it in quotes.'
    : 'Write it as text with its unit, such as 256KiB, 2s or 5%.';
}

/** Texts without a unit. */
const commandKeys = [
  'run',
  'check',
  ...inputs.filter((input) => input.type === 'text').map(({ name }) => name),
];

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
    value,
  );
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? quoteText(value) : String(value);
}
