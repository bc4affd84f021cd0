import { describe, expect, test } from 'vitest';
import { requestGitHub } from '../../src/github/client.ts';
import { openComments } from '../../src/github/comments.ts';
import { explainFailure, isGeneral, troubleOf } from '../../src/github/service-failure.ts';
import { answering, type Canned, failing, fakeClock, refusedConnection } from './fake-service.ts';

const token = 'ghs_s3cret';

/** What octokit throws where a comment is answered like this. */
async function failureOf(answer: Canned): Promise<unknown> {
  const { fetch } = answering({ 'POST /repos/o/r/issues/7/comments': answer });
  const target = { apiUrl: 'https://api.example', token, owner: 'o', repo: 'r', number: 7, fetch };
  return await openComments(target, fakeClock({ requestMs: 20 }).patience)
    .create('x')
    .catch((error: unknown) => error);
}

const service = { what: 'The comment could not be written', scope: 'pull-requests: write' };
const integration = 'Resource not accessible by integration';

describe('one line names the cause', () => {
  test.each<[string, Canned, string, string]>([
    [
      '401',
      failing(401, 'Bad credentials'),
      'token',
      '(401: Bad credentials). GitHub did not accept github-token',
    ],
    ['403', failing(403, integration), 'permission', `(403: ${integration}). The job needs`],
    [
      '404',
      failing(404, 'Not Found'),
      'not-found',
      '(404: Not Found). It is gone, or the token may not see it',
    ],
    ['409', failing(409, 'Conflict'), 'conflict', 'changed at the same time'],
    ['410', failing(410, 'Issues are disabled'), 'gone', 'deleted or switched off'],
    [
      'a locked conversation',
      failing(403, 'Unable to create comment because issue is locked.'),
      'locked',
      'unlock it',
    ],
    [
      '422',
      failing(422, 'Validation Failed'),
      'refused',
      '(422: Validation Failed). GitHub did not accept the request',
    ],
    ['422 of a locked one', failing(422, 'Conversation is locked'), 'locked', 'unlock it'],
    ['429', failing(429, 'Slow down'), 'secondary-rate-limit', 'Too many requests in a short time'],
    [
      'a secondary limit',
      failing(403, 'You have exceeded a secondary rate limit'),
      'secondary-rate-limit',
      'Too many requests',
    ],
    [
      'a burst with a time',
      failing(403, 'Slow down', { 'retry-after': '60' }),
      'secondary-rate-limit',
      'Too many requests',
    ],
    [
      'the primary limit',
      failing(403, 'API rate limit exceeded', {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': '1767325500',
      }),
      'primary-rate-limit',
      "The token's requests are used up until 03:45 UTC.",
    ],
    ['500', failing(500, 'Server Error'), 'server', '(500: Server Error). The API itself failed'],
    ['502', failing(502, 'Bad Gateway'), 'server', 'The API itself failed'],
    [
      'no connection',
      refusedConnection(),
      'network',
      '(connect ECONNREFUSED 127.0.0.1:1). The API could not be reached',
    ],
    ['a time-out', 'hang', 'time-out', '(no answer within 1 s). The API did not answer in time'],
    [
      'a cut answer',
      () => new Response('{"id": 1', { headers: { 'content-type': 'application/json' } }),
      'unreadable',
      'cut or is none of GitHub',
    ],
    [
      'a page of a proxy',
      () => new Response('<html>', { headers: { 'content-type': 'text/html' } }),
      'unreadable',
      'cut or is none of GitHub',
    ],
  ])('%s', async (_, answer, kind, words) => {
    const error = await failureOf(answer);
    expect(troubleOf(error).kind).toBe(kind);
    const text = explainFailure(error, service);
    expect(text).toContain(words);
    expect(text).toMatch(/^The comment could not be written \(/);
    expect(text).toContain('pull-requests: write');
    expect(text).toMatch(/The verdict stands; the report is in the job summary\.$/);
    expect(text).not.toContain('\n');
    expect(text).not.toContain(token);
  });

  test('and tells a fork, Dependabot, and a default that only reads apart', async () => {
    const error = await failureOf(failing(403, integration));
    const lines = ([undefined, 'fork', 'dependabot'] as const).map((readOnly) =>
      explainFailure(error, { ...service, readOnly }),
    );
    expect(lines[0]).toContain('what the organisation or the repository gives by default');
    expect(lines[0]).not.toMatch(/fork|Dependabot/);
    expect(lines[1]).toContain('A pull request from a fork has a read-only token, whatever the job asks for');
    expect(lines[2]).toContain("a run of Dependabot's has a read-only token");
    for (const line of lines) expect(line).toContain('`permissions: pull-requests: write`');
    const reading = { ...service, scope: 'pull-requests: read' };
    for (const readOnly of ['fork', 'dependabot'] as const)
      expect(explainFailure(error, { ...reading, readOnly })).toContain(
        'The job needs `permissions: pull-requests: read`: without it',
      );
  });

  test('of a service that says no end of it', async () => {
    const text = explainFailure(await failureOf(failing(422, `${'x'.repeat(500)}\n::error::y`)), service);
    expect(text.length).toBeLessThan(500);
    expect(text).not.toContain('::error');
  });

  test('with another consequence and permission', async () => {
    const text = explainFailure(await failureOf(failing(403, integration)), {
      what: 'The baseline could not be stored',
      scope: 'contents: write',
      consequence: 'The next run measures both sides.',
    });
    expect(text).toMatch(
      /^The baseline.*`permissions: contents: write`.*The next run measures both sides\.$/,
    );
  });
});

test("GraphQL's own errors, which it answers with status 200", () => {
  const graphql = (type?: string) =>
    Object.assign(new Error('Request failed due to following response errors:\n - No'), {
      headers: {},
      errors: [{ ...(type === undefined ? {} : { type }), message: 'No' }],
    });
  const kinds = ['FORBIDDEN', 'NOT_FOUND', 'RATE_LIMITED', 'constructor', undefined].map(
    (type) => troubleOf(graphql(type)).kind,
  );
  expect(kinds).toEqual(['permission', 'not-found', 'primary-rate-limit', 'refused', 'refused']);
});

test('what no service said is no trouble of a service', () => {
  for (const error of [new TypeError('x is not a function'), 'text', undefined, null, 5, new Error('')])
    expect(troubleOf(error)).toMatchObject({ kind: 'unknown', status: undefined });
});

test('a request that cannot be made any more is a time-out', async () => {
  const { patience } = fakeClock();
  const error = await requestGitHub(async () => 1, { ...patience, deadline: 0 }).catch(
    (reason: unknown) => reason,
  );
  expect(troubleOf(error).kind).toBe('time-out');
});

test('a missing permission is of one thing, a service that is down is down for all', async () => {
  const general = async (answer: Canned) => isGeneral(troubleOf(await failureOf(answer)));
  expect(await general(failing(403, integration))).toBe(false);
  expect(await general(failing(404, 'x'))).toBe(false);
  expect(await general(failing(401, 'x'))).toBe(true);
  expect(await general(failing(503, 'x'))).toBe(true);
  expect(await general('hang')).toBe(true);
});
