import { getOctokit } from '@actions/github';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ActionsServices, startActionsServices } from './actions-services.ts';
import { type GitHubEmulator, startGitHub } from './emulator.ts';
import { zipOf } from './zip.ts';

let services: ActionsServices;
let github: GitHubEmulator;
beforeAll(async () => {
  services = await startActionsServices();
  github = await startGitHub({ services });
});
afterAll(async () => {
  await github[Symbol.asyncDispose]();
  await services[Symbol.asyncDispose]();
});
afterEach(() => github.forgetRequests());

const where = { owner: 'octo', repo: 'guest' };
const sha = 'a'.repeat(40);
const retrying = { throttle: { enabled: false } };

function client(token = github.token, baseUrl = github.apiUrl) {
  return getOctokit(token, { baseUrl, ...retrying });
}

/** Status and message of a request that must fail. */
async function refusal(request: Promise<unknown>): Promise<string> {
  const error: unknown = await request.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof Error) || !('status' in error)) throw new Error('it did not fail', { cause: error });
  return `${error.status} ${error.message}`;
}

describe('tokens', () => {
  it('tell who they are by GraphQL, and a workflow may not ask for its user', async () => {
    expect(await client().graphql('{ viewer { login } }')).toEqual({
      viewer: { login: 'github-actions[bot]' },
    });
    expect(await refusal(client().rest.users.getAuthenticated())).toMatch(/^403 Resource not accessible/);
  });

  it('that nobody knows are refused', async () => {
    expect(await refusal(client('unknown').rest.pulls.list(where))).toMatch(/^401 Bad credentials/);
    expect(await refusal(client('unknown').graphql('{ viewer { login } }'))).toMatch(/^401/);
    expect(github.requests.map(({ path, isAuthorized, login }) => [path, isAuthorized, login])).toEqual([
      ['/repos/octo/guest/pulls', true, undefined],
      ['/graphql', true, undefined],
    ]);
  });

  it('that are read-only read everything and write nothing', async () => {
    const { rest, graphql } = client(github.readOnlyToken);
    expect((await rest.issues.listComments({ ...where, issue_number: github.pullNumber })).status).toBe(200);
    for (const write of [
      () => rest.issues.createComment({ ...where, issue_number: github.pullNumber, body: 'x' }),
      () => rest.checks.create({ ...where, name: 'x', head_sha: sha }),
      () => rest.issues.addLabels({ ...where, issue_number: github.pullNumber, labels: ['x'] }),
      () => rest.git.createBlob({ ...where, content: 'x' }),
    ])
      expect(await refusal(write())).toMatch(/^403 Resource not accessible by integration/);
    const minimize =
      'mutation { minimizeComment(input: {subjectId: "x", classifier: OUTDATED}) { clientMutationId } }';
    await expect(graphql(minimize)).rejects.toThrow('Resource not accessible by integration');
    expect(await github.comments()).toEqual([]);
  });

  it('that lack one permission may do the rest', async () => {
    const { rest } = client(github.tokenLacking('checks'));
    const comment = await rest.issues.createComment({ ...where, issue_number: github.pullNumber, body: 'x' });
    expect(comment.data.user?.login).toBe('github-actions[bot]');
    expect(await refusal(rest.checks.create({ ...where, name: 'x', head_sha: sha }))).toMatch(/^403/);
    await rest.issues.deleteComment({ ...where, comment_id: comment.data.id });
  });

  it('of a private repository read only what they were given', async () => {
    await using closed = await startGitHub({ isPrivate: true });
    const { rest } = client(closed.newToken({ contents: 'read' }), closed.apiUrl);
    const number = closed.pullNumber;
    expect(await refusal(rest.issues.listEvents({ ...where, issue_number: number }))).toMatch(/^403/);
    expect((await rest.git.getRef({ ...where, ref: 'heads/main' })).status).toBe(200);
    const other = client(closed.newToken({ 'pull-requests': 'read' }), closed.apiUrl);
    expect((await other.rest.issues.listEvents({ ...where, issue_number: number })).data).toEqual([]);
  });
});

describe('comments', () => {
  it('have their limit', async () => {
    const write = (body: string) =>
      client().rest.issues.createComment({ ...where, issue_number: github.pullNumber, body });
    expect(await refusal(write('x'.repeat(65_537)))).toMatch(/^422 .*too long/);
    const { data } = await write('x'.repeat(65_536));
    await client().graphql(
      'mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) { minimizedComment { isMinimized } } }',
      { id: data.node_id },
    );
    expect([...github.minimized]).toEqual([[data.node_id, 'OUTDATED']]);
    await client().rest.issues.deleteComment({ ...where, comment_id: data.id });
  });

  it('are the same on an Enterprise Server, page by page', async () => {
    const { rest, paginate } = client(github.token, github.enterpriseApiUrl);
    for (const body of ['one', 'two', 'three'])
      await rest.issues.createComment({ ...where, issue_number: github.pullNumber, body });
    const all = await paginate(rest.issues.listComments, {
      ...where,
      issue_number: github.pullNumber,
      per_page: 1,
    });
    expect(all.map(({ body }) => body)).toEqual(['one', 'two', 'three']);
    expect(github.requests.every(({ path }) => path.startsWith('/repos/octo/guest/issues/'))).toBe(true);
    for (const { id } of all) await rest.issues.deleteComment({ ...where, comment_id: id });
    expect(await client(github.token, github.enterpriseApiUrl).graphql('{ viewer { login } }')).toBeTruthy();
  });
});

it('a label is an event of whoever set it, when it was set', async () => {
  const number = await github.openPullRequest({ headSha: sha });
  github.setClock(new Date('2031-05-06T07:08:09.123Z'));
  await github.label(number, 'snapshot-growth-accepted', {
    by: 'maintainer',
    at: new Date('2031-01-01T00:00:00Z'),
  });
  await github.unlabel(number, 'snapshot-growth-accepted', { by: 'other' });
  github.setClock(undefined);
  const { data } = await client().rest.issues.listEvents({ ...where, issue_number: number });
  expect(data).toMatchObject([
    {
      event: 'labeled',
      actor: { login: 'maintainer' },
      created_at: '2031-01-01T00:00:00Z',
      label: { name: 'snapshot-growth-accepted' },
    },
    { event: 'unlabeled', actor: { login: 'other' }, created_at: '2031-05-06T07:08:09Z' },
  ]);
  const pull = await client().rest.pulls.get({ ...where, pull_number: number });
  expect(pull.data.labels).toEqual([]);
  await github.label(number, 'a label', { by: 'maintainer' });
  const labels = await client().rest.issues.listLabelsOnIssue({ ...where, issue_number: number });
  expect(labels.data.map(({ name }) => name)).toEqual(['a label']);
});

it.each([
  ['octo', 'admin', 'admin'],
  ['boss', 'write', 'maintain'],
  ['writer', 'write', 'write'],
  ['helper', 'read', 'triage'],
  ['reader', 'read', 'read'],
] as const)('%s has the permission %s', async (username, permission, role) => {
  if (username !== 'octo') github.setRole(username, role);
  const { data } = await client().rest.repos.getCollaboratorPermissionLevel({ ...where, username });
  expect(data).toMatchObject({ permission, role_name: role, user: { login: username } });
});

it('whom nobody knows has no permission: 404', async () => {
  const ask = client().rest.repos.getCollaboratorPermissionLevel({ ...where, username: 'nobody-at-all' });
  expect(await refusal(ask)).toMatch(/^404/);
});

describe('check runs', () => {
  it('are made in progress and completed', async () => {
    const { rest } = client();
    const { data } = await rest.checks.create({
      ...where,
      name: 'snapgate',
      head_sha: sha,
      status: 'in_progress',
    });
    expect([data.status, data.conclusion, data.app?.slug]).toEqual(['in_progress', null, 'github-actions']);
    const annotation = {
      path: 'guest/Dockerfile',
      start_line: 1,
      end_line: 1,
      annotation_level: 'failure',
      message: 'grew',
    } as const;
    await rest.checks.update({
      ...where,
      check_run_id: data.id,
      conclusion: 'failure',
      output: { title: 'Grew', summary: 'by 1 MiB', annotations: [annotation] },
    });
    const listed = await rest.checks.listForRef({ ...where, ref: sha, check_name: 'snapgate' });
    expect(listed.data.total_count).toBe(1);
    expect(listed.data.check_runs[0]).toMatchObject({ status: 'completed', conclusion: 'failure' });
    expect(github.checks(sha)).toMatchObject([
      { title: 'Grew', conclusion: 'failure', annotations: [annotation] },
    ]);
  });

  it('have limits', async () => {
    const { rest } = client();
    const output = { title: 'x', summary: 'x'.repeat(65_536) };
    const create = rest.checks.create({ ...where, name: 'x', head_sha: sha, output });
    expect(await refusal(create)).toMatch(/^422 Invalid request. output.summary/);
    expect(await refusal(rest.checks.create({ ...where, name: 'x', head_sha: 'main' }))).toMatch(/^422/);
  });
});

it('pull requests are found by their head, and a fork is told from the repository', async () => {
  const { rest } = client();
  const forked = await github.openPullRequest({ headSha: 'b'.repeat(40), headRef: 'fix', fork: 'mallory' });
  const own = await github.openPullRequest({ headSha: 'c'.repeat(40), headRef: 'fix' });
  const byHead = async (head: string) =>
    (await rest.pulls.list({ ...where, head, state: 'open' })).data.map(({ number }) => number);
  expect(await byHead('mallory:fix')).toEqual([forked]);
  expect(await byHead('octo:fix')).toEqual([own]);
  const { data } = await rest.pulls.get({ ...where, pull_number: forked });
  expect(data.head).toMatchObject({ sha: 'b'.repeat(40), repo: { full_name: 'mallory/guest', fork: true } });
  expect(data.base.repo.full_name).toBe('octo/guest');
  github.changePullRequest(forked, { headSha: 'd'.repeat(40), state: 'closed' });
  expect(await byHead('mallory:fix')).toEqual([]);
  const closed = await rest.pulls.get({ ...where, pull_number: forked });
  expect([closed.data.head.sha, closed.data.state]).toEqual(['d'.repeat(40), 'closed']);
  const associated = await rest.repos.listPullRequestsAssociatedWithCommit({
    ...where,
    commit_sha: 'd'.repeat(40),
  });
  expect(associated.data).toEqual([]);
});

describe('artifacts of a run', () => {
  it('are listed page by page and by name, and their zip is behind a signed address', async () => {
    const { id } = github.putRun({ headSha: sha, fork: 'mallory' });
    const zip = zipOf([{ name: '../escape', content: 'x' }]);
    for (let index = 0; index < 35; index += 1)
      services.artifacts.plant({ runId: id, name: `a-${index}`, zip });
    const { rest, paginate } = client();
    const all = await paginate(rest.actions.listWorkflowRunArtifacts, { ...where, run_id: id });
    expect(all).toHaveLength(35);
    const named = await rest.actions.listWorkflowRunArtifacts({ ...where, run_id: id, name: 'a-7' });
    expect(named.data.artifacts).toMatchObject([{ name: 'a-7', workflow_run: { head_sha: sha } }]);
    const artifact_id = named.data.artifacts[0]?.id ?? 0;
    const got = await rest.actions.downloadArtifact({ ...where, artifact_id, archive_format: 'zip' });
    expect(Buffer.from(got.data as ArrayBuffer).equals(zip)).toBe(true);
    const { data } = await rest.actions.getWorkflowRun({ ...where, run_id: id });
    expect([data.head_sha, data.head_repository.full_name]).toEqual([sha, 'mallory/guest']);
  });

  it('that have expired are gone, and without actions: read there is no zip', async () => {
    const id = services.artifacts.plant({ runId: 3, name: 'old', zip: zipOf([]), expired: true });
    const get = (token: string) =>
      client(token).rest.actions.downloadArtifact({ ...where, artifact_id: id, archive_format: 'zip' });
    expect(await refusal(get(github.token))).toMatch(/^410/);
    expect(await refusal(get(github.newToken({ contents: 'read' })))).toMatch(/^403/);
  });
});

describe('faults', () => {
  it('answer in place of GitHub as often as they are told to', async () => {
    using fault = github.fault({ method: 'GET', path: /\/pulls\?/, status: 503, times: 2 });
    const list = () => client().rest.pulls.list({ ...where, state: 'all' });
    expect(await refusal(list())).toMatch(/^503/);
    expect(await refusal(list())).toMatch(/^503/);
    expect((await list()).status).toBe(200);
    expect(fault.hits).toBe(2);
    expect(github.requests).toHaveLength(3);
  });

  it('carry headers and bodies', async () => {
    using _ = github.fault({
      path: /pulls/,
      status: 403,
      headers: { 'retry-after': '7' },
      body: { message: 'You have exceeded a secondary rate limit' },
    });
    const answer = await fetch(`${github.apiUrl}/repos/octo/guest/pulls`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([403, '7']);
    expect(await answer.json()).toEqual({ message: 'You have exceeded a secondary rate limit' });
  });

  it('are silence for a while, or for good', async () => {
    const path = /pulls/;
    const url = `${github.apiUrl}/repos/octo/guest/pulls`;
    {
      using _ = github.fault({ path, hangMs: 150 });
      const began = performance.now();
      expect((await fetch(url)).status).toBe(200);
      expect(performance.now() - began).toBeGreaterThan(140);
    }
    using _ = github.fault({ path, hangMs: Number.POSITIVE_INFINITY });
    await expect(fetch(url, { signal: AbortSignal.timeout(100) })).rejects.toThrow(/timeout/);
  });

  it('cut the connection before or after the deed', async () => {
    const write = () =>
      client().rest.issues.createComment({ ...where, issue_number: github.pullNumber, body: 'lost' });
    {
      using _ = github.fault({ method: 'POST', path: /comments/, dropConnection: true });
      await expect(write()).rejects.toThrow();
      expect(await github.comments()).toEqual([]);
    }
    using _ = github.fault({ method: 'POST', path: /comments/, dropConnection: 'after' });
    await expect(write()).rejects.toThrow();
    expect((await github.comments()).map(({ body }) => body)).toEqual(['lost']);
  });
});

it('what the emulator does by itself is still there', async () => {
  const { rest } = client();
  const main = await rest.git.getRef({ ...where, ref: 'heads/main' });
  const blob = await rest.git.createBlob({ ...where, content: '{}', encoding: 'utf-8' });
  const tree = await rest.git.createTree({
    ...where,
    tree: [{ path: 'a.json', mode: '100644', type: 'blob', sha: blob.data.sha }],
  });
  const commit = await rest.git.createCommit({
    ...where,
    message: 'x',
    tree: tree.data.sha,
    parents: [main.data.object.sha],
  });
  await rest.git.createRef({ ...where, ref: 'refs/heads/data', sha: commit.data.sha });
  const content = await rest.repos.getContent({ ...where, path: 'a.json', ref: 'data' });
  expect(content.data).toMatchObject({ content: Buffer.from('{}').toString('base64') });
  expect(await refusal(rest.repos.getContent({ ...where, path: 'none', ref: 'data' }))).toMatch(/^404/);
});
