/**
 * Whether a value is what a JSON Schema (draft 2020-12) says: an independent reader of the keywords that the emitted schemas use. An unknown keyword
 * throws, so that nothing is passed over.
 */
export function accepts(schema: unknown, value: unknown): boolean {
  if (schema === true) return true;
  if (!isObject(schema)) return false;
  return Object.entries(schema).every(([keyword, wanted]) => {
    const check = keywords[keyword];
    if (check === undefined) throw new Error(`the schema has ${keyword}, which this reader does not know`);
    return check(wanted, value, schema);
  });
}

type Check = (wanted: unknown, value: unknown, schema: Readonly<Record<string, unknown>>) => boolean;

const ignored: Check = () => true;
const ofNumber =
  (check: (value: number, wanted: number) => boolean): Check =>
  (wanted, value) =>
    typeof value !== 'number' || (typeof wanted === 'number' && check(value, wanted));
const ofLength =
  (
    lengthOf: (value: unknown) => number | undefined,
    check: (length: number, wanted: number) => boolean,
  ): Check =>
  (wanted, value) => {
    const length = lengthOf(value);
    return length === undefined || (typeof wanted === 'number' && check(length, wanted));
  };
const characters = (value: unknown) => (typeof value === 'string' ? Array.from(value).length : undefined);
const items = (value: unknown) => (Array.isArray(value) ? value.length : undefined);

const keywords: Readonly<Record<string, Check>> = {
  $schema: ignored,
  $id: ignored,
  title: ignored,
  description: ignored,
  type: (wanted, value) => typeof wanted === 'string' && types[wanted]?.(value) === true,
  const: (wanted, value) => value === wanted,
  enum: (wanted, value) => Array.isArray(wanted) && wanted.includes(value),
  // A pattern beside it says what it means.
  format: ignored,
  pattern: (wanted, value) => typeof value !== 'string' || new RegExp(String(wanted), 'u').test(value),
  minimum: ofNumber((value, wanted) => value >= wanted),
  maximum: ofNumber((value, wanted) => value <= wanted),
  exclusiveMinimum: ofNumber((value, wanted) => value > wanted),
  minLength: ofLength(characters, (length, wanted) => length >= wanted),
  maxLength: ofLength(characters, (length, wanted) => length <= wanted),
  maxItems: ofLength(items, (length, wanted) => length <= wanted),
  items: (wanted, value) => !Array.isArray(value) || value.every((each) => accepts(wanted, each)),
  anyOf: (wanted, value) => Array.isArray(wanted) && wanted.some((each) => accepts(each, value)),
  oneOf: (wanted, value) =>
    Array.isArray(wanted) && wanted.filter((each) => accepts(each, value)).length === 1,
  required: (wanted, value) =>
    !isObject(value) || (Array.isArray(wanted) && wanted.every((key) => Object.hasOwn(value, String(key)))),
  properties: (wanted, value) =>
    !isObject(value) ||
    (isObject(wanted) &&
      Object.entries(value).every(
        ([key, each]) => !Object.hasOwn(wanted, key) || accepts(wanted[key], each),
      )),
  propertyNames: (wanted, value) =>
    !isObject(value) || Object.keys(value).every((key) => accepts(wanted, key)),
  additionalProperties: (wanted, value, schema) => {
    const known = isObject(schema['properties']) ? schema['properties'] : {};
    return (
      !isObject(value) ||
      Object.entries(value).every(
        ([key, each]) => Object.hasOwn(known, key) || (wanted !== false && accepts(wanted, each)),
      )
    );
  },
};

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
};

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
