/** A value in an expression of GitHub Actions. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value };

/** What an expression can see: contexts by name, and whether all went well before it. */
export interface Scope {
  readonly contexts: Readonly<Record<string, Value>>;
  readonly status: 'success' | 'failure' | 'cancelled';
}

/**
 * Value of an expression, without its `${{ }}` (docs.github.com, "Evaluate expressions in workflows and actions").
 * @throws for a syntax, a context or a function that is not known: nothing is quietly empty but a property that is not there.
 */
export function evaluate(text: string, scope: Scope): Value {
  const parser = createParser(tokenize(text), scope);
  const value = parser.expression();
  parser.end();
  return value;
}

/** A text with its `${{ }}` replaced. */
export function interpolate(text: string, scope: Scope): string {
  return text.replace(/\$\{\{(.*?)\}\}/gs, (_, inner: string) => asText(evaluate(inner, scope)));
}

/** Whether an `if:` holds: with or without `${{ }}`, and only after success where it does not ask for the status itself. */
export function holds(condition: string | undefined, scope: Scope): boolean {
  if (condition === undefined) return scope.status === 'success';
  const inner = /^\s*\$\{\{(.*)\}\}\s*$/s.exec(condition)?.[1] ?? condition;
  const asksStatus = /\b(?:always|success|failure|cancelled)\s*\(/.test(inner);
  return (asksStatus || scope.status === 'success') && isTrue(evaluate(inner, scope));
}

type Token = { readonly kind: 'name' | 'text' | 'number' | 'sign'; readonly text: string };

const pattern =
  /\s*(?:(?<name>[A-Za-z_][\w-]*)|'(?<text>(?:[^']|'')*)'|(?<number>-?(?:0x[\da-f]+|\d+(?:\.\d+)?))|(?<sign>&&|\|\||==|!=|<=|>=|[<>!()[\],.*]))/iy;

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (pattern.lastIndex = 0; text.slice(pattern.lastIndex).trim() !== ''; ) {
    const at = pattern.lastIndex;
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined)
      throw new Error(`the expression ${text.trim()} cannot be read at ${text.slice(at)}`);
    const [kind, found] = Object.entries(groups).find(([, value]) => value !== undefined) ?? ['sign', ''];
    if (kind === 'name' || kind === 'text' || kind === 'number' || kind === 'sign')
      tokens.push({ kind, text: kind === 'text' ? found.replaceAll("''", "'") : found });
  }
  return tokens;
}

interface Parser {
  expression(): Value;
  end(): void;
}

function createParser(tokens: readonly Token[], scope: Scope): Parser {
  let at = 0;
  const isSign = (...signs: string[]) => {
    const token = tokens[at];
    return token?.kind === 'sign' && signs.includes(token.text);
  };
  const take = () => {
    const token = tokens[at];
    if (token === undefined) throw new Error('the expression ends too soon');
    at += 1;
    return token;
  };
  const skip = (sign: string) => {
    const { text } = take();
    if (text !== sign) throw new Error(`${text} where ${sign} should be`);
  };
  const chain = (sign: string, part: () => Value, next: (left: Value, right: Value) => Value) => () => {
    let value = part();
    while (isSign(sign)) {
      skip(sign);
      value = next(value, part());
    }
    return value;
  };
  const unary = (): Value => {
    if (!isSign('!')) return primary();
    skip('!');
    return !isTrue(unary());
  };
  const comparison = (): Value => {
    let value = unary();
    while (isSign('==', '!=', '<', '<=', '>', '>=')) value = compare(take().text, value, unary());
    return value;
  };
  const both = chain('&&', comparison, (left, right) => (isTrue(left) ? right : left));
  const expression = chain('||', both, (left, right) => (isTrue(left) ? left : right));
  const list = (): Value[] => {
    const values: Value[] = [];
    skip('(');
    while (!isSign(')')) {
      values.push(expression());
      if (!isSign(')')) skip(',');
    }
    skip(')');
    return values;
  };
  const primary = (): Value => {
    if (isSign('(')) {
      skip('(');
      const value = expression();
      skip(')');
      return properties(value);
    }
    const token = take();
    if (token.kind === 'text') return token.text;
    if (token.kind === 'number') return Number(token.text);
    if (token.kind === 'sign') throw new Error(`${token.text} where a value should be`);
    if (isSign('(')) return properties(call(token.text, list(), scope));
    return properties(named(token.text, scope));
  };
  const properties = (start: Value): Value => {
    let value = start;
    while (isSign('.', '[')) {
      if (take().text === '.') value = isSign('*') ? all(value, skip) : property(value, take().text);
      else {
        value = property(value, expression());
        skip(']');
      }
    }
    return value;
  };
  return {
    expression,
    end: () => {
      if (at < tokens.length) throw new Error(`${tokens[at]?.text} where the expression should end`);
    },
  };
}

function all(value: Value, skip: (sign: string) => void): Value {
  skip('*');
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

function named(name: string, { contexts }: Scope): Value {
  if (name === 'true' || name === 'false') return name === 'true';
  if (name === 'null') return null;
  const context = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (context === undefined) throw new Error(`there is no context ${name}`);
  return context;
}

/** Names are found whatever their case; one that is not there is null. Of a filtered list (`.*`), it is that of each. */
function property(value: Value, key: Value): Value {
  if (value === null || typeof value !== 'object') return null;
  if (isList(value)) {
    if (typeof key === 'number') return value[key] ?? null;
    return value.map((each) => property(each, key)).filter((each) => each !== null);
  }
  const name = asText(key).toLowerCase();
  return Object.entries(value).find(([each]) => each.toLowerCase() === name)?.[1] ?? null;
}

function call(name: string, values: readonly Value[], scope: Scope): Value {
  const [first = null, second = null] = values;
  const lower = (value: Value) => asText(value).toLowerCase();
  const functions: Readonly<Record<string, () => Value>> = {
    always: () => true,
    success: () => scope.status === 'success',
    failure: () => scope.status === 'failure',
    cancelled: () => scope.status === 'cancelled',
    contains: () =>
      isList(first)
        ? first.some((each) => compare('==', each, second) === true)
        : lower(first).includes(lower(second)),
    startswith: () => lower(first).startsWith(lower(second)),
    endswith: () => lower(first).endsWith(lower(second)),
    format: () => format(asText(first), values.slice(1)),
    join: () =>
      isList(first) ? first.map(asText).join(second === null ? ',' : asText(second)) : asText(first),
    fromjson: () => JSON.parse(asText(first)),
    tojson: () => JSON.stringify(first, null, 2),
  };
  const found = Object.hasOwn(functions, name.toLowerCase()) ? functions[name.toLowerCase()] : undefined;
  if (found === undefined) throw new Error(`there is no function ${name}`);
  return found();
}

function format(text: string, values: readonly Value[]): string {
  return text.replace(/\{\{|\}\}|\{(\d+)\}/g, (found, index?: string) =>
    index === undefined ? found.slice(1) : asText(values[Number(index)] ?? null),
  );
}

/** Texts compare whatever their case; values of two kinds compare as numbers. */
function compare(sign: string, left: Value, right: Value): boolean {
  const isObject = [left, right].some((value) => typeof value === 'object' && value !== null);
  const areTexts = typeof left === 'string' && typeof right === 'string';
  const areSame = typeof left === typeof right && left !== null && right !== null;
  const [a, b] = areTexts
    ? [left.toLowerCase(), right.toLowerCase()]
    : areSame && isObject
      ? [0, left === right ? 0 : Number.NaN]
      : [asNumber(left), asNumber(right)];
  switch (sign) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    default:
      return a >= b;
  }
}

function asNumber(value: Value): number {
  if (value === null) return 0;
  if (typeof value === 'object') return Number.NaN;
  return Number(value);
}

function isTrue(value: Value): boolean {
  return typeof value === 'number' ? value !== 0 && !Number.isNaN(value) : Boolean(value);
}

/** As a workflow writes a value into a text. */
export function asText(value: Value): string {
  if (value === null) return '';
  if (typeof value !== 'object') return String(value);
  return isList(value) ? 'Array' : 'Object';
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
