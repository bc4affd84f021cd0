import { accountJson, forkJson } from './pulls.ts';

/** What started a workflow: GITHUB_EVENT_NAME, and the content of the file at GITHUB_EVENT_PATH. */
export interface TestEvent {
  readonly name: string;
  readonly payload: object;
}

const repositoryName = 'octo/guest';
const noCommit = '0'.repeat(40);

export interface PullRequestOptions {
  readonly number: number;
  readonly headSha: string;
  readonly baseSha: string;
  /** Commit that GitHub made to try the merge out; null where there is none. */
  readonly mergeSha?: string | null;
  readonly action?: string;
  readonly headRef?: string;
  readonly baseRef?: string;
  /** Account of the fork that the head is in; null for a fork that is gone. */
  readonly fork?: string | null;
  /** Label that was set or removed. */
  readonly label?: string;
  readonly draft?: boolean;
}

/** docs.github.com, "Webhook events and payloads", `pull_request`. */
export function pullRequestEvent(options: PullRequestOptions, name = 'pull_request'): TestEvent {
  const { number, action = 'synchronize', label } = options;
  return {
    name,
    payload: {
      action,
      number,
      pull_request: pullJson(options),
      ...(label === undefined ? {} : { label: { id: 1, name: label, color: 'ededed' } }),
      repository: repositoryJson(),
      sender: accountJson('author'),
    },
  };
}

/** A push to a branch; of a new one if `before` is not given, away from one if `after` is not. */
export function pushEvent({
  before = noCommit,
  after = noCommit,
  ref = 'refs/heads/main',
  forced = false,
}: {
  readonly before?: string;
  readonly after?: string;
  readonly ref?: string;
  readonly forced?: boolean;
}): TestEvent {
  const [created, deleted] = [before === noCommit, after === noCommit];
  return {
    name: 'push',
    payload: {
      ref,
      before,
      after,
      created,
      deleted,
      forced,
      head_commit: deleted ? null : { id: after, message: 'change' },
      commits: deleted ? [] : [{ id: after, message: 'change' }],
      pusher: { name: 'author' },
      repository: repositoryJson(),
      sender: accountJson('author'),
    },
  };
}

export function mergeGroupEvent({
  headSha,
  baseSha,
  pullNumber = 1,
}: {
  readonly headSha: string;
  readonly baseSha: string;
  readonly pullNumber?: number;
}): TestEvent {
  return {
    name: 'merge_group',
    payload: {
      action: 'checks_requested',
      merge_group: {
        head_sha: headSha,
        head_ref: `refs/heads/gh-readonly-queue/main/pr-${pullNumber}-${baseSha}`,
        base_sha: baseSha,
        base_ref: 'refs/heads/main',
        head_commit: { id: headSha },
      },
      repository: repositoryJson(),
      sender: accountJson('author'),
    },
  };
}

export function scheduleEvent(): TestEvent {
  return { name: 'schedule', payload: { schedule: '17 4 * * 1', repository: repositoryJson() } };
}

/** @param inputs as a person fills them in; what is left empty is not among them. */
export function dispatchEvent(
  inputs: Readonly<Record<string, string>> = {},
  ref = 'refs/heads/main',
): TestEvent {
  return {
    name: 'workflow_dispatch',
    payload: {
      inputs,
      ref,
      workflow: '.github/workflows/snapgate-manual.yml',
      repository: repositoryJson(),
      sender: accountJson('author'),
    },
  };
}

/** @param run what `putRun` of the emulator gives. */
export function workflowRunEvent(run: object, action = 'completed'): TestEvent {
  return {
    name: 'workflow_run',
    payload: {
      action,
      workflow_run: run,
      workflow: { id: 77, name: 'name' in run ? run.name : 'snapgate' },
      repository: repositoryJson(),
      sender: accountJson('author'),
    },
  };
}

function pullJson(options: PullRequestOptions): object {
  const { number, headSha, baseSha, mergeSha = null, headRef = 'feature', baseRef = 'main', fork } = options;
  const [owner = '', name = ''] = repositoryName.split('/');
  const from = fork === null ? 'unknown' : (fork ?? owner);
  const headRepository = fork === undefined ? repositoryJson() : fork === null ? null : forkJson(fork, name);
  return {
    number,
    state: 'open',
    title: 'A change',
    draft: options.draft ?? false,
    merge_commit_sha: mergeSha,
    labels: [],
    user: accountJson('author'),
    head: { label: `${from}:${headRef}`, ref: headRef, sha: headSha, repo: headRepository },
    base: { label: `${owner}:${baseRef}`, ref: baseRef, sha: baseSha, repo: repositoryJson() },
    html_url: `https://github.com/${repositoryName}/pull/${number}`,
  };
}

function repositoryJson(): object {
  const [owner = '', name = ''] = repositoryName.split('/');
  return {
    id: 1,
    name,
    full_name: repositoryName,
    private: false,
    fork: false,
    default_branch: 'main',
    owner: accountJson(owner),
    html_url: `https://github.com/${repositoryName}`,
  };
}
