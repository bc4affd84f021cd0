import { type ParseArgsConfig, parseArgs } from 'node:util';
import { type InputSpec, inputs, type Verb } from '../config/inputs.ts';
import { nearestName, quoteText } from '../config/names.ts';
import { errnoOf, messageOf, SnapgateError } from '../host/error.ts';

export const verbs: readonly Verb[] = [
  'gate',
  'measure',
  'bisect',
  'compare',
  'calibrate',
  'report',
  'inspect',
  'probe',
];

/** What a command line asks for. */
export type Command =
  | { readonly kind: 'help'; readonly verb: Verb | undefined }
  | { readonly kind: 'version' }
  | VerbCommand;

export interface VerbCommand {
  readonly kind: 'verb';
  readonly verb: Verb;
  /** Or commits, of `bisect`. */
  readonly files: readonly string[];
  /** Inputs by name, as they were typed. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly format: ReportFormat;
  /** Of `inspect`: what its files were taken after. */
  readonly parent: string | undefined;
  /** Of `calibrate`: how many boots it measures. */
  readonly sample: number | undefined;
}

export const reportFormats = ['terminal', 'markdown', 'json'] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** How many files, or commits, each verb takes, at least and at most. */
const fileCounts: Readonly<Record<Verb, readonly [number, number, string]>> = {
  gate: [0, 0, 'no files'],
  measure: [0, 0, 'no files'],
  bisect: [2, 2, 'two commits: GOOD BAD'],
  compare: [2, 2, 'two measurements: BASE.json HEAD.json'],
  calibrate: [0, 100, 'no files, or 1 to 100 measurements of one image: FILE.json...'],
  report: [1, 1, 'one record: FILE.json'],
  inspect: [1, 8, '1 to 8 paths: of memory files, disks, or folders of builds'],
  probe: [0, 0, 'no files'],
};

export interface OwnOption {
  readonly name: string;
  readonly placeholder: string;
  readonly description: string;
}

/** Options of a verb that are no inputs of the action. */
export const ownOptions: Readonly<Partial<Record<Verb, OwnOption>>> = {
  calibrate: {
    name: 'sample',
    placeholder: 'N',
    description:
      'Number of cold boots to measure where no measurements are given: even, from twice --boots (4 at least) to 200. --boots and --max-boots are of the gates that are judged. [default: 12, or twice --boots]',
  },
  report: {
    name: 'format',
    placeholder: 'FORMAT',
    description: `Form of the report: ${reportFormats.join(', ')}. [default: terminal]`,
  },
  inspect: {
    name: 'parent',
    placeholder: 'PATH',
    description:
      'Memory file that the first PATH is a Diff of; each further PATH is the Diff after the one before.',
  },
};

/** Reads a command line, without the program's name. */
export function parseCommand(argv: readonly string[]): Command {
  const [first, ...rest] = argv;
  if (first === undefined || first === 'help' || first === '--help' || first === '-h') {
    return { kind: 'help', verb: rest[0] === undefined ? undefined : verbOf(rest[0]) };
  }
  if (first === '--version' || first === 'version') return { kind: 'version' };
  return parseVerb(verbOf(first), rest);
}

export function inputsOf(verb: Verb): InputSpec[] {
  return inputs.filter((input) => input.verbs.includes(verb));
}

function verbOf(name: string): Verb {
  const verb = verbs.find((each) => each === name);
  if (verb) return verb;
  const near = nearestName(name, verbs);
  throw usage(
    `there is no verb ${quoteText(name)}${near === undefined ? '' : `; did you mean ${near}?`}`,
    `Verbs: ${verbs.join(', ')}. snapgate --help says what they do.`,
  );
}

function parseVerb(verb: Verb, argv: readonly string[]): Command {
  const { values, positionals } = parseOptions(verb, argv);
  if (values['help'] === true) return { kind: 'help', verb };
  const [least, most, what] = fileCounts[verb];
  if (positionals.length < least || positionals.length > most) {
    throw usage(`${verb} takes ${what}; ${positionals.length} were given`, helpRemedy(verb));
  }
  return {
    kind: 'verb',
    verb,
    files: positionals,
    inputs: typedInputs(verb, values),
    json: values['json'] === true,
    verbose: values['verbose'] === true,
    format: verb === 'report' ? formatOf(values) : plainForm(values),
    parent: typeof values['parent'] === 'string' ? values['parent'] : undefined,
    sample: sampleOf(values),
  };
}

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

function parseOptions(verb: Verb, argv: readonly string[]): { values: Values; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: optionsOf(verb),
      allowPositionals: true,
      strict: true,
    });
    return { values, positionals };
  } catch (error) {
    throw usage(`${verb}: ${complaint(verb, error)}`, helpRemedy(verb));
  }
}

/** Node's own words, but for the advice in them that is about another case. */
function complaint(verb: Verb, error: unknown): string {
  const message = messageOf(error);
  if (errnoOf(error) !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return message.split('\n')[0] ?? message;
  const name = /'(-{1,2}[^']*)'/.exec(message)?.[1] ?? '';
  const near = nearestName(name.replace(/^-+/, ''), Object.keys(optionsOf(verb)));
  return `there is no option ${name}${near === undefined ? '' : `; did you mean --${near}?`}`;
}

function optionsOf(verb: Verb): NonNullable<ParseArgsConfig['options']> {
  const own = inputsOf(verb).map(
    ({ name, type }) => [name, { type: 'string', multiple: type === 'lines' }] as const,
  );
  const special = ownOptions[verb];
  return {
    ...Object.fromEntries(own),
    ...(special === undefined ? {} : { [special.name]: { type: 'string' } }),
    json: { type: 'boolean' },
    verbose: { type: 'boolean', short: 'v' },
    help: { type: 'boolean', short: 'h' },
  };
}

/** An option given several times (`--build-args A=1 --build-args B=2`) is its lines. */
function typedInputs(verb: Verb, values: Values): Record<string, string> {
  return Object.fromEntries(
    inputsOf(verb).flatMap(({ name }) => {
      const value = values[name];
      if (value === undefined || typeof value === 'boolean') return [];
      return [[name, Array.isArray(value) ? value.join('\n') : value]];
    }),
  );
}

function plainForm(values: Values): ReportFormat {
  return values['json'] === true ? 'json' : 'terminal';
}

/** Of the verb that has the option; elsewhere `--format` is an input of the engine. */
function formatOf(values: Values): ReportFormat {
  const asked = values['format'] ?? plainForm(values);
  const format = reportFormats.find((each) => each === asked);
  if (format) return format;
  throw usage(`--format ${quoteText(String(asked))} is not known`, `Formats: ${reportFormats.join(', ')}.`);
}

function sampleOf(values: Values): number | undefined {
  const text = values['sample'];
  if (text === undefined) return undefined;
  const sample = /^\d{1,3}$/.test(String(text)) ? Number(text) : Number.NaN;
  if (sample >= 4 && sample <= 200) return sample;
  throw usage(`--sample ${quoteText(String(text))} is not a number from 4 to 200`, helpRemedy('calibrate'));
}

function helpRemedy(verb: Verb): string {
  return `snapgate ${verb} --help lists its options.`;
}

function usage(what: string, remedy: string): SnapgateError {
  return new SnapgateError('usage', what, remedy);
}
