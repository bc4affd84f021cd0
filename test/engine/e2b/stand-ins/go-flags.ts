/** The kinds of flags of Go's flag package that the tools declare, by the value that they have if not given. */
export type Flags = Readonly<Record<string, string | number | boolean>>;

/** Ends the process as log.Fatal does. */
export function fatal(message: string): never {
  process.stderr.write(`2026/08/22 12:00:00 ${message}\n`);
  process.exit(1);
}

/**
 * Parses as Go's flag package: one dash or two, `-x=v` or `-x v`, a boolean without a value, an end at the first word that is no flag; and
 * refuses as it does, with status 2.
 */
export function parseFlags<T extends Flags>(
  tool: string,
  args: readonly string[],
  defaults: T,
): Map<keyof T, string> {
  const given = new Map<keyof T, string>();
  const refuse = (message: string): never => {
    process.stderr.write(`${message}\nUsage of ${tool}:\n`);
    process.exit(2);
  };
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(word);
    if (match === null) break;
    const [, name = '', inline] = match;
    const standard = Object.hasOwn(defaults, name) ? defaults[name] : undefined;
    if (standard === undefined) refuse(`flag provided but not defined: -${name}`);
    const next = args[at + 1];
    if (inline === undefined && typeof standard !== 'boolean') at += 1;
    const value = inline ?? (typeof standard === 'boolean' ? 'true' : next);
    if (value === undefined) return refuse(`flag needs an argument: -${name}`);
    if (typeof standard === 'boolean' && !/^(1|t|T|true|TRUE|True|0|f|F|false|FALSE|False)$/.test(value))
      refuse(`invalid boolean value "${value}" for -${name}: parse error`);
    if (typeof standard === 'number' && !/^-?\d+$/.test(value))
      refuse(`invalid value "${value}" for flag -${name}: parse error`);
    given.set(name, value);
  }
  return given;
}

/** As github.com/google/uuid takes a build's id. */
export function needUuid(text: string, what: string): void {
  if (!/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text))
    fatal(`${what}: invalid UUID length: ${text.length}`);
}
