import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import zlib from 'node:zlib';
import { describeHead } from '../baseline/head.ts';
import { resolveBase, resolveHead } from '../baseline/resolve.ts';
import { buildsItself, readConfig, requireImage } from '../config/config.ts';
import { locateConfig } from '../config/locate.ts';
import { reproduceOptions } from '../config/reproduce.ts';
import type { Config } from '../config/types.ts';
import { bisectionExitCode } from '../gate/bisection-summary.ts';
import { exitCodeOf } from '../gate/exit-code.ts';
import { exitCodes, SnapgateError } from '../host/error.ts';
import { openFolder } from '../host/folder.ts';
import type { Log, Run } from '../host/run.ts';
import { withRun } from '../host/session.ts';
import { inspectPaths } from '../inspect/inspect.ts';
import { runBisect } from '../job/bisect.ts';
import { calibrateFiles, calibrateImage } from '../job/calibrate.ts';
import { compareFiles } from '../job/compare.ts';
import { createEngine } from '../job/engine.ts';
import { checkOutputDir, writeRecord, writeText } from '../job/files.ts';
import { runGate } from '../job/gate.ts';
import { runMeasure } from '../job/measure.ts';
import { renderRecord } from '../job/report.ts';
import { bisectionTable } from '../report/bisection-table.ts';
import { calibrationTable } from '../report/calibration-table.ts';
import type { Exporter } from '../report/exporter.ts';
import { inspectionTable } from '../report/inspection-table.ts';
import { json } from '../report/json.ts';
import { markdown } from '../report/markdown.ts';
import { terminal as terminalReport } from '../report/terminal.ts';
import { inputsOf, type VerbCommand } from './arguments.ts';
import { locateCheckout } from './checkout.ts';
import type { Screen } from './log.ts';
import { probeTable } from './probe-table.ts';

/** The shell that a command was typed in. */
export interface Terminal {
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** How a report is shown. */
export interface Display {
  readonly color: boolean;
}

export interface VerbResult {
  readonly exitCode: number;
  /** For stdout. */
  readonly output: string;
}

/** What a verb works with. */
interface Context {
  readonly command: VerbCommand;
  readonly config: Config;
  readonly terminal: Terminal;
  readonly display: Display;
  readonly log: Log;
}

/** Runs one verb of the command line. */
export async function runVerb(
  command: VerbCommand,
  terminal: Terminal,
  display: Display,
  log: Log,
): Promise<VerbResult> {
  // A verb without the option has nothing to ask of a snapgate.yml, and must not fail over a wrong one.
  const file = takesConfig(command.verb)
    ? locateConfig(terminal.cwd, command.inputs['config'] ?? '')
    : undefined;
  const config = readConfig(command.inputs, file);
  return await perform[command.verb]({ command, config, terminal, display, log });
}

function takesConfig(verb: VerbCommand['verb']): boolean {
  return inputsOf(verb).some(({ name }) => name === 'config');
}

const perform: Readonly<Record<VerbCommand['verb'], (context: Context) => Promise<VerbResult>>> = {
  gate: (context) => withOwnRun(needsZstd(context), (run) => gate(run, context)),
  measure: (context) => withOwnRun(needsZstd(context), (run) => measure(run, context)),
  bisect: (context) => withOwnRun(needsZstd(context), (run) => bisect(run, context)),
  probe: (context) => withOwnRun(context, (run) => probe(run, context)),
  compare: async (context) => compare(context),
  calibrate: (context) =>
    withOwnRun(boots(context) ? needsZstd(context) : context, (run) => calibrate(run, context)),
  report: async (context) => report(context),
  inspect: (context) => withOwnRun(needsZstd(context), (run) => inspect(run, context)),
};

/** Of stored measurements it only reckons. */
function boots({ command }: Context): boolean {
  return command.files.length === 0;
}

/** An older node has none, and would find that out after the first boot. */
function needsZstd<T>(context: T): T {
  if (typeof zlib.zstdCompressSync === 'function') return context;
  throw new SnapgateError(
    'host',
    `snapgate measures with Node 24, and this is ${process.version}`,
    'Install Node 24. In a clone of snapgate, npm brings it: npm ci && npm run snapgate -- --help.',
  );
}

async function gate(run: Run, given: Context): Promise<VerbResult> {
  const { command, terminal } = given;
  const { config, checkout } = await locateCheckout(run, withOutputDir(given), terminal.cwd);
  const subject = await describeHead(run, checkout);
  const sides = { checkout, inputs: config.image, buildsItself: buildsItself(config.measure.engine) };
  const head = await resolveHead(run, config.head, { ...sides, subject });
  const context = { ...sides, auto: undefined, branch: undefined };
  const base = await resolveBase(run, config.base, context);
  const reproduce = reproduceOptions(command.inputs, { hideText: false });
  const result = await runGate(run, {
    config,
    checkout,
    head,
    base,
    storage: undefined,
    branch: undefined,
    reproduce,
  });
  run.log.info(`report: ${result.files.report}`);
  return { exitCode: result.exitCode, output: exporterOf(given).render(result.report) };
}

async function measure(run: Run, context: Context): Promise<VerbResult> {
  const { config, checkout } = await locateCheckout(run, withOutputDir(context), context.terminal.cwd);
  const subject = await describeHead(run, checkout);
  const image = { kind: 'image' as const, subject, inputs: requireImage(config), checkout };
  const result = await runMeasure(run, { config, side: 'head', image });
  run.log.info(`measurement: ${result.file}`);
  return { exitCode: 0, output: exporterOf(context).renderMeasurement(result.measurement) };
}

async function bisect(run: Run, context: Context): Promise<VerbResult> {
  const { command, display, terminal } = context;
  const { config, checkout } = await locateCheckout(run, withOutputDir(context), terminal.cwd);
  const [good = '', bad = ''] = command.files;
  checkOutputDir(config.outputDir);
  const found = await runBisect(run, { config, checkout, good, bad });
  const dir = openFolder(config.outputDir, 'output-dir');
  run.log.info(`bisection: ${writeRecord(dir, 'bisection.json', found)}`);
  const reproduce = reproduceOptions(command.inputs, { hideText: false });
  return {
    exitCode: bisectionExitCode(found),
    output: command.json
      ? `${JSON.stringify(found, null, 2)}\n`
      : bisectionTable(found, { colour: display.color, reproduce }),
  };
}

async function probe(run: Run, { command, display, terminal, ...context }: Context): Promise<VerbResult> {
  const { config, checkout } = await locateCheckout(run, context.config, terminal.cwd);
  const found = await createEngine(run, config.measure.engine, checkout).probe();
  const output = command.json ? `${JSON.stringify(found, null, 2)}\n` : probeTable(found, display.color);
  return { exitCode: found.ok ? 0 : exitCodes.host, output };
}

function compare(context: Context): VerbResult {
  const [base = '', head = ''] = context.command.files;
  const { gate: gateConfig, outputDir } = withOutputDir(context);
  const { cwd } = context.terminal;
  const input = compareFiles(resolve(cwd, base), resolve(cwd, head), gateConfig);
  const dir = openFolder(outputDir, 'output-dir');
  writeRecord(dir, 'comparison.json', input.comparison);
  context.log.info(`report: ${writeText(dir, 'report.md', markdown.render(input))}`);
  return {
    exitCode: exitCodeOf(input.comparison, gateConfig),
    output: exporterOf(context).render(input),
  };
}

async function calibrate(run: Run, context: Context): Promise<VerbResult> {
  const { command, terminal, display } = context;
  const { files, sample } = command;
  const given = withOutputDir(context);
  const result =
    files.length > 0
      ? await calibrateFiles(
          run,
          files.map((file) => resolve(terminal.cwd, file)),
          given,
        )
      : await calibrateCheckout(run, given, terminal.cwd, sample);
  run.log.info(`calibration: ${result.file}`);
  const output = command.json
    ? `${JSON.stringify(result.calibration, null, 2)}\n`
    : calibrationTable(result.calibration, { colour: display.color });
  return { exitCode: 0, output };
}

async function calibrateCheckout(run: Run, given: Config, cwd: string, sample: number | undefined) {
  const { config, checkout } = await locateCheckout(run, given, cwd);
  const subject = await describeHead(run, checkout);
  const image = { kind: 'image' as const, subject, inputs: requireImage(config), checkout };
  return await calibrateImage(run, { config, image, sample });
}

function report(context: Context): VerbResult {
  const [path = ''] = context.command.files;
  return { exitCode: 0, output: renderRecord(resolve(context.terminal.cwd, path), exporterOf(context)) };
}

async function inspect(run: Run, { command, display, terminal }: Context): Promise<VerbResult> {
  const { files, parent, json: asJson } = command;
  const found = await inspectPaths(run, { cwd: terminal.cwd, paths: files, parent });
  const look = { colour: display.color, columns: columnsOf(terminal) };
  return {
    exitCode: 0,
    output: asJson ? `${JSON.stringify(found, null, 2)}\n` : inspectionTable(found, look),
  };
}

/** undefined: unknown, as of a file, and of a terminal that says 0. */
function columnsOf({ stdout }: Terminal): number | undefined {
  return stdout.columns || undefined;
}

function exporterOf({ command, display, terminal }: Context): Exporter {
  const { format, verbose } = command;
  if (format === 'json') return json;
  return format === 'markdown'
    ? markdown
    : terminalReport({ colour: display.color, detail: verbose, columns: columnsOf(terminal) });
}

function withOutputDir({ config, terminal }: Context): Config {
  return { ...config, outputDir: resolve(terminal.cwd, config.outputDir) };
}

/** A run whose temporary files are on a disk: the system's /tmp is memory on many machines, and guests have GiBs. */
function withOwnRun<T>(context: Context, job: (run: Run) => Promise<T>): Promise<T> {
  const { config, log } = context;
  const { env, cwd } = context.terminal;
  const workDir = resolve(cwd, config.workDir ?? env['TMPDIR'] ?? '/var/tmp');
  const caches = env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const cacheDir = resolve(cwd, config.cacheDir ?? join(caches, 'snapgate'));
  return withRun({ workDir, cacheDir, log }, job);
}
