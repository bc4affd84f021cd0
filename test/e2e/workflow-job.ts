import { mkdirSync } from 'node:fs';
import { holds, interpolate, type Scope, type Value } from '../workflows/expression.ts';
import type { WorkflowJob, WorkflowStep } from '../workflows/workflow-file.ts';
import { type Job, type JobOptions, openCommand, openJob, type Step } from './runner.ts';
import type { WorkflowOptions } from './workflow.ts';
import { checkOut } from './workflow-checkout.ts';

export interface StepResult {
  /** Its name, or what it does. */
  readonly name: string;
  readonly isAction: boolean;
  readonly conclusion: 'success' | 'failure' | 'skipped';
  /** Undefined for a step that did not run or is not run as a process. */
  readonly exitCode: number | null | undefined;
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** Of the action's step: what it wrote to the job's summary. */
  readonly summary: string;
  /** Of the action's post step, once the job is over. */
  readonly post: { readonly exitCode: number | null; readonly log: string } | undefined;
}

/** A job that is about to run its steps. */
export interface JobSetting {
  readonly job: WorkflowJob;
  readonly folder: string;
  readonly workspace: string;
  readonly token: string;
  readonly sha: string;
  readonly ref: string;
  readonly options: WorkflowOptions;
  readonly variables: Readonly<Record<string, string>>;
  readonly contexts: Readonly<Record<string, Value>>;
}

export interface StepsResult {
  readonly steps: readonly StepResult[];
  readonly conclusion: 'success' | 'failure';
  /** With what the steps have set. */
  readonly scope: Scope;
}

/** What a job carries from step to step. */
interface Progress {
  readonly steps: StepResult[];
  readonly known: Record<string, Value>;
  readonly variables: Record<string, string>;
  readonly posts: (() => Promise<void>)[];
  status: 'success' | 'failure';
}

/** Runs the steps of a job, and then the post steps, the last first. */
export async function runSteps(setting: JobSetting): Promise<StepsResult> {
  mkdirSync(setting.workspace, { recursive: true });
  const progress: Progress = { steps: [], known: {}, variables: {}, posts: [], status: 'success' };
  for (const [index, step] of setting.job.steps.entries()) {
    const result = await runStep(setting, step, index, progress);
    progress.steps[index] = result;
    if (step.id !== undefined) progress.known[step.id] = stepContext(result);
    const isTolerated = step['continue-on-error'] === 'true';
    if (result.conclusion === 'failure' && !isTolerated) progress.status = 'failure';
  }
  for (const post of progress.posts.toReversed()) await post();
  return { steps: progress.steps, conclusion: progress.status, scope: scopeOf(setting, progress) };
}

function scopeOf({ contexts, job, options }: JobSetting, { status, known, variables }: Progress): Scope {
  const env = { ...job.env, ...options.env, ...variables };
  return { status, contexts: { ...contexts, env, steps: known, job: { status } } };
}

function stepContext({ conclusion, outputs }: StepResult): Value {
  return { outputs, conclusion, outcome: conclusion };
}

const nothing = { exitCode: undefined, log: '', outputs: {}, summary: '', post: undefined } as const;

async function runStep(
  setting: JobSetting,
  step: WorkflowStep,
  index: number,
  progress: Progress,
): Promise<StepResult> {
  const scope = scopeOf(setting, progress);
  const name = step.name ?? step.uses ?? step.run?.split('\n', 1)[0] ?? `step ${index}`;
  const isAction = step.uses === './' || step.uses?.startsWith('OWNER/snapgate@') === true;
  if (!holds(step.if, scope)) return { ...nothing, name, isAction, conclusion: 'skipped' };
  const inputs = interpolated(step.with, scope);
  const job = jobOptions(setting, step, index, progress, inputs);
  if (isAction) return { name, isAction, ...(await runAction(openJob(job), index, progress)) };
  if (step.run !== undefined)
    return { name, isAction, ...(await runCommand(job, interpolate(step.run, scope), progress)) };
  if (!step.uses?.startsWith('actions/checkout@')) throw new Error(`no way to run ${step.uses}`);
  const { origin, isPrivate = false } = setting.options;
  checkOut({ ...setting, origin, isPrivate, inputs });
  return { ...nothing, name, isAction, conclusion: 'success' };
}

function interpolated(
  texts: Readonly<Record<string, string>> | undefined,
  scope: Scope,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts ?? {}).map(([name, text]) => [name, interpolate(text, scope)]),
  );
}

function jobOptions(
  { folder, workspace, options, token, variables, job }: JobSetting,
  step: WorkflowStep,
  index: number,
  progress: Progress,
  inputs: Readonly<Record<string, string>>,
): JobOptions {
  const { event, github, services } = options;
  return {
    folder,
    workspace,
    event,
    inputs,
    services,
    github: { apiUrl: github.apiUrl, repository: github.repository, token },
    step: String(index),
    env: { ...job.env, ...progress.variables, ...variables, ...step.env },
  };
}

type Ran = Omit<StepResult, 'name' | 'isAction'>;

async function runAction(job: Job, index: number, progress: Progress): Promise<Ran> {
  const ran = await ended(job.main());
  progress.posts.push(async () => {
    const post = await ended(job.post());
    const before = progress.steps[index];
    if (before) progress.steps[index] = { ...before, summary: job.summary(), post };
    if (post.exitCode !== 0) progress.status = 'failure';
  });
  return {
    ...ran,
    conclusion: conclusionOf(ran),
    outputs: job.outputs(),
    summary: job.summary(),
    post: undefined,
  };
}

async function runCommand(options: JobOptions, script: string, progress: Progress): Promise<Ran> {
  const command = openCommand(options, script);
  const ran = await ended(command.start());
  Object.assign(progress.variables, command.variables());
  return { ...nothing, ...ran, conclusion: conclusionOf(ran), outputs: command.outputs() };
}

async function ended(step: Step): Promise<{ exitCode: number | null; log: string }> {
  const exitCode = await step.ended;
  return { exitCode, log: step.log() };
}

function conclusionOf({ exitCode }: { readonly exitCode: number | null }): 'success' | 'failure' {
  return exitCode === 0 ? 'success' : 'failure';
}
