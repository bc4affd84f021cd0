import { expect, test } from 'vitest';
import { type CommentAuthor, type CommentNews, composeComment } from '../../src/github/comment-body.ts';
import { commentMarker, stateOf } from '../../src/github/comment-state.ts';
import type { CommentApi } from '../../src/github/comments.ts';
import { type StickyMemory, type Written, writeSticky } from '../../src/github/sticky-comment.ts';
import { authorOf, bot, commentAfter, resultOf } from './comment-samples.ts';
import { commentOf, memoryComments } from './memory-comments.ts';

function write(api: CommentApi, author: CommentAuthor, news: CommentNews): Promise<Written> {
  const phase = news.kind === 'result' || news.kind === 'running' ? news.kind : 'failed';
  const options = { settleMs: 0, wait: async () => {} };
  return writeSticky(api, author, phase, (held) => composeComment(author, news, held), options);
}

const saying = (text: string) => resultOf({ render: () => `### ${text}\n` });

test('the first run writes the comment, later ones edit it in place', async () => {
  const api = memoryComments(bot);
  const first = await write(api, authorOf(1), saying('one'));
  const second = await write(api, authorOf(2), saying('two'));
  expect([first.kind, second.kind]).toEqual(['written', 'written']);
  expect(second.comment?.id).toBe(first.comment?.id);
  expect(api.stored).toHaveLength(1);
  expect(api.stored[0]?.body).toMatch(/^<!-- snapgate:default -->\n<!-- snapgate-state:[\w-]+ -->\n/);
  expect(api.stored[0]?.body).toContain('### two');
  expect(api.stored[0]?.body).not.toContain('### one');
});

test('an unchanged comment is left alone', async () => {
  const api = memoryComments(bot);
  await write(api, authorOf(1), saying('same'));
  const again = await write(api, authorOf(1, { at: '2026-02-02T00:00:00.000Z' }), saying('same'));
  expect(again.kind).toBe('unchanged');
  expect(api.writes).toBe(1);
});

test('another step of the same run writes over a result, and that is seen; a later attempt is no other step', async () => {
  const api = memoryComments(bot);
  const shared = async (author: CommentAuthor, news: CommentNews) => {
    const memory: StickyMemory = {};
    const options = { settleMs: 0, wait: async () => {}, memory };
    const phase = news.kind === 'result' ? 'result' : 'running';
    await writeSticky(api, author, phase, (held) => composeComment(author, news, held), options);
    return memory.isShared;
  };
  const [a, b] = ['0000000a', '0000000b'];
  expect(await shared(authorOf(1, { nonce: a }), { kind: 'running' })).toBe(false);
  expect(await shared(authorOf(1, { nonce: a }), saying('of a'))).toBe(false);
  expect(await shared(authorOf(1, { nonce: a }), saying('of a again'))).toBe(false);
  expect(await shared(authorOf(1, { nonce: b }), { kind: 'running' })).toBe(true);
  expect(await shared(authorOf(1, { nonce: b }), saying('of b'))).toBe(false);
  expect(await shared(authorOf(1, { nonce: a }), saying('of a'))).toBe(true);
  expect(await shared(authorOf(1), saying('of one that is not told apart'))).toBe(false);
  expect(await shared(authorOf(1, { nonce: b }), saying('of b'))).toBe(false);
  expect(await shared(authorOf(1, { nonce: a, attempt: 2 }), saying('of attempt 2'))).toBe(false);
  expect(await shared(authorOf(2, { nonce: b }), saying('of run 2'))).toBe(false);
  expect(api.stored).toHaveLength(1);
  expect(api.stored[0]?.body).toContain('### of run 2');
});

test('two keys are two comments, though one begins with the other', async () => {
  const api = memoryComments(bot);
  await write(api, authorOf(1, { key: 'a' }), saying('of a'));
  await write(api, authorOf(1, { key: 'a.b' }), saying('of a.b'));
  await write(api, authorOf(2, { key: 'a' }), saying('of a again'));
  expect(api.stored.map(({ body }) => /### .*/.exec(body)?.[0])).toEqual(['### of a again', '### of a.b']);
});

test("somebody else's comment with the marker is neither edited nor taken for ours", async () => {
  const stolen = commentAfter([authorOf(9), saying('all is well')]);
  const foreign = commentOf(1, 'mallory', stolen);
  const api = memoryComments(bot, [foreign]);
  await write(api, authorOf(2), saying('the truth'));
  expect(api.stored[0]).toEqual(foreign);
  expect(api.stored[1]).toMatchObject({ id: 2, author: bot, body: expect.stringContaining('### the truth') });
});

test('a marker inside a comment does not make it ours', async () => {
  const quote = commentOf(1, bot, `> ${commentMarker('default')}`);
  const api = memoryComments(bot, [quote]);
  await write(api, authorOf(1), saying('new'));
  expect(api.stored).toHaveLength(2);
});

test.each<[string, CommentNews]>([
  ['result', saying('late')],
  ['running', { kind: 'running' }],
  ['failure', { kind: 'failed', message: 'm', remedy: 'r' }],
  ['cancellation', { kind: 'cancelled' }],
])("an older run's %s leaves the newer run's comment as it is", async (_, news) => {
  for (const [older, newer] of [
    [authorOf(9), authorOf(10)],
    [authorOf(9, { attempt: 2 }), authorOf(9, { attempt: 10 })],
    [authorOf(9, { attempt: 3 }), authorOf(10)],
    [authorOf(0), authorOf(1)],
  ] as const) {
    const api = memoryComments(bot);
    await write(api, newer, saying('newer'));
    const before = [...api.stored];
    const written = await write(api, older, news);
    expect(written).toEqual({ kind: 'left', comment: before[0] });
    expect(api.stored).toEqual(before);
    expect(api.writes).toBe(1);
  }
});

test('of several comments the oldest is kept, with what the newest run says, and the others go', async () => {
  const bodies = [5, 7, 6].map((id) => commentAfter([authorOf(id), saying(`of ${id}`)]));
  const broken = `${commentMarker('default')}\n<!-- snapgate-state:AAAA -->\nold`;
  const own = [...bodies, broken].map((body, index) => commentOf(10 + index, bot, body));
  const others = [commentOf(1, bot, 'mine, of another kind'), commentOf(99, 'mallory', bodies[1] ?? '')];

  const api = memoryComments(bot, [...others, ...own]);
  expect((await write(api, authorOf(6), saying('of 6'))).kind).toBe('left');
  expect(api.stored).toEqual([...others, { ...own[0], body: bodies[1] }]);

  const later = memoryComments(bot, [...others, ...own]);
  await write(later, authorOf(8), saying('of 8'));
  expect(later.stored.map(({ id }) => id)).toEqual([1, 99, 10]);
  expect(later.stored[2]?.body).toContain('### of 8');
});

test('a duplicate that may not be deleted is folded away, once', async () => {
  const bodies = [5, 6].map((id) => commentAfter([authorOf(id), saying(`of ${id}`)]));
  const api = memoryComments(
    bot,
    bodies.map((body, index) => commentOf(index + 1, bot, body)),
  );
  api.remove = async () => {
    throw Object.assign(new Error('Must have admin rights'), { status: 403 });
  };
  const written = await write(api, authorOf(7), saying('of 7'));
  expect(written.comment?.id).toBe(1);
  expect(api.stored[0]?.body).toContain('### of 7');
  expect(api.minimized).toEqual([2]);
});

test('a comment that somebody deletes while it is being written is made again', async () => {
  const api = memoryComments(bot, [commentOf(1, bot, commentAfter([authorOf(1), saying('one')]))]);
  const { get } = api;
  api.get = async (id) => {
    api.get = get;
    api.stored.length = 0;
    return get(id);
  };
  const written = await write(api, authorOf(2), saying('two'));
  expect(api.stored).toEqual([written.comment]);
  expect(stateOf(api.stored[0]?.body ?? '')?.run).toEqual({ id: 2, attempt: 1 });
});

test('a list that does not yet show what was made is no reason to make it again', async () => {
  const api = memoryComments(bot);
  api.list = async function* () {};
  const written = await write(api, authorOf(1), saying('one'));
  expect(written).toEqual({ kind: 'written', comment: api.stored[0] });
  expect(api.writes).toBe(1);
});

test('two runs that overwrite each other without end give up', async () => {
  const api = memoryComments(bot);
  const rival = commentAfter([authorOf(1), saying('rival')]);
  api.get = async (id) => commentOf(id, bot, `${rival}${api.writes}`);
  api.stored.push(commentOf(1, bot, rival));
  const written = await write(api, authorOf(2), saying('two'));
  expect(written.kind).toBe('none');
});
