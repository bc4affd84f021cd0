import { createServer } from 'node:net';
import { getOctokit } from '@actions/github';
import { createEmulator } from 'emulate';
import { type CommentApi, openComments, type PullRequestComment } from '../../src/github/comments.ts';
import { errnoOf } from '../../src/host/error.ts';
import type { ActionsServices } from './actions-services.ts';
import type { ApiRequest, Forward } from './api.ts';
import { type CheckRun, createCheckRuns } from './check-runs.ts';
import { createCollaborators, type RepositoryRole } from './collaborators.ts';
import { createCommits } from './commits.ts';
import type { Fault, InjectedFault } from './faults.ts';
import { createGraphQl } from './graphql.ts';
import { createLabels, type LabelOptions } from './labels.ts';
import type { Answer } from './loopback.ts';
import { createPulls, type PullRequestChange } from './pulls.ts';
import { type ReceivedRequest, serveGitHub } from './server.ts';
import { allAt, createTokenRegistry, type PermissionName, type Permissions } from './tokens.ts';
import { createWorkflowRuns, type RunOptions } from './workflow-runs.ts';

/** A GitHub with one repository, one open pull request, the action's user and somebody else. */
export interface GitHubEmulator extends AsyncDisposable {
  readonly apiUrl: string;
  /** The same API as an Enterprise Server has it: below /api/v3. */
  readonly enterpriseApiUrl: string;
  readonly repository: string;
  readonly pullNumber: number;
  /** A workflow's own token that may do everything; its login is `github-actions[bot]`. */
  readonly token: string;
  /** A workflow's own token of a pull request from a fork: reads everything, writes nothing. */
  readonly readOnlyToken: string;
  /** A workflow's own token with exactly these permissions; what is not named is `none`. */
  newToken(permissions: Partial<Permissions>, login?: string): string;
  /** A workflow's own token that may do everything but what needs this permission. */
  tokenLacking(permission: PermissionName): string;
  /** The pull request's comments as another user sees and writes them. */
  readonly foreign: CommentApi;
  /** All comments of a pull request; of the first one if not said. */
  comments(number?: number): Promise<PullRequestComment[]>;
  /** All check runs of a commit, or of all; oldest first. */
  checks(headSha?: string): readonly CheckRun[];
  /** Ids of comments that are minimized. */
  readonly minimized: ReadonlyMap<string, string>;
  /** Sets a label. Its event has this actor and time. */
  label(number: number, name: string, options: LabelOptions): Promise<void>;
  unlabel(number: number, name: string, options: LabelOptions): Promise<void>;
  /** What a login may do in the repository; whom nobody named is not known here at all (404). */
  setRole(login: string, role: RepositoryRole): void;
  openPullRequest(change?: PullRequestChange): Promise<number>;
  /** A push to a pull request, or whatever else happens to it. */
  changePullRequest(number: number, change: PullRequestChange): void;
  /** Makes a run of a workflow known, or a known one different; the `workflow_run` object that events and the API show. */
  putRun(run: RunOptions): { readonly id: number };
  /** The time that new events and check runs get; the machine's if undefined. */
  setClock(now: Date | undefined): void;
  /** Makes requests fail until it is disposed of; `path` as in `requests`. */
  fault(fault: Fault): InjectedFault;
  /** Everything received, oldest first. */
  readonly requests: readonly ReceivedRequest[];
  /** Begins to count `requests` anew. */
  forgetRequests(): void;
}

export interface GitHubOptions {
  /** Whose artifacts and cache entries the API shows. */
  readonly services?: ActionsServices;
  /** Nothing of a private repository is readable without the permission for it. */
  readonly isPrivate?: boolean;
  /** A bare git repository whose commits the API tells of. */
  readonly gitFolder?: string;
}

const owner = 'octo';
const repo = 'guest';
const repository = `${owner}/${repo}`;
const bot = 'github-actions[bot]';
const token = 'token-of-the-action';

/** Starts the emulator, and in front of it a server that can be told to fail, on free ports of the loopback. */
export async function startGitHub({
  services,
  isPrivate = false,
  gitFolder,
}: GitHubOptions = {}): Promise<GitHubEmulator> {
  let fixed: Date | undefined;
  const clock = () => fixed ?? new Date();
  const requests: ReceivedRequest[] = [];
  const tokens = createTokenRegistry();
  tokens.create(allAt('write'), bot, token);
  let behind = '';
  const forward: Forward = (request, as) => forwardTo(behind, request, as);
  const graphql = createGraphQl();
  const checkRuns = createCheckRuns(repository, clock);
  const labels = createLabels({ repository, owner, forward, clock });
  const pulls = createPulls({ repository, owner, forward });
  const runs = createWorkflowRuns({ repository, services, now: clock });
  const collaborators = createCollaborators(owner);
  const commits = gitFolder === undefined ? [] : [createCommits(gitFolder)];
  const parts = [labels, collaborators, pulls, runs, checkRuns, ...commits];
  const routes = () => parts.flatMap((part) => part.routes);
  const server = await serveGitHub({ tokens, graphql, isPrivate, routes, forward, requests });
  const emulator = await startEmulator(server.url, (url) => {
    behind = url;
  });
  const pullNumber = await openFirstPullRequest(behind);
  const commentsOf = (login: string, number: number) =>
    openComments({ apiUrl: behind, owner, repo, number, token: emulatorToken(login) });
  return {
    apiUrl: server.url,
    enterpriseApiUrl: `${server.url}/api/v3`,
    repository,
    pullNumber,
    token,
    readOnlyToken: tokens.create(allAt('read'), bot),
    newToken: (permissions, login = bot) => tokens.create(permissions, login),
    tokenLacking: (permission) => tokens.create({ ...allAt('write'), [permission]: 'none' }, bot),
    foreign: commentsOf('somebody', pullNumber),
    comments: (number = pullNumber) => collect(commentsOf(owner, number).list()),
    checks: (headSha) => checkRuns.all().filter((run) => headSha === undefined || run.headSha === headSha),
    minimized: graphql.minimized,
    label: labels.label,
    unlabel: labels.unlabel,
    setRole: collaborators.setRole,
    openPullRequest: pulls.open,
    changePullRequest: pulls.change,
    putRun: runs.put,
    setClock: (now) => {
      fixed = now;
    },
    fault: server.fault,
    requests,
    forgetRequests: () => {
      requests.length = 0;
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await emulator.close();
    },
  };
}

/** Tries of a port that was free a moment ago: others start emulators at the same time. */
const portTries = 20;

async function startEmulator(baseUrl: string, onListening: (url: string) => void) {
  for (let tries = 1; ; tries += 1) {
    const port = await freePort();
    try {
      const emulator = await listenAt(port, baseUrl);
      onListening(`http://127.0.0.1:${port}`);
      return emulator;
    } catch (error) {
      if (errnoOf(error) !== 'EADDRINUSE' || tries === portTries) throw error;
    }
  }
}

function listenAt(port: number, baseUrl: string) {
  const users = [owner, bot, 'somebody'];
  return createEmulator({
    service: 'github',
    port,
    baseUrl,
    seed: {
      tokens: Object.fromEntries(users.map((login) => [emulatorToken(login), { login, scopes: ['repo'] }])),
      github: {
        users: users.map((login) => ({ login })),
        repos: [{ owner, name: repo, auto_init: true }],
      },
    },
  });
}

/** Its own tokens stay between the server and the emulator, which takes any it does not know for its first user's. */
function emulatorToken(login: string): string {
  return `emulator-${login}`;
}

async function forwardTo(url: string, request: ApiRequest, as?: string): Promise<Answer> {
  const login = as ?? request.identity?.login;
  const query = request.query.size === 0 ? '' : `?${request.query}`;
  const answer = await fetch(`${url}${request.path}${query}`, {
    method: request.method,
    redirect: 'manual',
    headers: {
      'content-type': 'application/json',
      ...(login === undefined ? {} : { authorization: `token ${emulatorToken(login)}` }),
    },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  });
  const text = await answer.text();
  const link = answer.headers.get('link')?.replaceAll(url, request.apiUrl);
  const isJson = answer.headers.get('content-type')?.includes('json') === true && text !== '';
  return {
    status: answer.status,
    headers: link === undefined ? {} : { link },
    body: isJson ? JSON.parse(text) : text,
  };
}

/** A branch with a change, and a pull request of it. */
async function openFirstPullRequest(url: string): Promise<number> {
  const { rest } = getOctokit(emulatorToken(owner), { baseUrl: url });
  const where = { owner, repo };
  await rest.repos.addCollaborator({ ...where, username: bot, permission: 'push' });
  const main = await rest.git.getRef({ ...where, ref: 'heads/main' });
  await rest.git.createRef({ ...where, ref: 'refs/heads/feature', sha: main.data.object.sha });
  await rest.repos.createOrUpdateFileContents({
    ...where,
    branch: 'feature',
    path: 'change',
    message: 'change',
    content: Buffer.from('change').toString('base64'),
  });
  const pull = await rest.pulls.create({ ...where, title: 'change', head: 'feature', base: 'main' });
  return pull.data.number;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
