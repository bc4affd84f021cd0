import { z } from 'zod';
import { apiError, type Forward, onePage, type Route } from './api.ts';
import type { Answer } from './loopback.ts';

/** What of a pull request a test decides; the emulator's own git knows none of a fixture's commits. */
export interface PullRequestChange {
  readonly headSha?: string;
  readonly headRef?: string;
  readonly baseSha?: string;
  readonly baseRef?: string;
  /** Commit that GitHub made to try the merge out; null while there is none, as after a conflict. */
  readonly mergeSha?: string | null;
  /** Account of the fork that the head is in; null for a fork that was deleted. */
  readonly fork?: string | null;
  readonly state?: 'open' | 'closed';
  readonly draft?: boolean;
  readonly files?: readonly PullRequestFile[];
}

export interface PullRequestFile {
  readonly filename: string;
  readonly status: 'added' | 'removed' | 'modified' | 'renamed';
  readonly patch?: string;
}

export interface Pulls {
  readonly routes: readonly Route[];
  /** Opens one more, and gives its number. */
  open(change?: PullRequestChange): Promise<number>;
  /** A push to it, or whatever else happens to it. */
  change(number: number, change: PullRequestChange): void;
}

const ref = z.looseObject({ ref: z.string(), sha: z.string() });
const pullSchema = z.looseObject({
  number: z.int(),
  state: z.string(),
  draft: z.boolean().optional(),
  merge_commit_sha: z.string().nullish(),
  head: ref,
  base: ref,
});
type Pull = z.infer<typeof pullSchema>;

export interface PullParts {
  /** Its owner opens every pull request. */
  readonly repository: string;
  readonly owner: string;
  readonly forward: Forward;
}

/** Pull requests of the emulator, with heads, bases and forks that are a test's. */
export function createPulls({ repository, owner, forward }: PullParts): Pulls {
  const changes = new Map<number, PullRequestChange>();
  const all = () => readAll(repository, owner, forward, changes);
  const one = async (number: string) => (await all()).find((pull) => pull.number === Number(number));
  return {
    change: (number, change) => changes.set(number, { ...changes.get(number), ...change }),
    open: async (change = {}) => {
      const number = await openPull(
        repository,
        owner,
        forward,
        change.headRef ?? `feature-${changes.size + 2}`,
      );
      changes.set(number, change);
      return number;
    },
    routes: [
      {
        method: 'GET',
        path: /^\/repos\/[^/]+\/[^/]+\/pulls$/,
        answer: async (request) => onePage(request, (await all()).filter(isAsked(request.query))),
      },
      {
        method: 'GET',
        path: /\/pulls\/(\d+)$/,
        answer: async (_, number = '') => found(await one(number)),
      },
      {
        method: 'GET',
        path: /\/pulls\/(\d+)\/files$/,
        answer: (request, number = '') => onePage(request, changes.get(Number(number))?.files ?? []),
      },
      {
        // Commits of forks belong to no pull request here: "List pull requests associated with a commit" knows the repository's own.
        method: 'GET',
        path: /\/commits\/([0-9a-f]{40})\/pulls$/,
        answer: async (request, sha) =>
          onePage(
            request,
            (await all()).filter((pull) => pull.head.sha === sha && !isForked(changes.get(pull.number))),
          ),
      },
    ],
  };
}

function found(pull: Pull | undefined): Answer {
  return pull === undefined ? apiError(404) : { status: 200, body: pull };
}

async function readAll(
  repository: string,
  owner: string,
  forward: Forward,
  changes: ReadonlyMap<number, PullRequestChange>,
): Promise<Pull[]> {
  const query = new URLSearchParams({ state: 'all', per_page: '100' });
  const path = `/repos/${repository}/pulls`;
  const { body } = await forward(
    { method: 'GET', path, query, body: undefined, identity: undefined, apiUrl: '' },
    owner,
  );
  return z
    .array(pullSchema)
    .parse(body)
    .map((pull) => changed(pull, repository, changes.get(pull.number) ?? {}));
}

function changed(pull: Pull, repository: string, change: PullRequestChange): Pull {
  const [owner = '', name = ''] = repository.split('/');
  const from = change.fork === null ? 'unknown' : (change.fork ?? owner);
  const headRef = change.headRef ?? pull.head.ref;
  const forked = isForked(change)
    ? { user: accountJson(from), repo: change.fork === null ? null : forkJson(from, name) }
    : {};
  return {
    ...pull,
    state: change.state ?? pull.state,
    draft: change.draft ?? pull.draft ?? false,
    merge_commit_sha: change.mergeSha === undefined ? (pull.merge_commit_sha ?? null) : change.mergeSha,
    head: {
      ...pull.head,
      label: `${from}:${headRef}`,
      ref: headRef,
      sha: change.headSha ?? pull.head.sha,
      ...forked,
    },
    base: { ...pull.base, ref: change.baseRef ?? pull.base.ref, sha: change.baseSha ?? pull.base.sha },
  };
}

function isForked(change: PullRequestChange | undefined): boolean {
  return change?.fork !== undefined;
}

export function accountJson(login: string): object {
  return { login, id: 7000 + login.length, type: login.endsWith('[bot]') ? 'Bot' : 'User' };
}

export function forkJson(login: string, name: string): object {
  return {
    id: 4000 + login.length,
    name,
    full_name: `${login}/${name}`,
    fork: true,
    private: false,
    owner: accountJson(login),
  };
}

/** The filters of "List pull requests". */
function isAsked(query: URLSearchParams): (pull: Pull) => boolean {
  const state = query.get('state') ?? 'open';
  const [head, base] = [query.get('head'), query.get('base')];
  return (pull) =>
    (state === 'all' || pull.state === state) &&
    (head === null || pull.head['label'] === head) &&
    (base === null || pull.base.ref === base);
}

async function openPull(
  repository: string,
  owner: string,
  forward: Forward,
  branch: string,
): Promise<number> {
  const body = { title: 'Change', head: branch, base: 'main' };
  const path = `/repos/${repository}/pulls`;
  const answer = await forward(
    { method: 'POST', path, query: new URLSearchParams(), body, identity: undefined, apiUrl: '' },
    owner,
  );
  return z.object({ number: z.int() }).parse(answer.body).number;
}
