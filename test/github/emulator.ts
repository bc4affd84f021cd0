import { createServer } from 'node:net';
import { getOctokit } from '@actions/github';
import { createEmulator } from 'emulate';
import { type CommentApi, openComments, type PullRequestComment } from '../../src/github/comments.ts';

/** A GitHub with one repository, one open pull request, the action's user and somebody else. */
export interface GitHubEmulator extends AsyncDisposable {
  readonly apiUrl: string;
  readonly repository: string;
  readonly pullNumber: number;
  /** Token of the user that the action runs as. */
  readonly token: string;
  /** The pull request's comments as another user sees and writes them. */
  readonly foreign: CommentApi;
  /** All comments of the pull request. */
  comments(): Promise<PullRequestComment[]>;
}

const owner = 'octo';
const repo = 'guest';
const token = 'token-of-the-action';
const foreignToken = 'token-of-another';

/** Starts the emulator on a free port of the loopback. */
export async function startGitHub(): Promise<GitHubEmulator> {
  const emulator = await createEmulator({
    service: 'github',
    port: await freePort(),
    seed: {
      tokens: {
        [token]: { login: owner, scopes: ['repo'] },
        [foreignToken]: { login: 'somebody', scopes: ['repo'] },
      },
      github: {
        users: [{ login: owner }, { login: 'somebody' }],
        repos: [{ owner, name: repo, auto_init: true }],
      },
    },
  });
  const pullNumber = await openPullRequest(emulator.url);
  const api = { apiUrl: emulator.url, owner, repo, number: pullNumber };
  const own = openComments({ ...api, token });
  return {
    apiUrl: emulator.url,
    repository: `${owner}/${repo}`,
    pullNumber,
    token,
    foreign: openComments({ ...api, token: foreignToken }),
    comments: () => collect(own.list()),
    [Symbol.asyncDispose]: () => emulator.close(),
  };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function openPullRequest(url: string): Promise<number> {
  const { rest } = getOctokit(token, { baseUrl: url });
  const where = { owner, repo };
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

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
