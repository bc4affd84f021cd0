import { z } from 'zod';
import { SnapgateError } from '../host/error.ts';
import { commitShaSchema } from '../measure/record.ts';

/** A pull request's event, with what a gate needs of it. Labels are not: they are asked for when they are needed. */
export interface PullRequestEvent {
  readonly name: 'pull_request';
  readonly action: PullRequestAction | undefined;
  readonly number: number;
  /** Tip of the pull request's own branch. */
  readonly headSha: string;
  /** Tip of the branch it goes into, when the event was made: may be newer than the merge commit's first parent. */
  readonly baseSha: string;
  /** Name of the branch it goes into. */
  readonly baseBranch: string | undefined;
  /** The head is in another repository, or in one that is gone. */
  readonly isFork: boolean;
  /** The label that was set or taken away, of such an event. */
  readonly label: string | undefined;
}

/** A run of another workflow that has ended, or begun. */
export interface WorkflowRunEvent {
  readonly name: 'workflow_run';
  readonly runId: number;
  /** From 1; grows with each time that the run is run again. */
  readonly attempt: number;
  readonly headSha: string;
  /** `OWNER/NAME`; undefined where it is gone. */
  readonly headRepository: string | undefined;
  readonly headBranch: string | undefined;
  /** What started that run. */
  readonly event: string;
  /** `success`, `failure`, `cancelled`, …; undefined while it runs. */
  readonly conclusion: string | undefined;
  readonly isFork: boolean;
}

/** What started the workflow, with what a gate needs of it. Everything else in the payload is left unread. */
export type TriggerEvent =
  | PullRequestEvent
  | WorkflowRunEvent
  | {
      readonly name: 'merge_group';
      /** The branch that the group goes into. */
      readonly baseBranch: string | undefined;
      readonly headSha: string;
      readonly baseSha: string;
      /** The last pull request of the group, whose number is in the name of its branch; undefined where it is not. */
      readonly pullRequest: number | undefined;
    }
  | { readonly name: 'push'; readonly ref: string }
  | { readonly name: 'schedule' }
  | { readonly name: 'workflow_dispatch' }
  | { readonly name: 'workflow_call' }
  /** Known only to be refused: it runs with the base's secrets. */
  | { readonly name: 'pull_request_target'; readonly headSha: string | undefined };

/** The commit that an event is about and is told of it, where that is not what is checked out. */
export function headShaOf(event: TriggerEvent): string | undefined {
  return event.name === 'pull_request' || event.name === 'merge_group' ? event.headSha : undefined;
}

/** Actions of a pull request after which there is something to measure or to accept. */
export const pullRequestActions = [
  'opened',
  'synchronize',
  'reopened',
  'ready_for_review',
  'labeled',
  'unlabeled',
] as const;
export type PullRequestAction = (typeof pullRequestActions)[number];

/** The events that snapgate has an answer for. */
export const supportedEvents = [
  'pull_request',
  'merge_group',
  'push',
  'schedule',
  'workflow_dispatch',
  'workflow_run',
  'workflow_call',
] as const;

const repository = z.object({ full_name: z.string() });
const branch = z.string().max(1000);

const pullRequestSchema = z.object({
  action: z.string().optional(),
  label: z.object({ name: z.string() }).optional(),
  pull_request: z.object({
    number: z.int().positive(),
    head: z.object({ sha: commitShaSchema, repo: repository.nullish() }),
    base: z.object({ sha: commitShaSchema, ref: branch.optional(), repo: repository.nullish() }),
  }),
});
const targetSchema = z
  .object({ pull_request: z.object({ head: z.object({ sha: commitShaSchema }) }) })
  .optional()
  .catch(undefined);
const pushSchema = z.object({
  ref: branch,
  after: commitShaSchema.optional(),
  deleted: z.boolean().optional(),
});
const mergeGroupSchema = z.object({
  merge_group: z.object({
    head_sha: commitShaSchema,
    base_sha: commitShaSchema,
    head_ref: branch.optional(),
    base_ref: branch.optional(),
  }),
});
const workflowRunSchema = z.object({
  repository,
  workflow_run: z.object({
    id: z.int().positive(),
    run_attempt: z.int().positive().default(1),
    head_sha: commitShaSchema,
    head_branch: branch.nullish(),
    head_repository: repository.nullish(),
    event: z.string().max(100),
    conclusion: z.string().max(100).nullish(),
  }),
});

/**
 * The readers of payloads, by the runner's name of the event (docs.github.com, "Events that trigger workflows"). A workflow that is called
 * by another sees that one's event.
 */
const readers: Readonly<Record<TriggerEvent['name'], (payload: unknown, where: string) => TriggerEvent>> = {
  pull_request: readPullRequest,
  pull_request_target: (payload, where) => ({
    name: 'pull_request_target',
    headSha: parse(targetSchema, payload, where)?.pull_request.head.sha,
  }),
  merge_group: (payload, where) => {
    const { merge_group: group } = parse(mergeGroupSchema, payload, where);
    const number = /\/pr-([1-9]\d{0,8})-[0-9a-f]{40}$/.exec(group.head_ref ?? '')?.[1];
    return {
      name: 'merge_group',
      baseBranch: group.base_ref?.replace(/^refs\/heads\//, ''),
      headSha: group.head_sha,
      baseSha: group.base_sha,
      pullRequest: number === undefined ? undefined : Number(number),
    };
  },
  push: readPush,
  schedule: () => ({ name: 'schedule' }),
  workflow_dispatch: () => ({ name: 'workflow_dispatch' }),
  workflow_call: () => ({ name: 'workflow_call' }),
  workflow_run: readWorkflowRun,
};

/**
 * The event of this run.
 * @param name the runner's `GITHUB_EVENT_NAME`.
 * @param payload text of the file that `GITHUB_EVENT_PATH` names.
 * @throws SnapgateError('usage') for an event that snapgate does not know, or a payload without what is needed.
 */
export function readEvent(name: string, payload: string): TriggerEvent {
  if (!isKnown(name)) {
    throw new SnapgateError(
      'usage',
      `snapgate does not know what to compare on the event ${JSON.stringify(name.slice(0, 60))}`,
      `Run it on one of: ${supportedEvents.join(', ')}.`,
    );
  }
  return readers[name](parseJson(payload, name), name);
}

function isKnown(name: string): name is TriggerEvent['name'] {
  return Object.hasOwn(readers, name);
}

function readPullRequest(payload: unknown, where: string): PullRequestEvent {
  const { action, label, pull_request: pull } = parse(pullRequestSchema, payload, where);
  const own = pull.base.repo?.full_name;
  // A fork that was deleted is null; a payload without repositories tells of none.
  const head = pull.head.repo;
  return {
    name: 'pull_request',
    action: readAction(action),
    number: pull.number,
    headSha: pull.head.sha,
    baseSha: pull.base.sha,
    baseBranch: pull.base.ref,
    isFork: head === null || (head !== undefined && head.full_name !== own),
    label: label?.name,
  };
}

function readAction(action: string | undefined): PullRequestAction | undefined {
  if (action === undefined) return undefined;
  const known = pullRequestActions.find((each) => each === action);
  if (known !== undefined) return known;
  throw new SnapgateError(
    'usage',
    `snapgate does not know what to do when a pull request is ${JSON.stringify(action.slice(0, 60))}`,
    `Give the workflow \`types: [${pullRequestActions.join(', ')}]\`, or some of these.`,
  );
}

function readPush(payload: unknown, where: string): TriggerEvent {
  const { ref, deleted } = parse(pushSchema, payload, where);
  if (deleted !== true) return { name: 'push', ref };
  throw new SnapgateError(
    'usage',
    `the push has deleted ${JSON.stringify(ref.slice(0, 100))}: there is nothing to measure`,
    'Give the job `if: github.event.deleted == false`.',
  );
}

function readWorkflowRun(payload: unknown, where: string): WorkflowRunEvent {
  const { repository: own, workflow_run: run } = parse(workflowRunSchema, payload, where);
  return {
    name: 'workflow_run',
    runId: run.id,
    attempt: run.run_attempt,
    headSha: run.head_sha,
    headRepository: run.head_repository?.full_name,
    headBranch: run.head_branch ?? undefined,
    event: run.event,
    conclusion: run.conclusion ?? undefined,
    isFork: run.head_repository?.full_name !== own.full_name,
  };
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable(where, 'it is not JSON', error);
  }
}

function parse<T>(schema: z.ZodType<T>, payload: unknown, where: string): T {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw unreadable(where, `${issue?.path.join('.')}: ${issue?.message}`, parsed.error);
}

function unreadable(where: string, why: string, cause: unknown): SnapgateError {
  return new SnapgateError(
    'usage',
    `the payload of the ${where} event cannot be used: ${why}`,
    'GITHUB_EVENT_PATH must name the file that the runner wrote.',
    { cause },
  );
}
