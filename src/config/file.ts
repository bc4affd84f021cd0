import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { type MetricName, metricNames, type Scenario } from '../engine/contract.ts';
import { SnapgateError } from '../host/error.ts';
import { parseBytes, parseDuration, parsePercent } from '../host/units.ts';
import { type InputSpec, type InputType, inputs } from './inputs.ts';
import { isTimeMetric } from './metrics.ts';
import { quoteText, unknownName } from './names.ts';
import { builtInScenarios } from './scenarios.ts';
import type { GateConfig, Thresholds } from './types.ts';

/** A text of the user's with the place it stands in, for errors. */
export interface Setting {
  readonly text: string;
  readonly where: string;
}

/** What snapgate.yml says, checked. */
export interface ConfigFile {
  /** Inputs that the file gives; an input given to the run itself is stronger. */
  readonly settings: ReadonlyMap<string, Setting>;
  /** The user's own scenarios. */
  readonly scenarios: readonly Scenario[];
  readonly overrides: GateConfig['overrides'];
}

/** Bytes of a snapgate.yml that are read at all; real ones are a few KiB. */
export const maxConfigBytes = 64 * 1024;

/** Anchors may be used, but not to grow a small file into a large one. */
const maxAliasCount = 50;

/** Limit of what a user's scenario runs and checks, unless it says otherwise. */
const scenarioTimeoutMs = 60_000;
const maxSettleMs = 3_600_000;

const scenarioName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'a scenario is named by a–z, 0–9 and -, at most 40 characters');

const quantity = z.string().max(100);
const command = z.string().min(1).max(10_000).describe('Command line for the guest’s shell, run as root.');

const scenarioSchema = z.strictObject({
  run: command.optional().describe('What runs in the guest after the resume; nothing if not given.'),
  settle: quantity
    .optional()
    .describe('Time that the guest is left alone after `run`, e.g. `2s`. Default: none.'),
  check: command.optional().describe('Must exit 0 in the guest after the settle.'),
  from: z
    .enum(['previous', 'base'])
    .optional()
    .describe('Which snapshot is resumed: the one before it in the chain (default), or the base snapshot.'),
  repeat: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe('Number of resume-pause repetitions that make one sample. Default: 1.'),
  timeout: quantity.optional().describe('Limit of `run` and of `check`, e.g. `60s`, the default.'),
});

const thresholdsSchema = z.strictObject({
  'fail-above': quantity.optional().describe('Growth that fails, e.g. `5%`.'),
  'warn-above': quantity.optional().describe('Growth that warns, e.g. `2%`.'),
  'min-growth': quantity
    .optional()
    .describe('Absolute growth that must be exceeded too, e.g. `256KiB`, or `50ms` for a metric of time.'),
  max: quantity.optional().describe('Absolute cap, e.g. `8MiB`, or `500ms` for a metric of time.'),
});

/** The shape of snapgate.yml. Quantities are parsed after it, by their units. */
export const configFileSchema = z.strictObject({
  defaults: z
    .strictObject(Object.fromEntries(inputs.filter((input) => input.inFile).map(settingEntry)))
    .nullish()
    .describe('Inputs that hold where the action or the command line does not give them.'),
  scenarios: z
    .record(scenarioName, scenarioSchema)
    .nullish()
    .describe('Scenarios of your own, run after the built-in ones.'),
  gate: z
    .record(z.string(), z.partialRecord(z.enum(metricNames), thresholdsSchema))
    .nullish()
    .describe('Scenario → metric → thresholds of their own. A metric that is named here gates.'),
});

/**
 * Reads the text of a snapgate.yml. Everything wrong with it is a SnapgateError('usage') with the file, the line and the
 * column. `path` is for people.
 */
export function readConfigFile(text: string, path: string): ConfigFile {
  const { value, placeOf } = parseYaml(text, path);
  const parsed = configFileSchema.safeParse(value);
  if (!parsed.success) throw shapeError(parsed.error.issues, placeOf);
  const file = parsed.data;
  const scenarios = Object.entries(file.scenarios ?? {}).map(([name, written]) =>
    readScenario(name, written, placeOf),
  );
  return {
    settings: readSettings(file.defaults ?? {}, placeOf),
    scenarios,
    overrides: readOverrides(file.gate ?? {}, scenarios, placeOf),
  };
}

/** `file:line:column` of what stands at a path of keys; of a key itself with `key`. */
type PlaceOf = (path: readonly PropertyKey[], key?: string) => string;

function settingEntry(input: InputSpec): [string, z.ZodType<SettingValue>] {
  return [input.name, settingSchema(input).optional().describe(input.description)];
}

type SettingValue = string | number | boolean | string[] | undefined;

function settingSchema(input: InputSpec): z.ZodType<SettingValue> {
  const schemas: Partial<Record<InputType, z.ZodType<SettingValue>>> = {
    count: z.int(),
    flag: z.boolean(),
    names: z.union([z.string().max(2000), z.array(z.string().max(100)).max(200)]),
    lines: z.union([z.string().max(10_000), z.array(z.string().max(10_000)).max(200)]),
  };
  return input.choices ? z.enum(input.choices) : (schemas[input.type] ?? z.string().max(10_000));
}

function readSettings(
  written: Readonly<Record<string, SettingValue>>,
  placeOf: PlaceOf,
): Map<string, Setting> {
  const settings = new Map<string, Setting>();
  for (const [name, value] of Object.entries(written)) {
    if (value === undefined) continue;
    const text = Array.isArray(value) ? value.join('\n') : String(value);
    settings.set(name, { text, where: `${placeOf(['defaults', name])}: ${name}` });
  }
  return settings;
}

function readScenario(name: string, written: z.infer<typeof scenarioSchema>, placeOf: PlaceOf): Scenario {
  const whereOf = (key: string) => `${placeOf(['scenarios', name, key])}: ${key} of scenario ${name}`;
  if (name === 'all' || builtInScenarios.some((scenario) => scenario.name === name)) {
    throw new SnapgateError(
      'usage',
      `${placeOf(['scenarios'], name)}: the name ${name} is taken by snapgate itself`,
      'Give the scenario another name.',
    );
  }
  return {
    name,
    run: written.run,
    settleMs: written.settle === undefined ? 0 : boundedTime(written.settle, whereOf('settle'), 0),
    check: written.check,
    from: written.from ?? 'previous',
    repeat: written.repeat ?? 1,
    timeoutMs:
      written.timeout === undefined ? scenarioTimeoutMs : boundedTime(written.timeout, whereOf('timeout'), 1),
  };
}

function boundedTime(text: string, where: string, minimumMs: number): number {
  const ms = parseDuration(text, where);
  if (ms >= minimumMs && ms <= maxSettleMs) return ms;
  throw new SnapgateError(
    'usage',
    `${where}: ${quoteText(text)} is out of bounds`,
    `From ${minimumMs}ms to 1h.`,
  );
}

type WrittenThresholds = z.infer<typeof thresholdsSchema>;

function readOverrides(
  gate: Readonly<Record<string, Readonly<Partial<Record<MetricName, WrittenThresholds>>>>>,
  own: readonly Scenario[],
  placeOf: PlaceOf,
): GateConfig['overrides'] {
  const known = [...builtInScenarios, ...own].map((scenario) => scenario.name);
  const overrides: Record<string, Partial<Record<MetricName, Partial<Thresholds>>>> = {};
  for (const [scenario, metrics] of Object.entries(gate)) {
    if (!known.includes(scenario))
      throw unknownName(placeOf(['gate'], scenario), 'scenario', scenario, known);
    const ofScenario: Partial<Record<MetricName, Partial<Thresholds>>> = {};
    for (const metric of metricNames) {
      const written = metrics[metric];
      if (written === undefined) continue;
      const whereOf = (key: string) =>
        `${placeOf(['gate', scenario, metric, key])}: ${key} of ${scenario}, ${metric}`;
      ofScenario[metric] = readThresholds(written, metric, whereOf);
    }
    overrides[scenario] = ofScenario;
  }
  return overrides;
}

function readThresholds(
  written: WrittenThresholds,
  metric: MetricName,
  whereOf: (key: string) => string,
): Partial<Thresholds> {
  const parseAmount = isTimeMetric(metric) ? parseDuration : parseBytes;
  const read = (key: keyof WrittenThresholds, parse: (text: string, where: string) => number) => {
    const text = written[key];
    return text === undefined ? undefined : parse(text, whereOf(key));
  };
  const failAbove = read('fail-above', parsePercent);
  const warnAbove = read('warn-above', parsePercent);
  const minGrowth = read('min-growth', parseAmount);
  const max = read('max', parseAmount);
  return {
    ...(failAbove === undefined ? {} : { failAbove }),
    ...(warnAbove === undefined ? {} : { warnAbove }),
    ...(minGrowth === undefined ? {} : { minGrowth }),
    ...(max === undefined ? {} : { max }),
  };
}

function parseYaml(text: string, path: string): { value: unknown; placeOf: PlaceOf } {
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
    // Aliases that multiply (a ReferenceError of the parser) and nesting so deep that the stack ends (a RangeError).
    const why = error instanceof Error ? firstLine(error.message) : 'unreadable';
    throw new SnapgateError(
      'usage',
      `${path} cannot be read: ${why}`,
      'Write it without nested aliases and without deep nesting.',
    );
  }
}

function readDocument(text: string, path: string): { value: unknown; placeOf: PlaceOf } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const error = document.errors[0];
  if (error) {
    throw new SnapgateError(
      'usage',
      `${placeAt(path, lines, error.pos[0])}: not valid YAML: ${firstLine(error.message)}`,
      'Correct that line; docs/config.md shows a whole file.',
    );
  }
  refuseProto(document, (offset) => placeAt(path, lines, offset));
  const value: unknown = document.toJS({ maxAliasCount });
  return {
    value: value ?? {},
    placeOf: (keys, key) => placeAt(path, lines, offsetOf(document, keys, key)),
  };
}

/** A key that zod would pass over in silence, and that no honest file has. */
function refuseProto(document: Document, placeOfOffset: (offset: number) => string): void {
  visit(document, {
    Pair: (_, pair) => {
      if (!isScalar(pair.key) || pair.key.value !== '__proto__') return;
      throw new SnapgateError(
        'usage',
        `${placeOfOffset(pair.key.range?.[0] ?? 0)}: __proto__ cannot be a key`,
        'Use another name.',
      );
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

function shapeError(issues: readonly z.core.$ZodIssue[], placeOf: PlaceOf): SnapgateError {
  const issue = issues[0];
  if (!issue) return new SnapgateError('usage', 'snapgate.yml is not valid', 'See docs/config.md.');
  const name = issue.path.map(String).join(' → ');
  if (issue.code === 'unrecognized_keys')
    return unknownName(
      placeOf(issue.path, issue.keys[0]),
      kindOfKey(issue.path),
      issue.keys[0] ?? '',
      keysAt(issue.path),
    );
  if (issue.code === 'invalid_key') {
    const key = String(issue.path.at(-1));
    const parent = issue.path.slice(0, -1);
    if (parent[0] === 'gate') return unknownName(placeOf(parent, key), 'metric', key, metricNames);
    return new SnapgateError(
      'usage',
      `${placeOf(parent, key)}: ${quoteText(key)} cannot name a scenario`,
      'Use a–z, 0–9 and -, at most 40 characters.',
    );
  }
  const where = placeOf(issue.path);
  return new SnapgateError(
    'usage',
    name === '' ? `${where}: ${issue.message}` : `${where}: ${name}: ${issue.message}`,
    remedyFor(issue, name),
  );
}

/** The parts of the file whose keys are fixed, by where they stand. */
function keysAt(path: readonly PropertyKey[]): readonly string[] {
  if (path.length === 0) return Object.keys(configFileSchema.shape);
  if (path[0] === 'defaults') return inputs.filter((input) => input.inFile).map((input) => input.name);
  if (path[0] === 'scenarios') return Object.keys(scenarioSchema.shape);
  return path.length === 2 ? metricNames : Object.keys(thresholdsSchema.shape);
}

function kindOfKey(path: readonly PropertyKey[]): string {
  if (path[0] === 'defaults') return 'input that may stand here';
  return path[0] === 'gate' && path.length === 2 ? 'metric' : 'key';
}

function remedyFor(issue: z.core.$ZodIssue, name: string): string {
  const wantsText = issue.code === 'invalid_type' && issue.expected === 'string';
  if (wantsText) return 'Write it as text with its unit, such as 256KiB, 2s or 5%.';
  return name === ''
    ? 'snapgate.yml is a mapping: scenarios, gate, defaults.'
    : 'docs/config.md shows a whole file.';
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
