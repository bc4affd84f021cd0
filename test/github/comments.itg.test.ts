import { afterAll, beforeAll, expect, test } from 'vitest';
import { openComments } from '../../src/github/comments.ts';
import { commentMarker, upsertComment } from '../../src/github/sticky-comment.ts';
import { type GitHubEmulator, startGitHub } from './emulator.ts';

let github: GitHubEmulator;
beforeAll(async () => {
  github = await startGitHub();
});
afterAll(() => github[Symbol.asyncDispose]());

function actionComments() {
  const [owner = '', repo = ''] = github.repository.split('/');
  return openComments({ apiUrl: github.apiUrl, token: github.token, owner, repo, number: github.pullNumber });
}

test('one comment a key, edited in place behind 120 others, and nobody else can take its place', async () => {
  await github.foreign.create(`${commentMarker('default')}\nall is well`);
  for (let index = 0; index < 120; index += 1) await github.foreign.create(`noise ${index}`);
  const first = await upsertComment(actionComments(), 'default', 'one');
  await upsertComment(actionComments(), 'other', 'of another gate');
  const second = await upsertComment(actionComments(), 'default', 'two');

  expect(second.id).toBe(first.id);
  const all = await github.comments();
  expect(all).toHaveLength(123);
  expect(all[0]?.body).toBe('<!-- snapgate:default -->\nall is well');
  expect(all.slice(121).map(({ body }) => body)).toEqual([
    '<!-- snapgate:default -->\ntwo',
    '<!-- snapgate:other -->\nof another gate',
  ]);
});
