import { join } from 'node:path';
import { z } from 'zod';
import { git } from '../baseline/repository.ts';
import type { ActionsServices } from '../github/actions-services.ts';
import type { GitHubEmulator } from '../github/emulator.ts';
import type { TestEvent } from '../github/payloads.ts';
import type { Level, Permissions } from '../github/tokens.ts';
import type { RunOptions } from '../github/workflow-runs.ts';
import { holds, interpolate, type Scope, type Value } from '../workflows/expression.ts';
import { dispatchInputs, isTriggered } from '../workflows/trigger.ts';
import {
  parseWorkflow,
  readWorkflowText,
  type Workflow,
  type WorkflowJob,
} from '../workflows/workflow-file.ts';
import { refsOf } from './runner.ts';
import { makeFakes } from './workflow-fakes.ts';
import { type JobSetting, runSteps, type StepResult } from './workflow-job.ts';
import { expandMatrix, type MatrixEntry } from './workflow-matrix.ts';

export type Conclusion = 'success' | 'failure' | 'skipped';

export interface WorkflowOptions {
  /** Of the workflow's file: within this repository, or absolute. */
  readonly path: string;
  /** For everything that the run makes. */
  readonly folder: string;
  readonly event: TestEvent;
  readonly github: GitHubEmulator;
  readonly services: ActionsServices;
  /** Address of the repository that actions/checkout gets. */
  readonly origin: string;
  /** Whether the repository can be fetched from with credentials only. */
  readonly isPrivate?: boolean;
  /** GITHUB_RUN_ID; each run has its own, which its attempts share. */
  readonly runId: number;
  /** Variables of every step, as a machine has its own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Commands besides `sudo` that are only recorded. */
  readonly fakes?: readonly string[];
  /** The attempt before of the same run, of which only what failed runs again, and what needs that. */
  readonly rerunOf?: WorkflowResult;
}

export interface JobResult {
  /** Of the job in the workflow's file. */
  readonly name: string;
  readonly matrix: MatrixEntry;
  readonly conclusion: Conclusion;
  readonly steps: readonly StepResult[];
  readonly outputs: Readonly<Record<string, string>>;
  /** Calls of fakes, oldest first. */
  readonly fakeCalls: readonly string[];
  readonly workspace: string;
}

export interface WorkflowResult {
  readonly runId: number;
  readonly attempt: number;
  readonly conclusion: Conclusion;
  /** In the order in which they ran. */
  readonly jobs: readonly JobResult[];
  /** As `workflow_run` events show it. */
  readonly run: object;
}

/**
 * Runs a workflow as GitHub and a runner do, as far as the workflows here need it: jobs after those that they need, `if:`, matrix,
 * expressions, a token with the permissions declared; actions/checkout by git; the action itself by the committed dist/, its post step at the
 * end; `run:` by bash. A key, an action or a function that is not known is an error.
 */
export async function runWorkflow(options: WorkflowOptions): Promise<WorkflowResult> {
  const workflow = parseWorkflow(readWorkflowText(options.path));
  if (!isTriggered(workflow, options.event)) throw new Error(`${options.path} does not run on this event`);
  const attempt = (options.rerunOf?.attempt ?? 0) + 1;
  const facts = factsOf(options, workflow, attempt);
  const put = (more: Partial<RunOptions>) =>
    options.github.putRun({ ...runOptions(options, facts), ...more });
  put({ status: 'in_progress', conclusion: null });
  const jobs: JobResult[] = [];
  for (const name of inOrder(workflow)) jobs.push(...(await runJob(name, facts, jobs)));
  const conclusion = together(jobs);
  const shown = jobs.map(({ name, conclusion }) => ({ name, conclusion }));
  return { runId: options.runId, attempt, conclusion, jobs, run: put({ conclusion, jobs: shown }) };
}

/** The only job of a name; an error where there are none or several. */
export function jobOf(result: WorkflowResult, name: string, matrix?: MatrixEntry): JobResult {
  const jobs = result.jobs.filter(
    (job) =>
      job.name === name && Object.entries(matrix ?? {}).every(([key, value]) => job.matrix[key] === value),
  );
  const [job] = jobs;
  if (job === undefined || jobs.length > 1) throw new Error(`${jobs.length} jobs ${name}`);
  return job;
}

/** The step of a job that used the action. */
export function actionStepOf(job: JobResult): StepResult {
  const step = job.steps.find(({ isAction }) => isAction);
  if (step === undefined) throw new Error(`the job ${job.name} has no step of the action`);
  return step;
}

/** What holds for all jobs of a run. */
interface RunFacts {
  readonly options: WorkflowOptions;
  readonly workflow: Workflow;
  readonly attempt: number;
  readonly sha: string;
  readonly ref: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
}

function factsOf(options: WorkflowOptions, workflow: Workflow, attempt: number): RunFacts {
  const { event, github, origin, runId } = options;
  const refs = refsOf(event);
  const sha = shaOf(event, origin);
  const file = options.path.split('/').at(-1);
  return {
    options,
    workflow,
    attempt,
    sha,
    ref: refs.ref,
    inputs: dispatchInputs(workflow, event),
    variables: {
      GITHUB_SHA: sha,
      GITHUB_WORKFLOW: workflow.name,
      GITHUB_WORKFLOW_REF: `${github.repository}/.github/workflows/${file}@${refs.ref}`,
      GITHUB_RUN_ID: String(runId),
      GITHUB_RUN_ATTEMPT: String(attempt),
      ...options.env,
    },
  };
}

const shaSchema = z.looseObject({
  pull_request: z
    .object({ merge_commit_sha: z.string().nullable(), head: z.object({ sha: z.string() }) })
    .optional(),
  merge_group: z.object({ head_sha: z.string() }).optional(),
  after: z.string().optional(),
});

/** GITHUB_SHA of an event; where its payload names no commit, it is the default branch's last. */
function shaOf({ payload }: TestEvent, origin: string): string {
  const { pull_request: pull, merge_group: group, after } = shaSchema.parse(payload);
  const named = pull?.merge_commit_sha ?? pull?.head.sha ?? group?.head_sha ?? after;
  return named ?? git('.', 'ls-remote', origin, 'refs/heads/main').slice(0, 40);
}

const headSchema = z.looseObject({
  pull_request: z
    .looseObject({
      number: z.int(),
      head: z.looseObject({
        ref: z.string(),
        sha: z.string(),
        repo: z.looseObject({ full_name: z.string() }).nullish(),
      }),
    })
    .optional(),
});

/** The run as the API shows it: by the head of a pull request, not by the merge commit that it tries. */
function runOptions(
  { event, github, path, runId }: WorkflowOptions,
  { sha, ref, attempt, workflow }: RunFacts,
): RunOptions {
  const fork = forkOf(event, github.repository);
  const pull = headSchema.parse(event.payload).pull_request;
  const headSha = pull?.head.sha ?? sha;
  return {
    id: runId,
    attempt,
    event: event.name,
    headSha,
    headBranch: pull?.head.ref ?? ref.replace('refs/heads/', ''),
    name: workflow.name,
    path: `.github/workflows/${path.split('/').at(-1)}`,
    ...(fork === undefined ? {} : { fork }),
    pullRequests: pull && fork === undefined ? [{ number: pull.number, headSha }] : [],
  };
}

/** Account of the fork that a pull request comes from. */
function forkOf({ payload }: TestEvent, repository: string): string | undefined {
  const pull = headSchema.parse(payload).pull_request;
  const name = pull?.head.repo?.full_name ?? (pull && 'unknown/gone');
  return name === undefined || name === repository ? undefined : name.split('/')[0];
}

/** Names of jobs, each after those that it needs. */
function inOrder({ jobs }: Workflow): string[] {
  const order: string[] = [];
  const add = (name: string, chain: readonly string[]): void => {
    if (chain.includes(name)) throw new Error(`the jobs ${chain.join(', ')} need one another`);
    if (order.includes(name)) return;
    const job = jobs[name];
    if (job === undefined) throw new Error(`there is no job ${name}`);
    for (const needed of job.needs ?? []) add(needed, [...chain, name]);
    order.push(name);
  };
  for (const name of Object.keys(jobs)) add(name, []);
  return order;
}

/** What "re-run failed jobs" leaves as it is: what has succeeded, unless it needs something that ran again. */
function keptOf(name: string, { options, workflow }: RunFacts, done: readonly JobResult[]): JobResult[] {
  const before = options.rerunOf?.jobs ?? [];
  const needs = workflow.jobs[name]?.needs ?? [];
  const isAnew = done.some((job) => needs.includes(job.name) && !before.includes(job));
  if (isAnew) return [];
  return before.filter((job) => job.name === name && job.conclusion === 'success');
}

async function runJob(name: string, facts: RunFacts, before: readonly JobResult[]): Promise<JobResult[]> {
  const job = facts.workflow.jobs[name];
  if (job === undefined) throw new Error(`there is no job ${name}`);
  const needs = Object.fromEntries((job.needs ?? []).map((needed) => [needed, neededOf(needed, before)]));
  const isFailed = Object.values(needs).some(({ result }) => result !== 'success');
  const scope: Scope = {
    status: isFailed ? 'failure' : 'success',
    contexts: { github: githubContext(facts, name, ''), inputs: facts.inputs, needs, vars: {} },
  };
  const isSkipped = { name, matrix: {}, conclusion: 'skipped', steps: [], outputs: {} } as const;
  if (!holds(job.if, scope)) return [{ ...isSkipped, fakeCalls: [], workspace: '' }];
  for (const each of [facts.workflow.concurrency, job.concurrency])
    for (const text of Object.values(each ?? {})) interpolate(text ?? '', scope);
  const kept = keptOf(name, facts, before);
  const results: JobResult[] = [];
  for (const [index, matrix] of expandMatrix(job).entries()) {
    const same = kept.find((each) => JSON.stringify(each.matrix) === JSON.stringify(matrix));
    results.push(same ?? (await runOne(name, job, { facts, needs, matrix, index })));
  }
  return results;
}

interface OneJob {
  readonly facts: RunFacts;
  readonly needs: Readonly<Record<string, Value>>;
  readonly matrix: MatrixEntry;
  readonly index: number;
}

async function runOne(
  name: string,
  job: WorkflowJob,
  { facts, needs, matrix, index }: OneJob,
): Promise<JobResult> {
  const { options } = facts;
  const folder = join(options.folder, `run-${options.runId}-${facts.attempt}`, `${name}-${index}`);
  const fakes = makeFakes(join(folder, 'fakes'), options.fakes);
  const token = options.github.newToken(permissionsOf(facts, job));
  const workspace = join(folder, 'workspace');
  const setting: JobSetting = {
    job,
    folder,
    workspace,
    token,
    sha: facts.sha,
    ref: facts.ref,
    options,
    variables: {
      ...facts.variables,
      GITHUB_JOB: name,
      RUNNER_ENVIRONMENT: job['runs-on'].includes('self-hosted') ? 'self-hosted' : 'github-hosted',
      PATH: `${fakes.folder}:${process.env['PATH']}`,
    },
    contexts: {
      github: githubContext(facts, name, token),
      inputs: facts.inputs,
      needs,
      matrix,
      vars: {},
      secrets: { GITHUB_TOKEN: token },
      runner: { os: 'Linux', arch: 'X64', temp: join(folder, 'temp') },
    },
  };
  const { steps, conclusion, scope } = await runSteps(setting);
  const outputs = Object.entries(job.outputs ?? {}).map(([key, text]) => [key, interpolate(text, scope)]);
  return {
    name,
    matrix,
    conclusion,
    steps,
    outputs: Object.fromEntries(outputs),
    fakeCalls: fakes.calls(),
    workspace,
  };
}

/** Of a pull request from a fork nothing may be written, whatever the workflow says. */
function permissionsOf({ options, workflow }: RunFacts, job: WorkflowJob): Partial<Permissions> {
  const declared = job.permissions ?? workflow.permissions;
  if (declared === undefined) throw new Error('the job declares no permissions');
  const isFork =
    options.event.name === 'pull_request' && forkOf(options.event, options.github.repository) !== undefined;
  const cap = (level: Level): Level => (isFork && level === 'write' ? 'read' : level);
  return Object.fromEntries(Object.entries(declared).map(([permission, level]) => [permission, cap(level)]));
}

function githubContext(
  { options, ref, sha, variables, attempt }: RunFacts,
  job: string,
  token: string,
): Value {
  const { event, github, runId } = options;
  const refs = refsOf(event);
  return {
    event: z.json().parse(event.payload),
    event_name: event.name,
    repository: github.repository,
    repository_owner: github.repository.split('/')[0] ?? '',
    ref,
    ref_name: ref.replace(/^refs\/(?:heads|tags|pull)\//, ''),
    head_ref: refs.GITHUB_HEAD_REF ?? '',
    base_ref: refs.GITHUB_BASE_REF ?? '',
    sha,
    actor: 'author',
    workflow: variables['GITHUB_WORKFLOW'] ?? '',
    job,
    run_id: String(runId),
    run_attempt: String(attempt),
    server_url: 'https://github.com',
    api_url: github.apiUrl,
    token,
  };
}

/** What `needs.NAME` is: the result of all entries of a matrix together, and the outputs of the last that set them. */
function neededOf(
  name: string,
  jobs: readonly JobResult[],
): { result: Conclusion; outputs: Record<string, string> } {
  const of = jobs.filter((job) => job.name === name);
  return { result: together(of), outputs: Object.assign({}, ...of.map(({ outputs }) => outputs)) };
}

function together(jobs: readonly JobResult[]): Conclusion {
  if (jobs.some(({ conclusion }) => conclusion === 'failure')) return 'failure';
  return jobs.every(({ conclusion }) => conclusion === 'skipped') ? 'skipped' : 'success';
}
