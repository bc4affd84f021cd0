import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { ActionsServices } from '../github/actions-services.ts';

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
  /** The runner's variables that are to be other than those of an ordinary run; undefined unsets one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Cache and artifacts; a runner without them if not given. */
  readonly services?: ActionsServices;
  /** Tells the steps of one job apart, which share a folder. */
  readonly step?: string;
}

/** A step that runs. */
export interface Step {
  readonly process: ChildProcess;
  /** What it has written so far, stdout and stderr together. */
  readonly log: () => string;
  /** Exit status, null after a signal. */
  readonly ended: Promise<number | null>;
}

/** A step of a job that runs a command. */
export interface CommandStep {
  start(): Step;
  outputs(): Readonly<Record<string, string>>;
  /** Variables for the steps after it. */
  variables(): Readonly<Record<string, string>>;
}

/** One job on a runner with one step that uses the action. */
export interface Job {
  readonly temp: string;
  main(): Step;
  /** The post step, told what main saved. */
  post(): Step;
  output(name: string): string | undefined;
  /** Every output that was set, declared or not. */
  outputs(): Readonly<Record<string, string>>;
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
  const environment = { ...jobEnvironment(options, files), ...inputVariables(action.inputs, options) };
  const start = (script: string, more: NodeJS.ProcessEnv = {}) =>
    startScript(join(actionDir, script), options.workspace, { ...environment, ...more });
  return {
    temp: files.temp,
    main: () => start(action.runs.main),
    post: () => start(action.runs.post, stateVariables(readFileCommands(files.state))),
    output: (name) => {
      if (!Object.hasOwn(action.outputs, name)) throw new Error(`action.yml has no output ${name}`);
      return readFileCommands(files.output)[name];
    },
    outputs: () => readFileCommands(files.output),
    state: () => readFileCommands(files.state),
    summary: () => readFileSync(files.summary, 'utf8'),
  };
}

/** A step with `run:`, by the shell that a runner takes where none is named. It sees no inputs, no token and no services. */
export function openCommand(options: JobOptions, script: string): CommandStep {
  const files = runnerFiles(options);
  const path = join(options.folder, 'file-commands', options.step ?? '.', 'script.sh');
  writeFileSync(path, script);
  const environment = { ...runnerEnvironment(options), ...fileVariables(options, files), ...options.env };
  return {
    start: () => startStep('bash', ['-e', path], options.workspace, environment),
    outputs: () => readFileCommands(files.output),
    variables: () => readFileCommands(files.env),
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

function runnerFiles({ folder, event, step = '.' }: JobOptions): RunnerFiles {
  const temp = join(folder, 'temp');
  const home = join(folder, 'home');
  const commands = join(folder, 'file-commands', step);
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

function jobEnvironment(options: JobOptions, files: RunnerFiles): NodeJS.ProcessEnv {
  const variables = { ...runnerEnvironment(options), ...fileVariables(options, files), ...options.env };
  return { ...serviceVariables(options.services, variables), ...variables };
}

/** docs.github.com, "Default environment variables", with the values of an ordinary run. */
function runnerEnvironment({ workspace, event, github }: JobOptions): Record<string, string> {
  const [owner = ''] = github.repository.split('/');
  const { ref, ...branches } = refsOf(event);
  return {
    PATH: process.env['PATH'] ?? '',
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTION: '__self',
    GITHUB_ACTOR: 'author',
    GITHUB_TRIGGERING_ACTOR: 'author',
    GITHUB_API_URL: github.apiUrl,
    GITHUB_GRAPHQL_URL: `${github.apiUrl.replace(/\/v3$/, '')}/graphql`,
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_REPOSITORY: github.repository,
    GITHUB_REPOSITORY_OWNER: owner,
    GITHUB_REPOSITORY_ID: '1',
    GITHUB_EVENT_NAME: event.name,
    GITHUB_SHA: headOf(workspace),
    GITHUB_REF: ref,
    GITHUB_REF_NAME: ref.replace(/^refs\/(?:heads|tags|pull)\//, ''),
    GITHUB_REF_TYPE: ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    ...branches,
    GITHUB_WORKFLOW: 'snapgate',
    GITHUB_WORKFLOW_REF: `${github.repository}/.github/workflows/snapgate.yml@${ref}`,
    GITHUB_JOB: 'snapshots',
    GITHUB_RUN_ID: '424242',
    GITHUB_RUN_NUMBER: '7',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_RETENTION_DAYS: '90',
    RUNNER_ENVIRONMENT: 'github-hosted',
    RUNNER_NAME: 'runner-1',
    RUNNER_OS: 'Linux',
    RUNNER_ARCH: 'X64',
  };
}

function fileVariables({ workspace }: JobOptions, files: RunnerFiles): Record<string, string> {
  return {
    HOME: files.home,
    TMPDIR: files.temp,
    GITHUB_WORKSPACE: workspace,
    GITHUB_EVENT_PATH: files.event,
    GITHUB_OUTPUT: files.output,
    GITHUB_STATE: files.state,
    GITHUB_STEP_SUMMARY: files.summary,
    GITHUB_ENV: files.env,
    GITHUB_PATH: files.path,
    RUNNER_TEMP: files.temp,
    RUNNER_TOOL_CACHE: join(files.home, 'tools'),
  };
}

function serviceVariables(
  services: ActionsServices | undefined,
  variables: NodeJS.ProcessEnv,
): Readonly<Record<string, string>> {
  if (services === undefined) return {};
  return services.environment({
    runId: Number(variables['GITHUB_RUN_ID']),
    attempt: Number(variables['GITHUB_RUN_ATTEMPT']),
    ref: variables['GITHUB_REF'] ?? 'refs/heads/main',
    job: variables['GITHUB_JOB'] ?? 'snapshots',
  });
}

const pullSchema = z.object({
  pull_request: z.object({
    number: z.int(),
    head: z.object({ ref: z.string().default('feature') }),
    base: z.object({ ref: z.string().default('main') }),
  }),
});
const groupSchema = z.object({ merge_group: z.object({ head_ref: z.string() }) });
const refSchema = z.object({ ref: z.string() });

export interface RefVariables {
  readonly ref: string;
  readonly GITHUB_HEAD_REF?: string;
  readonly GITHUB_BASE_REF?: string;
}

/** The ref that an event runs on (docs.github.com, "Events that trigger workflows"); the default branch where its payload names none. */
export function refsOf({ name, payload }: JobOptions['event']): RefVariables {
  const pull = pullSchema.safeParse(payload).data?.pull_request;
  if (pull && name.startsWith('pull_request')) {
    const base = `refs/heads/${pull.base.ref}`;
    return {
      ref: name === 'pull_request_target' ? base : `refs/pull/${pull.number}/merge`,
      GITHUB_HEAD_REF: pull.head.ref,
      GITHUB_BASE_REF: pull.base.ref,
    };
  }
  const group = groupSchema.safeParse(payload).data?.merge_group.head_ref;
  return { ref: group ?? refSchema.safeParse(payload).data?.ref ?? 'refs/heads/main' };
}

/** The commit that is checked out; the null commit where there is no checkout. */
function headOf(workspace: string): string {
  const { status, stdout } = spawnSync('git', ['-C', workspace, 'rev-parse', 'HEAD'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '0'.repeat(40);
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

function startScript(script: string, cwd: string, env: NodeJS.ProcessEnv): Step {
  if (!existsSync(script)) throw new Error(`${script} is not there: npm run build`);
  return startStep(process.execPath, [script], cwd, env);
}

function startStep(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Step {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { process: child, ended, log: () => Buffer.concat(chunks).toString('utf8') };
}

/** Reads `name<<delimiter`, lines, `delimiter`, the form that @actions/core writes, and `name=value`, which a shell does. */
function readFileCommands(path: string): Record<string, string> {
  const values: Record<string, string> = {};
  const entries = readFileSync(path, 'utf8').matchAll(/^([^\n<=]+)(?:<<(\S+)\n([\s\S]*?)\n?^\2$|=(.*)$)/gm);
  for (const [, name, , lines, value] of entries) if (name !== undefined) values[name] = lines ?? value ?? '';
  return values;
}
