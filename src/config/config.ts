import { type MetricName, metricNames, type Scenario } from '../engine/contract.ts';
import type { EngineSettings } from '../engine/settings.ts';
import { SnapgateError } from '../host/error.ts';
import { parseBytes, parseDuration, parsePercent } from '../host/units.ts';
import type { ImageInputs, RootfsSource } from '../image/types.ts';
import { baseOf, headOf } from './base.ts';
import { type EngineInputs, readEngine } from './engine.ts';
import { exactBytes, exactPercent, exactTime } from './exact.ts';
import { type ConfigFile, readConfigFile, type Setting } from './file.ts';
import { refusePathsOut } from './foreign-paths.ts';
import { acceptScopes, artifactPolicies, commentPolicies, inputs, type Mode, modes } from './inputs.ts';
import { quoteText, unknownName } from './names.ts';
import { builtInScenarios } from './scenarios.ts';
import type {
  BaseSpec,
  Config,
  GateConfig,
  GitHubConfig,
  HeadSpec,
  MeasureConfig,
  Thresholds,
} from './types.ts';

/** What was given to a run: input names with their text. An empty text is the same as not given. */
export type RawInputs = ReadonlyMap<string, string> | Readonly<Record<string, string | undefined>>;

/** The text of a snapgate.yml, and its path for errors. */
export interface ConfigText {
  readonly path: string;
  readonly text: string;
}

/**
 * Everything a run was asked for. An input given to the run is stronger than `defaults:` of snapgate.yml, which is stronger
 * than the default; `gate:` of snapgate.yml is about one scenario and metric and is stronger than the general thresholds.
 * Anything unknown, contradictory or out of bounds is a SnapgateError('usage') that says where it stands.
 *
 * @param options `fileIsForeign`: whoever opens a pull request writes the file, which then names nothing outside the checkout.
 */
export function readConfig(
  raw: RawInputs,
  file: ConfigText | undefined,
  options: { readonly fileIsForeign?: boolean } = {},
): Config {
  const given = givenInputs(raw);
  const written = file === undefined ? undefined : readConfigFile(file.text, file.path);
  const settings = mergeSettings(given, written);
  if (written !== undefined && options.fileIsForeign) refusePathsOut(written.settings, settings.find);
  const engine = readEngine(engineInputs(settings));
  return {
    image: readImage(settings, engine),
    base: settings.read('base', sideFor(engine, baseOf)),
    head: settings.read('head', sideFor(engine, headOf)),
    measure: readMeasure(settings, engine, written?.scenarios ?? []),
    gate: readGate(settings, written),
    github: readGitHub(settings),
    outputDir: settings.read('output-dir', plain),
    workDir: settings.find('work-dir')?.text,
    cacheDir: settings.find('cache-dir')?.text,
    cacheLimitBytes: settings.read('cache-limit', bounded(parseBytes, 0, 16 * tebi)),
  };
}

/** What the run on a runner is to do. */
export function readMode(raw: RawInputs): Mode {
  const text = givenInputs(raw).get('mode')?.text ?? 'gate';
  const mode = modes.find((known) => known === text);
  if (mode === undefined) throw unknownName('mode', 'mode', text, modes);
  return mode;
}

/** Whether the run may install what its runner lacks. */
export function readInstall(raw: RawInputs): boolean {
  const given = givenInputs(raw).get('install');
  return given !== undefined && parseFlag(given.text, given.where);
}

/** The image that a run must have been given, unless its engine makes its guests itself. */
export function requireImage({ image, measure }: Config): ImageInputs | undefined {
  if (image !== undefined || buildsItself(measure.engine)) return image;
  throw noImageSource();
}

export function noImageSource(): SnapgateError {
  return new SnapgateError(
    'usage',
    'no image source is given',
    'Give one of dockerfile, image, rootfs, or build-command with rootfs, as an input or under defaults: in snapgate.yml.',
  );
}

/** Whether the engine does without an image source. */
export function buildsItself({ kind }: EngineSettings): boolean {
  return kind === 'e2b' || kind === 'command';
}

const dayMs = 24 * 3600e3;
const mebi = 1024 ** 2;
const gibi = 1024 ** 3;
const tebi = 1024 ** 4;

type Parse<T> = (text: string, where: string) => T;

interface Settings {
  find(name: string): Setting | undefined;
  /** Reads an input, or its documented default. */
  read<T>(name: string, parse: Parse<T>): T;
  readOptional<T>(name: string, parse: Parse<T>): T | undefined;
}

function givenInputs(raw: RawInputs): Map<string, Setting> {
  const entries = isMap(raw) ? [...raw] : Object.entries(raw);
  const names = inputs.map((input) => input.name);
  const given = new Map<string, Setting>();
  for (const [name, text] of entries) {
    if (!names.includes(name)) throw unknownName('inputs', 'input', name, names);
    if (text !== undefined && text.trim() !== '') given.set(name, { text: text.trim(), where: name });
  }
  return given;
}

function isMap(raw: RawInputs): raw is ReadonlyMap<string, string> {
  return raw instanceof Map;
}

const sourceInputs = ['dockerfile', 'context', 'build-args', 'target', 'image', 'rootfs', 'build-command'];

/** An image source given to the run takes the place of the file's as a whole: half of each would be neither. */
function mergeSettings(given: ReadonlyMap<string, Setting>, written: ConfigFile | undefined): Settings {
  const givesSource = ['dockerfile', 'image', 'rootfs', 'build-command'].some((name) => given.has(name));
  const find = (name: string): Setting | undefined => {
    const own = given.get(name);
    if (own !== undefined || (givesSource && sourceInputs.includes(name))) return own;
    return written?.settings.get(name);
  };
  return {
    find,
    read: (name, parse) => {
      const { text, where } = find(name) ?? { text: defaultOf(name), where: name };
      return parse(text, where);
    },
    readOptional: (name, parse) => {
      const setting = find(name);
      return setting === undefined ? undefined : parse(setting.text, setting.where);
    },
  };
}

function defaultOf(name: string): string {
  return inputs.find((input) => input.name === name)?.default ?? '';
}

function engineInputs(settings: Settings): EngineInputs {
  return {
    given: settings.find,
    choice: (name, choices) => settings.read(name, choice(choices)),
    flag: (name) => settings.read(name, parseFlag),
    timeMs: (name) => settings.read(name, bounded(parseDuration, 1000, 24 * 3600e3)),
    diskBytes: () => readDiskSize(settings),
  };
}

function readImage(settings: Settings, engine: EngineSettings): ImageInputs | undefined {
  const rootfs = readSource(settings);
  if (rootfs === undefined) return undefined;
  if (engine.kind === 'e2b') throw ownBuilder(settings);
  return {
    rootfs,
    kernel: settings.read('kernel', plain),
    initrd: settings.read('initrd', plain),
    diskSizeBytes: readDiskSize(settings),
    devices: devicesOf(engine),
  };
}

function readDiskSize(settings: Settings): number {
  return settings.read('disk-size', bounded(parseBytes, 16 * mebi, tebi, 4096));
}

function devicesOf({ kind }: EngineSettings): ImageInputs['devices'] {
  if (kind === 'command') return 'any';
  return kind === 'firecracker' ? 'mmio' : 'pci';
}

/** A side is what the engine can boot. */
function sideFor<T extends BaseSpec | HeadSpec>({ kind }: EngineSettings, parse: Parse<T>): Parse<T> {
  return (text, where) => {
    const side = parse(text, where);
    if (kind !== 'e2b' || (side.kind !== 'image' && side.kind !== 'rootfs')) return side;
    throw new SnapgateError(
      'usage',
      `${where}: ${quoteText(text)} is not a commit, and engine e2b builds its guests of commits itself`,
      'Name a commit by ref:REF, or a stored measurement by measurement:FILE.',
    );
  };
}

function ownBuilder(settings: Settings): SnapgateError {
  const source = sourceInputs.map((name) => settings.find(name)?.where).find((where) => where !== undefined);
  return new SnapgateError(
    'usage',
    `${source} is given, but engine e2b builds its guests itself`,
    "Remove it: what is compared is the checkout's own template, built by create-build.",
  );
}

function readSource(settings: Settings): RootfsSource | undefined {
  const [dockerfile, image, rootfs, command] = ['dockerfile', 'image', 'rootfs', 'build-command'].map(
    (name) => settings.find(name),
  );
  checkOneSource(settings);
  if (dockerfile) return dockerfileSource(settings, dockerfile.text);
  if (image) return { kind: 'image', reference: image.text };
  if (command && rootfs) return { kind: 'build-command', command: command.text, path: rootfs.text };
  return rootfs ? { kind: 'rootfs', path: rootfs.text } : undefined;
}

function checkOneSource(settings: Settings): void {
  const has = (name: string) => settings.find(name) !== undefined;
  const sources = ['dockerfile', 'image', has('build-command') ? 'build-command' : 'rootfs'].filter(has);
  if (sources.length > 1) {
    throw new SnapgateError(
      'usage',
      `more than one image source is given: ${sources.join(', ')}`,
      'Give exactly one of dockerfile, image, rootfs, or build-command with rootfs.',
    );
  }
  if (has('build-command') && !has('rootfs')) {
    throw new SnapgateError(
      'usage',
      'build-command is given without rootfs',
      'Give rootfs too: the path, in the checkout, of the ext4, tar or folder that the command leaves.',
    );
  }
  const orphan = ['context', 'build-args', 'target'].find(has);
  if (orphan !== undefined && !has('dockerfile')) {
    throw new SnapgateError(
      'usage',
      `${orphan} is given without dockerfile`,
      `Remove ${orphan}, or name the dockerfile it belongs to.`,
    );
  }
}

function dockerfileSource(settings: Settings, dockerfile: string): RootfsSource {
  return {
    kind: 'dockerfile',
    dockerfile,
    context: settings.read('context', plain),
    buildArgs: settings.readOptional('build-args', parseBuildArgs) ?? {},
    target: settings.find('target')?.text,
  };
}

function readMeasure(settings: Settings, engine: EngineSettings, own: readonly Scenario[]): MeasureConfig {
  return {
    memoryBytes: settings.read('memory-size', bounded(parseBytes, 64 * mebi, 64 * gibi, mebi)),
    vcpus: settings.read('vcpus', bounded(parseCount, 1, 64)),
    engine,
    ...readBoots(settings),
    cycles: settings.read('cycles', bounded(parseCount, 1, 1000)),
    warmup: settings.read('warmup', bounded(parseCount, 0, 100)),
    timeBudgetMs: settings.read('time-budget', bounded(parseDuration, 1000, 5 * dayMs)),
    bootTimeoutMs: settings.read('boot-timeout', bounded(parseDuration, 1000, 3600e3)),
    readyCommand: settings.find('ready-command')?.text,
    scenarios: settings.read('scenarios', (text, where) =>
      selectScenarios(text, where, [...builtInScenarios, ...own]),
    ),
  };
}

/** Usual boots of a measurement that is not taken until a gate has decided. */
const soloBoots = 5;

/** Whoever names a number of boots alone has asked for as many, not for more where those do not decide. */
function readBoots(
  settings: Settings,
): Pick<MeasureConfig, 'boots' | 'plansBoots' | 'soloBoots' | 'maxBoots'> {
  const parse = bounded(parseCount, 1, 100);
  const given = settings.readOptional('boots', parse);
  const limit = settings.find('max-boots');
  const boots = settings.read('boots', parse);
  const maxBoots = limit === undefined && given !== undefined ? given : settings.read('max-boots', parse);
  if (maxBoots < boots)
    throw new SnapgateError(
      'usage',
      `${limit?.where}: ${maxBoots} is fewer than boots, ${boots}, after which a gate first looks`,
      'Raise max-boots, or lower boots.',
    );
  return { boots, plansBoots: given === undefined, soloBoots: given ?? soloBoots, maxBoots };
}

/** In the order they are defined, whatever the order they are named in: the order is part of the protocol. */
function selectScenarios(text: string, where: string, known: readonly Scenario[]): readonly Scenario[] {
  const names = splitNames(text, where);
  const existing = [...known.map((scenario) => scenario.name), 'all'];
  for (const name of names) {
    if (!existing.includes(name)) throw unknownName(where, 'scenario', name, existing);
  }
  return names.includes('all') ? known : known.filter((scenario) => names.includes(scenario.name));
}

function readGate(settings: Settings, written: ConfigFile | undefined): GateConfig {
  const defaults: Thresholds = {
    failAbove: settings.read('fail-above', parsePercent),
    warnAbove: settings.readOptional('warn-above', parsePercent),
    minGrowth: settings.read('min-growth', parseBytes),
    max: undefined,
    maxTrend: settings.readOptional('max-trend', parseBytes),
  };
  checkThresholds(defaults, settings.find('warn-above')?.where ?? 'warn-above');
  if (written) checkOverrides(defaults, written);
  return {
    defaults,
    gatedMetrics: settings.read('metrics', parseMetrics),
    caps: readCaps(settings),
    overrides: written?.overrides ?? {},
    inconclusive: settings.read('inconclusive', choice(['pass', 'fail'])),
    drift: {
      max: settings.readOptional('max-drift', parsePercent),
      windowMs: settings.read('drift-window', bounded(parseDuration, dayMs, 3660 * dayMs)),
      from: settings.find('drift-from')?.text,
    },
  };
}

function readGitHub(settings: Settings): GitHubConfig {
  const entries = settings.readOptional('entries', parseEntries);
  return {
    comment: {
      policy: settings.read('comment', choice(commentPolicies)),
      key: settings.read('comment-key', parseKey),
    },
    check: settings.read('check', parseFlag),
    accept: {
      label: settings.read('accept-label', parseLabel),
      scope: settings.read('accept-scope', choice(acceptScopes)),
    },
    onPush: settings.read('on-push', choice(['warn', 'fail'])),
    artifact: settings.read('artifact', choice(artifactPolicies)),
    baselineBranch: settings.readOptional('baseline-branch', parseBranch),
    allowForks: settings.read('allow-forks', parseFlag),
    fail: settings.read('fail', parseFlag),
    dryRun: settings.read('dry-run', parseFlag),
    matrix: {
      entry: settings.readOptional('entry', parseKey),
      shard: settings.readOptional('shard', parseKey),
      side: settings.read('side', choice(['head', 'base', 'both'])),
      entries: entries?.includes('all') ? 'all' : entries,
      allowMissing: settings.read('allow-missing', parseFlag),
    },
  };
}

/** GitHub's limit of a label's name, in characters. */
const maxLabelChars = 50;

function parseLabel(text: string, where: string): string {
  if (text.length <= maxLabelChars && !/\p{C}/u.test(text)) return text;
  throw new SnapgateError(
    'usage',
    `${where}: ${quoteText(text)} cannot be a label`,
    `Use at most ${maxLabelChars} visible characters.`,
  );
}

function parseEntries(text: string, where: string): readonly string[] {
  return splitNames(text, where).map((name) => parseKey(name, where));
}

/** A branch that git takes as it is, and that cannot be read as an option, a path or a pattern (git-check-ref-format). */
function parseBranch(text: string, where: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}$/.test(text) && !/\.\.|\/\/|\.lock(\/|$)|[./]$|\/\./.test(text))
    return text;
  throw new SnapgateError(
    'usage',
    `${where}: ${quoteText(text)} cannot be a branch`,
    'Use letters, digits, dot, underscore, dash and slash, such as snapgate-baselines.',
  );
}

function readCaps(settings: Settings): GateConfig['caps'] {
  const capInputs: readonly (readonly [string, MetricName])[] = [
    ['max-memfile-written', 'memfile.writtenBytes'],
    ['max-memfile-changed', 'memfile.changedBytes'],
    ['max-rootfs-written', 'rootfs.writtenBytes'],
  ];
  return Object.fromEntries(
    capInputs.flatMap(([name, metric]) => {
      const cap = settings.readOptional(name, parseBytes);
      return cap === undefined ? [] : [[metric, cap]];
    }),
  );
}

function checkOverrides(defaults: Thresholds, { overrides, placeOfOverride }: ConfigFile): void {
  for (const [scenario, metrics] of Object.entries(overrides)) {
    for (const [metric, own] of Object.entries(metrics))
      checkThresholds({ ...defaults, ...own }, placeOfOverride(scenario, metric));
  }
}

function checkThresholds(thresholds: Thresholds, where: string): void {
  if (thresholds.warnAbove === undefined || thresholds.warnAbove < thresholds.failAbove) return;
  throw new SnapgateError(
    'usage',
    `${where}: warn-above (${exactPercent(thresholds.warnAbove)}) is not below fail-above (${exactPercent(thresholds.failAbove)})`,
    'A warning comes before a failure: lower warn-above, or leave it out.',
  );
}

function parseMetrics(text: string, where: string): readonly MetricName[] {
  const names = splitNames(text, where);
  return names.map((name) => {
    const metric = metricNames.find((known) => known === name);
    if (metric === undefined) throw unknownName(where, 'metric', name, metricNames);
    return metric;
  });
}

function splitNames(text: string, where: string): readonly string[] {
  const names = [...new Set(text.split(/[\s,]+/).filter((name) => name !== ''))];
  if (names.length > 0) return names;
  throw new SnapgateError('usage', `${where}: no name is given`, 'Write names parted by commas or spaces.');
}

function parseBuildArgs(text: string, where: string): Readonly<Record<string, string>> {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const match = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
      if (match?.[1] === undefined) {
        throw new SnapgateError(
          'usage',
          `${where}: ${quoteText(line)} is not a build argument`,
          'Write one NAME=VALUE a line.',
        );
      }
      return [match[1], match[2] ?? ''];
    }),
  );
}

function parseCount(text: string, where: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new SnapgateError(
    'usage',
    `${where}: ${quoteText(text)} is not a whole number`,
    'Write digits only.',
  );
}

function parseFlag(text: string, where: string): boolean {
  return choice(['true', 'false'])(text, where) === 'true';
}

function parseKey(text: string, where: string): string {
  if (/^[A-Za-z0-9._-]{1,64}$/.test(text)) return text;
  throw new SnapgateError(
    'usage',
    `${where}: ${quoteText(text)} cannot be a key`,
    'Use letters, digits, dot, underscore and dash, at most 64.',
  );
}

function choice<const T extends string>(choices: readonly T[]): Parse<T> {
  return (text, where) => {
    const found = choices.find((known) => known === text);
    if (found === undefined) throw unknownName(where, 'choice', text, choices);
    return found;
  };
}

/** A number within bounds, both included, and a multiple of `step`. */
function bounded(parse: Parse<number>, low: number, high: number, step = 1): Parse<number> {
  const show = parse === parseBytes ? exactBytes : parse === parseDuration ? exactTime : String;
  return (text, where) => {
    const value = parse(text, where);
    if (value < low || value > high) {
      throw new SnapgateError(
        'usage',
        `${where}: ${quoteText(text)} is out of bounds`,
        `From ${show(low)} to ${show(high)}.`,
      );
    }
    if (value % step === 0) return value;
    throw new SnapgateError(
      'usage',
      `${where}: ${quoteText(text)} is not a multiple of ${show(step)}`,
      `Round it to a multiple of ${show(step)}.`,
    );
  };
}

function plain(text: string): string {
  return text;
}
