import { describe, expect, test } from 'vitest';
import {
  callGitHub,
  createOnce,
  openOctokit,
  requestGitHub,
  startPatience,
} from '../../src/github/client.ts';
import {
  type Answers,
  answering,
  type FakeClock,
  failing,
  fakeClock,
  refusedConnection,
} from './fake-service.ts';

const path = '/repos/o/r';
const name = `GET ${path}`;
const found = () => Response.json({ id: 1, full_name: 'o/r' });

/** Asks for a repository; what came of it, and how often it was asked. */
async function ask(answers: Answers, { patience }: FakeClock = fakeClock()) {
  const service = answering(answers);
  const octokit = openOctokit({ apiUrl: 'https://api.example', token: 't0ken', fetch: service.fetch });
  const result = await callGitHub(
    (limit) => octokit.rest.repos.get({ owner: 'o', repo: 'r', ...limit }),
    patience,
  ).then(
    ({ data }) => data.full_name,
    (error: unknown) => error,
  );
  return { result, tries: service.asked.length };
}

describe('what passes is asked again', () => {
  test.each([
    ['500', failing(500, 'Server Error')],
    ['502', failing(502, 'Bad Gateway')],
    ['503', failing(503, 'Service Unavailable')],
    ['504 without JSON', () => new Response('<html>', { status: 504 })],
    ['429', failing(429, 'Too many requests', { 'retry-after': '1' })],
    ['403 with a retry-after', failing(403, 'Slow down', { 'retry-after': '2' })],
    ['403 secondary', failing(403, 'You have exceeded a secondary rate limit.', { 'retry-after': '1' })],
    ['a refused connection', refusedConnection()],
    ['a cut connection', new TypeError('terminated')],
  ])('%s, twice', async (_, fault) => {
    expect(await ask({ [name]: [fault, fault, found] })).toEqual({ result: 'o/r', tries: 3 });
    const forever = await ask({ [name]: fault });
    expect(forever.tries).toBe(3);
    expect(forever.result).toBeInstanceOf(Error);
  });

  test.each([
    ['401', failing(401, 'Bad credentials')],
    ['403', failing(403, 'Resource not accessible by integration')],
    ['404', failing(404, 'Not Found')],
    ['409', failing(409, 'Conflict')],
    ['410', failing(410, 'Gone')],
    ['422', failing(422, 'Validation Failed')],
    ['400', failing(400, 'Problems parsing JSON')],
  ])('%s does not, and is not', async (_, fault) => {
    const clock = fakeClock();
    expect(await ask({ [name]: [fault, found] }, clock)).toMatchObject({ tries: 1 });
    expect(clock.pauses).toEqual([]);
  });
});

describe('pauses', () => {
  test.each([
    ['are a second, then five', failing(500, 'x'), [1000, 5000]],
    ['are what retry-after says', failing(429, 'x', { 'retry-after': '7' }), [7000, 7000]],
    ['are no shorter than usual', failing(503, 'x', { 'retry-after': '0' }), [1000, 5000]],
    [
      'are a minute after a secondary limit that names none',
      failing(403, 'a secondary rate limit'),
      [60_000],
    ],
    ['do not begin where they would not end', failing(429, 'x', { 'retry-after': '91' }), []],
    [
      'do not follow a retry-after without sense',
      failing(500, 'x', { 'retry-after': '-1e999' }),
      [1000, 5000],
    ],
  ])('%s', async (_, fault, pauses) => {
    const clock = fakeClock();
    await ask({ [name]: fault }, clock);
    expect(clock.pauses).toEqual(pauses);
  });

  test('last until the requests of the hour come back, where that is soon', async () => {
    const reset = (seconds: number) => ({
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(Date.UTC(2026, 0, 2, 3, 4, 5 + seconds) / 1000),
    });
    const soon = fakeClock();
    const exhausted = (seconds: number) => failing(403, 'API rate limit exceeded', reset(seconds));
    expect((await ask({ [name]: [exhausted(20), found] }, soon)).result).toBe('o/r');
    expect(soon.pauses).toEqual([20_000]);
    const late = fakeClock();
    expect((await ask({ [name]: [exhausted(3000), found] }, late)).tries).toBe(1);
    expect(late.pauses).toEqual([]);
    const past = fakeClock();
    expect((await ask({ [name]: [exhausted(-5), found] }, past)).result).toBe('o/r');
    expect(past.pauses).toEqual([1000]);
  });
});

describe('time', () => {
  test('a request that never ends, and does not care to be aborted, ends', async () => {
    const started = Date.now();
    const { result, tries } = await ask({ [name]: 'hang' }, fakeClock({ requestMs: 30 }));
    expect(tries).toBe(3);
    expect(result).toMatchObject({ name: 'TimeoutError' });
    expect(Date.now() - started).toBeLessThan(2000);
  });

  test('a request is aborted at its limit', async () => {
    let signal: AbortSignal | undefined;
    const hung = requestGitHub(
      ({ request }) => {
        signal = request.signal;
        return new Promise(() => {});
      },
      fakeClock({ requestMs: 10 }).patience,
    );
    await expect(hung).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(signal?.aborted).toBe(true);
  });

  test('all tries share one limit', async () => {
    const clock = fakeClock({ totalMs: 1500 });
    expect(await ask({ [name]: failing(500, 'x') }, clock)).toMatchObject({ tries: 2 });
    expect(clock.pauses).toEqual([1000]);
  });

  test('several calls share a patience that was started, and nothing is asked after its end', async () => {
    const clock = fakeClock({ totalMs: 60_000 });
    const started = startPatience(clock.patience, 10_000);
    const shared = { ...clock, patience: started };
    expect(await ask({ [name]: [failing(500, 'x'), found] }, shared)).toEqual({ result: 'o/r', tries: 2 });
    clock.advance(8500);
    expect(await ask({ [name]: [failing(500, 'x'), found] }, shared)).toMatchObject({ tries: 1 });
    clock.advance(500);
    expect(await ask({ [name]: found }, shared)).toMatchObject({
      tries: 0,
      result: { name: 'TimeoutError' },
    });
    expect(startPatience(started, 90_000).deadline).toBe(started.deadline);
  });
});

describe('createOnce', () => {
  const service = (answers: Answers) => {
    const { fetch, asked } = answering(answers);
    const octokit = openOctokit({ apiUrl: 'https://api.example', token: 't0ken', fetch });
    const create = () =>
      createOnce(
        async (limit) => (await octokit.request('POST /things', limit)).data,
        async (limit) => (await octokit.request('GET /things', limit)).data[0],
        fakeClock().patience,
      );
    return { create, asked: () => asked.map(({ method }) => method) };
  };
  const made = () => Response.json({ id: 5 }, { status: 201 });

  test('looks before it makes again, and takes what is there', async () => {
    const lost = service({
      'POST /things': new TypeError('terminated'),
      'GET /things': () => Response.json([{ id: 5 }]),
    });
    expect(await lost.create()).toEqual({ id: 5 });
    expect(lost.asked()).toEqual(['POST', 'GET']);
  });

  test('makes again where nothing is there', async () => {
    const failed = service({
      'POST /things': [failing(502, 'x'), made],
      'GET /things': () => Response.json([]),
    });
    expect(await failed.create()).toEqual({ id: 5 });
    expect(failed.asked()).toEqual(['POST', 'GET', 'POST']);
  });

  test('need not look where it was refused', async () => {
    const slow = service({ 'POST /things': [failing(429, 'x', { 'retry-after': '1' }), made] });
    expect(await slow.create()).toEqual({ id: 5 });
    expect(slow.asked()).toEqual(['POST', 'POST']);
  });

  test('makes nothing more while it cannot look', async () => {
    const down = service({ 'POST /things': [failing(502, 'x'), made], 'GET /things': failing(500, 'x') });
    await expect(down.create()).rejects.toThrow();
    expect(down.asked()).toEqual(['POST', 'GET', 'GET']);
  });
});

test.each([
  ['https://api.github.com', 'https://api.github.com/repos/o/r', 'https://api.github.com/graphql'],
  ['https://ghe.example/api/v3', 'https://ghe.example/api/v3/repos/o/r', 'https://ghe.example/api/graphql'],
  ['https://ghe.example/api/v3/', 'https://ghe.example/api/v3/repos/o/r', 'https://ghe.example/api/graphql'],
  ['https://api.octo.ghe.com', 'https://api.octo.ghe.com/repos/o/r', 'https://api.octo.ghe.com/graphql'],
])('%s is asked at its own addresses', async (apiUrl, rest, graphql) => {
  const asked: string[] = [];
  const headers: (string | null)[] = [];
  const octokit = openOctokit({
    apiUrl,
    token: 't0ken',
    fetch: async (input, init) => {
      asked.push(String(input));
      headers.push(new Headers(init?.headers).get('authorization'));
      return Response.json({ data: {} });
    },
  });
  await octokit.rest.repos.get({ owner: 'o', repo: 'r' });
  await octokit.graphql('{ viewer { login } }');
  expect(asked).toEqual([rest, graphql]);
  expect(headers).toEqual(['token t0ken', 'token t0ken']);
});
