import { z } from 'zod';
import { type MetricName, metricNames, type Scenario } from '../engine/contract.ts';
import { SnapgateError } from '../host/error.ts';
import { parseBytes, parseDuration, parsePercent } from '../host/units.ts';
import { type InputSpec, type InputType, inputs } from './inputs.ts';
import { isTimeMetric } from './metrics.ts';
import { quoteText, unknownName } from './names.ts';
import { builtInScenarios } from './scenarios.ts';
import { shapeError } from './shape-error.ts';
import type { GateConfig, Thresholds } from './types.ts';
import { type PlaceOf, parseYaml } from './yaml.ts';

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
  /** Where the thresholds of a scenario and metric stand, for errors. */
  readonly placeOfOverride: (scenario: string, metric: string) => string;
}

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
  'max-trend': quantity
    .optional()
    .describe('Growth from each cycle to the next that fails, e.g. `4KiB`, or `1ms` for a metric of time.'),
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
  if (!parsed.success) throw shapeError(parsed.error.issues, { value, placeOf, keysAt });
  const file = parsed.data;
  const scenarios = Object.entries(file.scenarios ?? {}).map(([name, written]) =>
    readScenario(name, written, placeOf),
  );
  return {
    settings: readSettings(file.defaults ?? {}, placeOf),
    scenarios,
    overrides: readOverrides(file.gate ?? {}, scenarios, placeOf),
    placeOfOverride: (scenario, metric) => `${placeOf(['gate', scenario, metric])}: ${metric} of ${scenario}`,
  };
}

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
    // An empty text is not given, as with an input; an empty list is a list of none.
    if (value === undefined || (typeof value === 'string' && value.trim() === '')) continue;
    const text = Array.isArray(value) ? value.join('\n') : String(value).trim();
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
  const maxTrend = read('max-trend', parseAmount);
  return {
    ...(failAbove === undefined ? {} : { failAbove }),
    ...(warnAbove === undefined ? {} : { warnAbove }),
    ...(minGrowth === undefined ? {} : { minGrowth }),
    ...(max === undefined ? {} : { max }),
    ...(maxTrend === undefined ? {} : { maxTrend }),
  };
}

/** The parts of the file whose keys are fixed, by where they stand. */
function keysAt(path: readonly PropertyKey[]): readonly string[] {
  if (path.length === 0) return Object.keys(configFileSchema.shape);
  if (path[0] === 'defaults') return inputs.filter((input) => input.inFile).map((input) => input.name);
  if (path[0] === 'scenarios') return Object.keys(scenarioSchema.shape);
  return path.length === 2 ? metricNames : Object.keys(thresholdsSchema.shape);
}
