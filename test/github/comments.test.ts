import { expect, test } from 'vitest';
import { explainCommentFailure, isTransient } from '../../src/github/comment-failure.ts';
import { openComments } from '../../src/github/comments.ts';

const target = { apiUrl: 'https://api.example', token: 't0ken', owner: 'o', repo: 'r', number: 7 };

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** An API that answers by method and path, and remembers what it was asked. */
function answering(answers: Readonly<Record<string, () => Response>>) {
  const asked: Asked[] = [];
  const fetcher: typeof fetch = async (input, init) => {
    const url = new URL(String(input));
    const method = init?.method ?? 'GET';
    asked.push({ method, path: url.pathname + url.search, body: init?.body ?? undefined });
    const answer = answers[`${method} ${url.pathname}`];
    return answer ? answer() : Response.json({ message: 'Not Found' }, { status: 404 });
  };
  return { api: openComments(target, fetcher), asked };
}

const comment = { id: 3, body: 'b', html_url: 'https://example/3', user: { login: 'someone' } };

test('all pages are listed', async () => {
  let page = 0;
  const next = '<https://api.example/repos/o/r/issues/7/comments?page=2>; rel="next"';
  const { api, asked } = answering({
    'GET /repos/o/r/issues/7/comments': () => {
      page += 1;
      const headers: Record<string, string> = page === 1 ? { link: next } : {};
      return Response.json([{ ...comment, id: page }], { headers });
    },
  });
  const ids: number[] = [];
  for await (const { id } of api.list()) ids.push(id);
  expect(ids).toEqual([1, 2]);
  expect(asked[0]?.path).toContain('per_page=100');
});

test('a comment of a deleted user has no author', async () => {
  const { api } = answering({
    'GET /repos/o/r/issues/7/comments': () => Response.json([{ ...comment, user: null, body: null }]),
  });
  const all = [];
  for await (const each of api.list()) all.push(each);
  expect(all).toEqual([{ id: 3, body: '', author: '', url: 'https://example/3' }]);
});

test('the viewer is asked of GraphQL, then of REST, and is the actions bot where neither answers', async () => {
  const graphql = () => Response.json({ data: { viewer: { login: 'graph' } } });
  const rest = () => Response.json({ login: 'rest' });
  expect(await answering({ 'POST /graphql': graphql, 'GET /user': rest }).api.viewer()).toBe('graph');
  expect(await answering({ 'GET /user': rest }).api.viewer()).toBe('rest');
  expect(await answering({}).api.viewer()).toBe('github-actions[bot]');
});

test('create and update send the body and return the address', async () => {
  const { api, asked } = answering({
    'POST /repos/o/r/issues/7/comments': () => Response.json(comment, { status: 201 }),
    'PATCH /repos/o/r/issues/comments/3': () => Response.json(comment),
  });
  expect((await api.create('new')).url).toBe('https://example/3');
  expect((await api.update(3, 'newer')).id).toBe(3);
  expect(asked.map(({ body }) => body)).toEqual(['{"body":"new"}', '{"body":"newer"}']);
});

async function failureOf(status: number): Promise<unknown> {
  const message = 'Resource not accessible by integration';
  const { api } = answering({
    'POST /repos/o/r/issues/7/comments': () => Response.json({ message }, { status }),
  });
  return await api.create('x').catch((error: unknown) => error);
}

test.each([
  [401, false],
  [403, false],
  [404, false],
  [422, false],
  [500, true],
  [502, true],
])(
  'a %i names the permission, says that the verdict stands, and is tried again: %s',
  async (status, again) => {
    const error = await failureOf(status);
    const text = explainCommentFailure(error);
    expect(text).toContain(String(status));
    expect(text).toContain('pull-requests: write');
    expect(text).toContain('The verdict stands');
    expect(text).not.toContain('\n');
    expect(isTransient(error)).toBe(again);
  },
);

test('a network that fails is tried again, and says so', async () => {
  const api = openComments(target, async () => {
    throw new TypeError('fetch failed');
  });
  const error = await api.create('x').catch((reason: unknown) => reason);
  expect(isTransient(error)).toBe(true);
  expect(explainCommentFailure(error)).toContain('fetch failed');
});
