import { describe, expect, test } from 'vitest';
import { type CommentApi, openComments } from '../../src/github/comments.ts';
import { type Answers, answering, failing, fakeClock, refusedConnection } from './fake-service.ts';

const target = { apiUrl: 'https://api.example', token: 't0ken', owner: 'o', repo: 'r', number: 7 };
const listing = 'GET /repos/o/r/issues/7/comments';

function open(answers: Answers) {
  const service = answering(answers);
  return {
    api: openComments({ ...target, fetch: service.fetch }, fakeClock().patience),
    asked: service.asked,
  };
}

async function all(api: CommentApi) {
  const comments = [];
  for await (const each of api.list()) comments.push(each);
  return comments;
}

const comment = {
  id: 3,
  node_id: 'IC_3',
  body: 'b',
  html_url: 'https://example/3',
  user: { login: 'someone' },
};
const next = '<https://api.example/repos/o/r/issues/7/comments?page=2>; rel="next"';

test('all pages are listed', async () => {
  const page = (id: number, headers: Record<string, string>) => () =>
    Response.json([{ ...comment, id }], { headers });
  const { api, asked } = open({ [listing]: [page(1, { link: next }), page(2, {})] });
  expect((await all(api)).map(({ id }) => id)).toEqual([1, 2]);
  expect(asked.map(({ path }) => path)).toEqual([
    '/repos/o/r/issues/7/comments?per_page=100&page=1',
    '/repos/o/r/issues/7/comments?per_page=100&page=2',
  ]);
});

test.each([
  ['is cut', () => new Response('[{"id":', { headers: { 'content-type': 'application/json' } })],
  ['is of something else', () => Response.json({ total_count: 0 })],
  ['fails', failing(409, 'Conflict')],
])('a page that %s is no end of the list: the comment might be on it', async (_, second) => {
  const first = () => Response.json([comment], { headers: { link: next } });
  await expect(all(open({ [listing]: [first, second] }).api)).rejects.toThrow();
});

test('a list without end ends', async () => {
  const { api, asked } = open({ [listing]: () => Response.json([comment], { headers: { link: next } }) });
  await all(api);
  expect(asked).toHaveLength(30);
});

test('a comment of a deleted user has no author', async () => {
  const { api } = open({ [listing]: () => Response.json([{ ...comment, user: null, body: null }]) });
  expect(await all(api)).toEqual([{ id: 3, nodeId: 'IC_3', body: '', author: '', url: 'https://example/3' }]);
});

describe('the viewer', () => {
  const graphql = () => Response.json({ data: { viewer: { login: 'graph' } } });
  const rest = () => Response.json({ login: 'rest' });
  const refused = () => Response.json({ data: null, errors: [{ type: 'FORBIDDEN', message: 'no' }] });
  const viewer = (answers: Answers) => open(answers).api.viewer();

  test('is asked of GraphQL, then of REST, and is the actions bot where neither may be asked', async () => {
    expect(await viewer({ 'POST /graphql': graphql, 'GET /user': rest })).toBe('graph');
    expect(await viewer({ 'GET /user': rest })).toBe('rest');
    expect(await viewer({ 'POST /graphql': refused, 'GET /user': failing(403, 'no') })).toBe(
      'github-actions[bot]',
    );
    expect(await viewer({})).toBe('github-actions[bot]');
  });

  test.each([
    ['a token that is not accepted', failing(401, 'Bad credentials')],
    ['a service that fails', failing(502, 'Bad Gateway')],
    ['no connection', refusedConnection()],
    ['an answer without a login', () => Response.json({ data: {} })],
  ])('is not guessed after %s: by a wrong name the comment would be made twice', async (_, fault) => {
    await expect(viewer({ 'POST /graphql': fault, 'GET /user': rest })).rejects.toThrow();
    await expect(viewer({ 'GET /user': fault })).rejects.toThrow();
  });
});

test('create and update send the body and return the address', async () => {
  const { api, asked } = open({
    'POST /repos/o/r/issues/7/comments': () => Response.json(comment, { status: 201 }),
    'PATCH /repos/o/r/issues/comments/3': () => Response.json(comment),
  });
  expect((await api.create('new')).url).toBe('https://example/3');
  expect((await api.update(3, 'newer')).id).toBe(3);
  expect(asked.map(({ body }) => body)).toEqual(['{"body":"new"}', '{"body":"newer"}']);
});

test('nothing is tried again here: the caller must look first', async () => {
  const { api, asked } = open({ 'POST /repos/o/r/issues/7/comments': failing(502, 'Bad Gateway') });
  await expect(api.create('x')).rejects.toThrow();
  expect(asked).toHaveLength(1);
});

test('one comment is read as it is now, and is undefined where it is gone', async () => {
  const path = 'GET /repos/o/r/issues/comments/3';
  expect((await open({ [path]: () => Response.json(comment) }).api.get(3))?.body).toBe('b');
  expect(await open({}).api.get(3)).toBeUndefined();
  expect(await open({ [path]: failing(410, 'Gone') }).api.get(3)).toBeUndefined();
  await expect(open({ [path]: failing(500, 'x') }).api.get(3)).rejects.toThrow();
});

test('removing is done where it is gone, and fails where it is refused', async () => {
  const path = 'DELETE /repos/o/r/issues/comments/3';
  await open({ [path]: () => new Response(null, { status: 204 }) }).api.remove(3);
  await open({}).api.remove(3);
  await expect(open({ [path]: failing(403, 'no') }).api.remove(3)).rejects.toMatchObject({ status: 403 });
});

test('a duplicate is folded away by its name in GraphQL', async () => {
  const { api, asked } = open({ 'POST /graphql': () => Response.json({ data: {} }) });
  await api.minimize({ id: 3, nodeId: 'IC_3', body: '', author: '', url: '' });
  expect(String(asked[0]?.body)).toContain('minimizeComment');
  expect(JSON.parse(String(asked[0]?.body)).variables).toEqual({ id: 'IC_3' });
});
