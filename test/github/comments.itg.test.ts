import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ToldNews, tellComment } from '../../src/action/comment.ts';
import { openOctokit } from '../../src/github/client.ts';
import { commentMarker, readCommentState, stateOf } from '../../src/github/comment-state.ts';
import { openComments } from '../../src/github/comments.ts';
import { authorOf, resultOf } from './comment-samples.ts';
import { type GitHubEmulator, startGitHub } from './emulator.ts';

let github: GitHubEmulator;
beforeAll(async () => {
  github = await startGitHub();
});
afterAll(() => github[Symbol.asyncDispose]());

const [owner, repo] = ['octo', 'guest'];

function actionComments(number: number, token = github.token) {
  return openComments({ apiUrl: github.apiUrl, token, owner, repo, number });
}

async function tell(
  number: number,
  run: number,
  saying: string,
  more: { key?: string; token?: string } = {},
) {
  const { key = 'default', token } = more;
  const news: ToldNews = { ...resultOf({ render: () => `### ${saying}\n` }), changed: true, isFailure: true };
  const written = await tellComment(actionComments(number, token), authorOf(run, { key }), 'always', news, {
    settleMs: 100,
    onFailure: (error) => {
      throw error;
    },
  });
  return written?.comment;
}

test('one comment a key, edited in place behind 120 others, and nobody else can take its place', async () => {
  const number = github.pullNumber;
  await github.foreign.create(`${commentMarker('default')}\nall is well`);
  for (let index = 0; index < 120; index += 1) await github.foreign.create(`noise ${index}`);
  const first = await tell(number, 1, 'one');
  await tell(number, 1, 'of another gate', { key: 'other' });
  const second = await tell(number, 2, 'two');

  expect(second?.id).toBe(first?.id);
  const all = await github.comments();
  expect(all).toHaveLength(123);
  expect(all[0]?.body).toBe('<!-- snapgate:default -->\nall is well');
  expect(all.slice(121).map(({ body }) => [body.split('\n')[0], /### .*/.exec(body)?.[0]])).toEqual([
    ['<!-- snapgate:default -->', '### two'],
    ['<!-- snapgate:other -->', '### of another gate'],
  ]);
  expect((await readCommentState(actionComments(number), 'default'))?.run.id).toBe(2);
});

test('two heads that end in the wrong order leave the newer result in the one comment, ten times of ten', async () => {
  for (let round = 0; round < 10; round += 1) {
    const number = await github.openPullRequest();
    await tell(number, 2 + round, 'newer');
    await tell(number, 1 + round, 'older, and late');
    const all = await github.comments(number);
    expect(all).toHaveLength(1);
    expect(all[0]?.body).toContain('### newer');
  }
});

test('two runs at once leave one comment, of the newer, whichever is quicker', async () => {
  for (let round = 0; round < 5; round += 1) {
    const number = await github.openPullRequest();
    const order = round % 2 === 0 ? [1, 2] : [2, 1];
    await Promise.all(order.map((run) => tell(number, run, `run ${run}`)));
    const all = await github.comments(number);
    expect(all.map(({ body }) => stateOf(body)?.run.id)).toEqual([2]);
  }
});

test('a comment that somebody has folded away is edited all the same', async () => {
  const number = await github.openPullRequest();
  const first = await tell(number, 1, 'one');
  await openOctokit({ apiUrl: github.apiUrl, token: github.token }).graphql(
    'mutation ($id: ID!) { minimizeComment(input: { subjectId: $id, classifier: OUTDATED }) { clientMutationId } }',
    { id: first?.nodeId ?? '' },
  );
  expect((await tell(number, 2, 'two'))?.id).toBe(first?.id);
});

test('what a token may not delete is folded away', async () => {
  const number = await github.openPullRequest();
  const api = actionComments(number);
  const { body } = (await tell(number, 1, 'one')) ?? { body: '' };
  const duplicate = await api.create(body);
  using _ = github.fault({ method: 'DELETE', path: /\/issues\/comments\//, status: 403 });
  await tell(number, 2, 'two');
  const all = await github.comments(number);
  expect(all.map((each) => /### .*/.exec(each.body)?.[0])).toEqual(['### two', '### one']);
  expect(github.minimized.get(duplicate.nodeId ?? '')).toBe('DUPLICATE');
});

test('the token is never guessed at: one of another login has a comment of its own', async () => {
  const number = await github.openPullRequest();
  await tell(number, 1, 'of the bot');
  await tell(number, 2, 'of an app', { token: github.newToken({ 'pull-requests': 'write' }, 'octo') });
  expect((await github.comments(number)).map(({ author }) => author)).toEqual([
    'github-actions[bot]',
    'octo',
  ]);
});
