import { buildsItself } from '../config/config.ts';
import { incomparable } from '../gate/comparable.ts';
import type { NoHistory } from '../gate/drift.ts';
import type { BranchHistory } from '../gate/history-series.ts';
import type { Patience } from '../github/client.ts';
import { askCommit } from '../github/commits.ts';
import type { WorkflowRunEvent } from '../github/event.ts';
import { type ForkPair, type ForkRun, readForkRun } from '../github/fork-run.ts';
import type { PullRequest } from '../github/pull-request.ts';
import { openRepository } from '../github/repository.ts';
import { SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import { decidePair } from '../job/gate.ts';
import { differentScenario } from '../measure/alike.ts';
import { scenariosRecord } from '../measure/environment.ts';
import type { Measurement } from '../measure/record.ts';
import { commitUrl } from '../report/links.ts';
import type { Announcer } from './announce.ts';
import { announcerOf } from './announcer-of.ts';
import type { Decision } from './decision.ts';
import { historyFor } from './history.ts';
import { publishJudged } from './publish.ts';
import type { ActionRequest } from './request.ts';
import { openStorage } from './storage.ts';

/** How GitHub is waited for: for tests. */
export interface CommentModeOptions {
  readonly patience?: Patience;
}

/**
 * Tells a pull request what a run has measured whose token may not write: on `workflow_run`. Needs no checkout, and believes nothing of
 * that run: which pull request it is of, what it may have measured and what the verdict is are found out here.
 *
 * The exit status is 0: the check says what the verdict is, and a run of the default branch is not red for a fork's growth.
 * @throws SnapgateError('record') for an artifact that is not what it should be: nobody is told anything.
 */
export async function commentMode(
  run: Run,
  request: ActionRequest,
  { patience }: CommentModeOptions = {},
): Promise<number> {
  const { context, config, token } = request;
  const event = requireRunEvent(request);
  const repository = openRepository(context, token, patience);
  const { key } = config.github.comment;
  const found = await readForkRun(repository, { event, key, base: config.base });
  switch (found.kind) {
    case 'nothing':
      run.log.info(found.why);
      return 0;
    case 'measured':
      return await tellMeasured(run, request, event, found);
    default:
      await tellNotMeasured(run, request, event, found);
      return 0;
  }
}

function requireRunEvent({ event, token }: ActionRequest): WorkflowRunEvent {
  if (event.name !== 'workflow_run')
    throw new SnapgateError(
      'usage',
      `mode: comment was run on ${event.name}`,
      'Run it on workflow_run of the workflow that measures.',
    );
  if (token !== '') return event;
  throw new SnapgateError(
    'usage',
    'mode: comment needs github-token, to read what was measured and to tell it',
    'Leave github-token at its default, and give the job `permissions:` `actions: read`, `contents: read`, `pull-requests: write` and `checks: write`.',
  );
}

async function tellMeasured(
  run: Run,
  request: ActionRequest,
  event: WorkflowRunEvent,
  { pullRequest, pair }: Extract<ForkRun, { kind: 'measured' }>,
): Promise<number> {
  const { context } = request;
  const { number, headSha } = pullRequest;
  run.log.info(
    `Tells pull request #${number} (${commitUrl(headSha, context.repositoryUrl)}) what run ${event.runId} has measured: ${context.repositoryUrl}/actions/runs/${event.runId}`,
  );
  const history = await historyOfFork(run, request, pullRequest.baseBranch, pair.head);
  const decision = await decide(request, event, pair, history);
  const sides = {
    head: pair.head.subject,
    base: undefined,
    branch: pullRequest.baseBranch,
    notes: [],
    headSha,
  };
  const told = { ...request, pullRequest: number };
  const announcer = announcerFor(run, request, event, pullRequest);
  await publishJudged(run, told, { sides, announcer, decision });
  return 0;
}

/** The verdict is this job's, by its own thresholds: the run's is not asked for. */
async function decide(
  { config, context, reproduce }: ActionRequest,
  event: WorkflowRunEvent,
  pair: ForkPair,
  history: BranchHistory | NoHistory,
): Promise<Decision> {
  const noVerdict = pair.noVerdict ?? incomparable(pair.base, pair.head);
  const report = await decidePair(config, { ...pair, noVerdict, notes: [], baseIsNew: false }, history);
  const { repositoryUrl, runUrl } = context;
  const where = event.isFork ? `run ${event.runId} of a fork` : `run ${event.runId}`;
  const provenance = `Measured in ${where}; the numbers are that run's.`;
  return {
    judged: { ...report, reproduce, repositoryUrl, runUrl, provenance },
    shownAt: async () => undefined,
    keep: async () => {},
  };
}

/**
 * What is stored of the branch that the pull request goes into. It is found by what is measured and how, which is known here by this job's own
 * inputs alone: what the other run says of that is its own.
 */
async function historyOfFork(
  run: Run,
  request: ActionRequest,
  branch: string,
  head: Measurement,
): Promise<BranchHistory | NoHistory> {
  const { image, measure, gate } = request.config;
  if (image === undefined && !buildsItself(measure.engine))
    return {
      absent: 'this job is not told what is measured; give it the image source that the measuring job has',
    };
  if (differentScenario(head.scenarios, scenariosRecord(measure.scenarios)) !== undefined)
    return { absent: "what was measured is not what this job's own inputs say" };
  const { from } = gate.drift;
  const commit =
    from === undefined ? undefined : await askCommit(openRepository(request.context, request.token), from);
  if (from !== undefined && commit === undefined)
    return { absent: `drift-from: there is no commit ${JSON.stringify(from.slice(0, 100))}` };
  return await historyFor(run, { branch }, openStorage(run, request), head, commit);
}

async function tellNotMeasured(
  run: Run,
  request: ActionRequest,
  event: WorkflowRunEvent,
  found: Extract<ForkRun, { kind: 'not-measured' | 'unavailable' }>,
): Promise<void> {
  const { message, remedy, warning } = wordsOf(event, found);
  run.log.warning(warning);
  if (found.pullRequest === undefined) return;
  const announcer = announcerFor(run, request, event, found.pullRequest);
  await announcer.failed({ message, remedy });
}

function wordsOf(
  { runId }: WorkflowRunEvent,
  found: Extract<ForkRun, { kind: 'not-measured' | 'unavailable' }>,
): { readonly message: string; readonly remedy: string; readonly warning: string } {
  if (found.kind === 'unavailable')
    return {
      message: `what run ${runId} has measured could not be read`,
      remedy: 'The log of this run says why.',
      warning: found.warning,
    };
  const { message, remedy, pullRequest } = found;
  return {
    message,
    remedy,
    warning: `Pull request #${pullRequest.number} was not measured: ${message}. ${remedy}`,
  };
}

/** The run that measured is what is newer or older than others; where this run is, people can read how it was told. */
function announcerFor(
  run: Run,
  request: ActionRequest,
  { runId, attempt }: WorkflowRunEvent,
  { number, headSha }: PullRequest,
): Announcer {
  const context = { ...request.context, runId, attempt };
  return announcerOf(run.log, { ...request, context, pullRequest: number }, { headSha });
}
