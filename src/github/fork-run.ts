import type { BaseSpec } from '../config/types.ts';
import type { NoVerdict } from '../gate/record.ts';
import { SnapgateError } from '../host/error.ts';
import type { Measurement, Subject } from '../measure/record.ts';
import { entryPrefix, gateArtifactName } from './artifact-names.ts';
import { downloadArtifact, listArtifacts } from './artifacts.ts';
import { startPatience } from './client.ts';
import { askCommit, askIsInBranch, askParents } from './commits.ts';
import type { WorkflowRunEvent } from './event.ts';
import { findPullRequests, type PullRequest } from './pull-request.ts';
import type { GitHubRepository } from './repository.ts';
import { explainFailure, type FailedService } from './service-failure.ts';
import { readUploadArchive, type Upload } from './uploads.ts';

/** What is asked about a run that another workflow has measured in. */
export interface ForkRunQuestion {
  readonly event: WorkflowRunEvent;
  /** The `comment-key` of the gate. */
  readonly key: string;
  /** This job's own `base`, which is trusted: what the run has compared with must fit it. */
  readonly base: BaseSpec;
}

/** What a run has measured for a pull request, checked as far as GitHub knows better. */
export interface ForkPair {
  readonly base: Measurement | undefined;
  readonly head: Measurement;
  readonly noVerdict: NoVerdict | undefined;
}

export type ForkRun =
  /** Nobody is to be told. `why` is one sentence for the log. */
  | { readonly kind: 'nothing'; readonly why: string }
  /** The pull request is known, and there are no numbers for it. Foreign text is in it. */
  | {
      readonly kind: 'not-measured';
      readonly pullRequest: PullRequest;
      readonly message: string;
      readonly remedy: string;
    }
  | { readonly kind: 'measured'; readonly pullRequest: PullRequest; readonly pair: ForkPair }
  /** GitHub did not say what was needed. `warning` is one line, with the cause and the permission. */
  | {
      readonly kind: 'unavailable';
      readonly pullRequest: PullRequest | undefined;
      readonly warning: string;
    };

/** Ends of a run after which there is nothing to say: it did not run, or gave way to a newer one. */
const silentConclusions = ['skipped', 'cancelled', 'action_required', 'neutral', 'stale'];

/** All questions of one run together, in milliseconds. */
const totalMs = 300_000;

/**
 * What there is to tell of a run. Which pull request it is of, GitHub says, and never the run's artifact; whatever the artifact claims
 * must agree with it.
 * @throws SnapgateError('record') for an artifact that is not what snapgate uploads, or claims what is not so.
 */
export async function readForkRun(repository: GitHubRepository, question: ForkRunQuestion): Promise<ForkRun> {
  const { event } = question;
  const silent = silenceOf(event);
  if (silent !== undefined) return nothing(silent);
  const limited = { ...repository, patience: startPatience(repository.patience, totalMs) };
  const asked = await ask(() => findPullRequests(limited, event), {
    what: `The pull request of run ${event.runId} could not be looked for`,
    scope: 'pull-requests: read',
  });
  if (asked.kind === 'unavailable') return { ...asked, pullRequest: undefined };
  const [first, ...others] = asked.answer;
  if (first === undefined)
    return nothing(
      `No open pull request has the head of run ${event.runId} (${event.headSha.slice(0, 7)}): another was pushed since, or it was closed.`,
    );
  const read = await ask(() => readArtifact(limited, question, [first, ...others]), {
    what: `The artifact of run ${event.runId} could not be read and checked`,
    scope: 'actions: read` and `contents: read',
  });
  return read.kind === 'unavailable' ? { ...read, pullRequest: first } : read.answer;
}

type Asked<T> =
  | { readonly kind: 'answered'; readonly answer: T }
  | { readonly kind: 'unavailable'; readonly warning: string };

async function ask<T>(question: () => Promise<T>, service: FailedService): Promise<Asked<T>> {
  try {
    return { kind: 'answered', answer: await question() };
  } catch (error) {
    if (error instanceof SnapgateError) throw error;
    const consequence = 'What was measured there is not told.';
    return { kind: 'unavailable', warning: explainFailure(error, { ...service, consequence }) };
  }
}

async function hasEntries(repository: GitHubRepository, runId: number, key: string): Promise<boolean> {
  const listed = await listArtifacts(repository, runId);
  return listed.some(({ name }) => name.startsWith(entryPrefix(key)));
}

type Pulls = readonly [PullRequest, ...PullRequest[]];

async function readArtifact(
  repository: GitHubRepository,
  question: ForkRunQuestion,
  pulls: Pulls,
): Promise<ForkRun> {
  const { event, key } = question;
  const name = gateArtifactName(key);
  const [artifact] = await listArtifacts(repository, event.runId, name);
  if (artifact === undefined && (await hasEntries(repository, event.runId, key)))
    return nothing(
      `Run ${event.runId} has measured a matrix. Its deciding job has told what its token lets it; mode: comment does not merge matrices.`,
    );
  if (artifact === undefined && !event.isFork)
    return nothing(
      `Run ${event.runId} is of this repository and has no artifact ${name}: it tells its pull request itself.`,
    );
  if (artifact === undefined) return notMeasured(pulls[0], missing(event, name));
  if (artifact.expired) return notMeasured(pulls[0], expired(event, name));
  const where = `the artifact of run ${event.runId}`;
  const upload = await readUploadArchive(await downloadArtifact(repository, artifact), where);
  const pullRequest = agreedPull(pulls, upload, question, where);
  const { failure } = upload.record;
  if (failure !== undefined)
    return notMeasured(pullRequest, {
      message: `run ${event.runId} says: ${failure.message}`,
      remedy: 'Its log has more.',
    });
  return {
    kind: 'measured',
    pullRequest,
    pair: await checkPair(repository, question, pullRequest, upload, where),
  };
}

function nothing(why: string): ForkRun {
  return { kind: 'nothing', why };
}

function silenceOf({ runId, event, conclusion }: WorkflowRunEvent): string | undefined {
  if (event !== 'pull_request') return `Run ${runId} was started by ${event}: no pull request waits for it.`;
  if (conclusion === undefined)
    return `Run ${runId} has not ended yet: start this workflow by types: [completed].`;
  return silentConclusions.includes(conclusion) ? `Run ${runId} ended as ${conclusion}.` : undefined;
}

interface Reason {
  readonly message: string;
  readonly remedy: string;
}

function notMeasured(pullRequest: PullRequest, reason: Reason): ForkRun {
  return { kind: 'not-measured', pullRequest, ...reason };
}

function missing({ runId, conclusion }: WorkflowRunEvent, name: string): Reason {
  return {
    message: `run ${runId} ended as ${conclusion} and has uploaded no artifact ${name}`,
    remedy:
      conclusion === 'success'
        ? 'Let its gate upload one (artifact: auto or always) under the comment-key that this job has.'
        : 'Its log says why it did not measure.',
  };
}

function expired({ runId }: WorkflowRunEvent, name: string): Reason {
  return { message: `the artifact ${name} of run ${runId} has expired`, remedy: 'Run it again.' };
}

/** The pull request that both GitHub and the artifact name. */
function agreedPull(
  pulls: Pulls,
  { record }: Upload,
  { event, key }: ForkRunQuestion,
  where: string,
): PullRequest {
  const { pullRequest: claimed, headSha } = record;
  if (record.kind !== 'gate' || record.key !== key)
    throw lie(where, `is not of the gate ${JSON.stringify(key)}`);
  if (headSha !== undefined && headSha !== event.headSha)
    throw lie(where, `claims the head ${headSha.slice(0, 7)}, but GitHub says ${event.headSha.slice(0, 7)}`);
  const numbers = pulls.map(({ number }) => `#${number}`).join(', ');
  const agreed = claimed === undefined ? pulls : pulls.filter(({ number }) => number === claimed);
  const [pull, second] = agreed;
  if (pull === undefined) throw lie(where, `claims pull request #${claimed}, but GitHub says ${numbers}`);
  if (second !== undefined) throw lie(where, `does not say which pull request it is of: ${numbers}`);
  return pull;
}

/** Both sides with names of ours, once their commits are what they can be. */
async function checkPair(
  repository: GitHubRepository,
  question: ForkRunQuestion,
  pull: PullRequest,
  { base, head }: Upload,
  where: string,
): Promise<ForkPair> {
  if (head === undefined) throw lie(where, 'has no measurement of head');
  const merged = await checkHead(repository, pull, head, where);
  const tip = `pull request #${pull.number} at ${pull.headSha.slice(0, 7)}`;
  const named = { ...head, subject: withCommit(merged ? `${tip}, merged` : tip, head.subject.commit) };
  if (base === undefined || question.base.kind === 'none')
    return { base: undefined, head: named, noVerdict: withoutBase(question) };
  const subject = await checkBase(repository, question, pull, base, merged?.otherParent, where);
  return { base: { ...base, subject }, head: named, noVerdict: undefined };
}

function withoutBase({ base, event }: ForkRunQuestion): NoVerdict | undefined {
  if (base.kind === 'none') return undefined;
  return { state: 'no-baseline', reason: `run ${event.runId} has handed over no measurement of the base` };
}

interface Merge {
  readonly otherParent: string;
}

/** What was measured must be the head's commit, or a merge of it with one other. Undefined for the commit itself. */
async function checkHead(
  repository: GitHubRepository,
  { headSha }: PullRequest,
  { subject: { commit } }: Measurement,
  where: string,
): Promise<Merge | undefined> {
  if (commit === headSha) return undefined;
  if (commit === undefined) throw lie(where, 'does not say which commit its head is');
  const parents = await askParents(repository, commit);
  const [otherParent, second] = parents?.filter((parent) => parent !== headSha) ?? [];
  if (!parents?.includes(headSha) || otherParent === undefined || second !== undefined)
    throw lie(
      where,
      `has measured ${commit.slice(0, 7)}, which is neither the head ${headSha.slice(0, 7)} nor a merge of it`,
    );
  return { otherParent };
}

/**
 * With what head was compared: by `base: auto` the other parent of the merge, else something of the branch that it goes into, or the ref that
 * this job names too. Of an image or a stored measurement there is nothing that GitHub knows.
 */
async function checkBase(
  repository: GitHubRepository,
  { base: spec, event }: ForkRunQuestion,
  { baseBranch }: PullRequest,
  { subject: { commit } }: Measurement,
  otherParent: string | undefined,
  where: string,
): Promise<Subject> {
  if (spec.kind === 'image' || spec.kind === 'rootfs' || spec.kind === 'measurement')
    return withCommit(`the base of run ${event.runId}`, commit);
  if (commit === undefined)
    throw lie(where, `has a base without a commit, which base: ${spec.kind} cannot have`);
  const short = commit.slice(0, 7);
  if (spec.kind === 'auto' && otherParent !== undefined && commit !== otherParent)
    throw lie(where, `has compared with ${short}, but the merge is with ${otherParent.slice(0, 7)}`);
  if (await askIsInBranch(repository, commit, baseBranch)) return { label: `commit ${short}`, commit };
  if (spec.kind === 'ref' && (await askCommit(repository, spec.ref)) === commit)
    return { label: `${spec.ref} (${short})`.slice(0, 500), commit };
  throw lie(where, `has compared with ${short}, which is not in the branch ${JSON.stringify(baseBranch)}`);
}

function withCommit(label: string, commit: string | undefined): Subject {
  return commit === undefined ? { label } : { label, commit };
}

function lie(where: string, what: string): SnapgateError {
  return new SnapgateError(
    'record',
    `${where} ${what}`,
    'Nothing of it was posted. If that run is honest, give this job the same comment-key and base as that one.',
  );
}
