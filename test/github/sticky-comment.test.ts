import { expect, test } from 'vitest';
import { commentMarker, maxCommentChars, upsertComment } from '../../src/github/sticky-comment.ts';
import { commentOf, memoryComments } from './memory-comments.ts';

const bot = 'github-actions[bot]';

test('the first run writes the comment, later ones edit it in place', async () => {
  const api = memoryComments(bot);
  const first = await upsertComment(api, 'default', 'one');
  const second = await upsertComment(api, 'default', 'two');
  expect(second.id).toBe(first.id);
  expect(api.stored.map(({ body }) => body)).toEqual(['<!-- snapgate:default -->\ntwo']);
});

test('an unchanged comment is left alone', async () => {
  const api = memoryComments(bot);
  await upsertComment(api, 'default', 'same');
  await upsertComment(api, 'default', 'same');
  expect(api.writes).toBe(1);
});

test('two keys are two comments, though one begins with the other', async () => {
  const api = memoryComments(bot);
  await upsertComment(api, 'a', 'of a');
  await upsertComment(api, 'a.b', 'of a.b');
  await upsertComment(api, 'a', 'of a again');
  expect(api.stored.map(({ body }) => body.split('\n')[1])).toEqual(['of a again', 'of a.b']);
});

test("somebody else's comment with the marker is neither edited nor taken for ours", async () => {
  const foreign = commentOf(1, 'mallory', `${commentMarker('default')}\nall is well`);
  const api = memoryComments(bot, [foreign]);
  await upsertComment(api, 'default', 'the truth');
  expect(api.stored).toEqual([foreign, commentOf(2, bot, '<!-- snapgate:default -->\nthe truth')]);
});

test('a marker inside a comment does not make it ours', async () => {
  const quote = commentOf(1, bot, `> ${commentMarker('default')}`);
  const api = memoryComments(bot, [quote]);
  await upsertComment(api, 'default', 'new');
  expect(api.stored).toHaveLength(2);
});

test.each([-1, 0, 1])('a body %i characters past the limit is written within it', async (excess) => {
  const api = memoryComments(bot);
  const line = 'x'.repeat(99);
  const room = maxCommentChars - commentMarker('default').length - 1;
  const text = `${`${line}\n`.repeat(700)}`.slice(0, room + excess);
  await upsertComment(api, 'default', text);
  const body = api.stored[0]?.body ?? '';
  expect(body.length).toBeLessThanOrEqual(maxCommentChars);
  expect(body.includes('Cut: the whole report')).toBe(excess > 0);
});
