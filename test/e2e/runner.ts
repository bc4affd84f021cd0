import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** The repository of the action: what `uses:` would download. */
const actionDir = join(import.meta.dirname, '../..');

const actionSchema = z.object({
  inputs: z.record(z.string(), z.object({ default: z.string().optional() })),
  outputs: z.record(z.string(), z.unknown()),
  runs: z.object({ using: z.literal('node24'), main: z.string(), post: z.string() }),
});

export interface JobOptions {
  /** Folder of this job alone: RUNNER_TEMP, HOME and the files of the runner are made in it. */
  readonly folder: string;
  readonly workspace: string;
  readonly event: { readonly name: string; readonly payload: object };
  /** The step's `with:`. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly github: { readonly apiUrl: string; readonly repository: string; readonly token: string };
}

/** A step that runs. */
export interface Step {
  readonly process: ChildProcess;
  /** What it has written so far, stdout and stderr together. */
  readonly log: () => string;
  /** Exit status, null after a signal. */
  readonly ended: Promise<number | null>;
}

/** One job on a runner with one step that uses the action. */
export interface Job {
  readonly temp: string;
  main(): Step;
  /** The post step, told what main saved. */
  post(): Step;
  output(name: string): string | undefined;
  state(): Readonly<Record<string, string>>;
  summary(): string;
}

/**
 * Runs the committed dist/ through action.yml as the runner does (docs.github.com, "Metadata syntax" and "Workflow commands"): defaults of
 * inputs, INPUT_ and STATE_ variables, and the files that outputs, state and summary are written to.
 */
export function openJob(options: JobOptions): Job {
  const action = actionSchema.parse(parse(readFileSync(join(actionDir, 'action.yml'), 'utf8')));
  const files = runnerFiles(options);
  const environment = { ...runnerEnvironment(options, files), ...inputVariables(action.inputs, options) };
  const start = (script: string, more: NodeJS.ProcessEnv = {}) =>
    startStep(join(actionDir, script), options.workspace, { ...environment, ...more });
  return {
    temp: files.temp,
    main: () => start(action.runs.main),
    post: () => start(action.runs.post, stateVariables(readFileCommands(files.state))),
    output: (name) => {
      if (!Object.hasOwn(action.outputs, name)) throw new Error(`action.yml has no output ${name}`);
      return readFileCommands(files.output)[name];
    },
    state: () => readFileCommands(files.state),
    summary: () => readFileSync(files.summary, 'utf8'),
  };
}

interface RunnerFiles {
  readonly temp: string;
  readonly home: string;
  readonly event: string;
  readonly output: string;
  readonly state: string;
  readonly summary: string;
  readonly env: string;
  readonly path: string;
}

function runnerFiles({ folder, event }: JobOptions): RunnerFiles {
  const temp = join(folder, 'temp');
  const home = join(folder, 'home');
  const commands = join(folder, 'file-commands');
  for (const path of [temp, home, commands]) mkdirSync(path, { recursive: true });
  const file = (name: string, text = '') => {
    const path = join(commands, name);
    writeFileSync(path, text);
    return path;
  };
  return {
    temp,
    home,
    event: file('event.json', JSON.stringify(event.payload)),
    output: file('output'),
    state: file('state'),
    summary: file('summary'),
    env: file('env'),
    path: file('path'),
  };
}

function runnerEnvironment(
  { workspace, event, github }: JobOptions,
  files: RunnerFiles,
): Readonly<Record<string, string>> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: files.home,
    TMPDIR: files.temp,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_API_URL: github.apiUrl,
    GITHUB_REPOSITORY: github.repository,
    GITHUB_WORKSPACE: workspace,
    GITHUB_EVENT_NAME: event.name,
    GITHUB_EVENT_PATH: files.event,
    GITHUB_OUTPUT: files.output,
    GITHUB_STATE: files.state,
    GITHUB_STEP_SUMMARY: files.summary,
    GITHUB_ENV: files.env,
    GITHUB_PATH: files.path,
    RUNNER_TEMP: files.temp,
    RUNNER_OS: 'Linux',
  };
}

/** Inputs as the runner hands them over: `with:` over action.yml's defaults, whose one expression is the job's token. */
function inputVariables(
  inputs: z.infer<typeof actionSchema>['inputs'],
  { inputs: given, github }: JobOptions,
): Record<string, string> {
  for (const name of Object.keys(given))
    if (!Object.hasOwn(inputs, name)) throw new Error(`action.yml has no input ${name}`);
  return Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => {
      const text = given[name] ?? input.default ?? '';
      return [`INPUT_${name.toUpperCase()}`, text.replace(/\$\{\{\s*github\.token\s*\}\}/, github.token)];
    }),
  );
}

function stateVariables(state: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]));
}

function startStep(script: string, cwd: string, env: NodeJS.ProcessEnv): Step {
  if (!existsSync(script)) throw new Error(`${script} is not there: npm run build`);
  const child = spawn(process.execPath, [script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { process: child, ended, log: () => Buffer.concat(chunks).toString('utf8') };
}

/** Reads `name<<delimiter`, lines, `delimiter`: the form that @actions/core writes. */
function readFileCommands(path: string): Record<string, string> {
  const values: Record<string, string> = {};
  const entries = readFileSync(path, 'utf8').matchAll(/^([^\n<]+)<<(\S+)\n([\s\S]*?)\n\2$/gm);
  for (const [, name, , value] of entries) if (name !== undefined) values[name] = value ?? '';
  return values;
}
