import { describe, expect, test } from 'vitest';
import { mayStart, type ToldNews, tellComment } from '../../src/action/comment.ts';
import { createTroubles } from '../../src/action/troubles.ts';
import { type CommentPolicy, commentPolicies } from '../../src/config/inputs.ts';
import type { CommentApi } from '../../src/github/comments.ts';
import { authorOf, bot, commentAfter, resultOf } from '../github/comment-samples.ts';
import { fakeClock } from '../github/fake-service.ts';
import { commentOf, memoryComments } from '../github/memory-comments.ts';
import { recordedLog } from './recorded-log.ts';

function httpError(status: number): Error {
  return Object.assign(new Error(`status ${status}`), { status, response: { headers: {} } });
}

const red: ToldNews = { ...resultOf(), changed: true, isFailure: true };
const green: ToldNews = {
  ...resultOf({ outcome: 'pass', headline: 'none' }),
  changed: false,
  isFailure: false,
};
const improved: ToldNews = { ...green, changed: true };
const failure: ToldNews = { kind: 'failed', message: 'm', remedy: 'r' };
const running: ToldNews = { kind: 'running' };
const cancelled: ToldNews = { kind: 'cancelled' };

async function tell(api: CommentApi, news: ToldNews, policy: CommentPolicy = 'auto', run = 2) {
  const log = recordedLog();
  const troubles = createTroubles(log);
  const written = await tellComment(api, authorOf(run), policy, news, {
    patience: fakeClock().patience,
    onFailure: (error) =>
      troubles.say(error, { what: 'The comment could not be written', scope: 'pull-requests: write' }),
  });
  return { written, log };
}

test('a comment whose answer got lost is found again and not written twice', async () => {
  const api = memoryComments('bot');
  const { create } = api;
  api.create = async (body) => {
    await create(body);
    throw httpError(502);
  };
  const { written, log } = await tell(api, red);
  expect(written).toMatchObject({
    kind: 'written',
    comment: { url: expect.stringContaining('#issuecomment-1') },
  });
  expect(api.stored).toHaveLength(1);
  expect(api.writes).toBe(1);
  expect(log.warnings).toEqual([]);
});

test('an edit whose answer got lost keeps what it said of the result before', async () => {
  const api = memoryComments(bot, [commentOf(1, bot, commentAfter([authorOf(1), resultOf()]))]);
  const { update } = api;
  api.update = async (id, body) => {
    await update(id, body);
    throw httpError(500);
  };
  expect((await tell(api, green)).written?.kind).toBe('written');
  expect(api.stored[0]?.body).toContain('Was 🔴');
  expect(api.writes).toBe(1);
});

test('a missing permission is one warning, at once', async () => {
  const api = memoryComments('bot');
  let tries = 0;
  api.create = async () => {
    tries += 1;
    throw httpError(403);
  };
  const { written, log } = await tell(api, red);
  expect(written).toBeUndefined();
  expect(tries).toBe(1);
  expect(log.warnings).toEqual([expect.stringContaining('`permissions: pull-requests: write`')]);
});

test('GitHub being down is one warning after the last try', async () => {
  const api = memoryComments('bot');
  let tries = 0;
  api.create = async () => {
    tries += 1;
    throw httpError(503);
  };
  const { written, log } = await tell(api, red);
  expect(written).toBeUndefined();
  expect(tries).toBe(3);
  expect(log.warnings).toHaveLength(1);
});

test('a comment that is written is written, though the look after it fails for good', async () => {
  const api = memoryComments(bot);
  const { create } = api;
  api.create = async (body) => {
    api.viewer = async () => {
      throw httpError(401);
    };
    api.list = () => {
      throw httpError(401);
    };
    return await create(body);
  };
  const { written, log } = await tell(api, red);
  expect(written).toMatchObject({ kind: 'written', comment: { id: 1 } });
  expect(log.warnings).toEqual([]);
});

describe('a policy', () => {
  /** By policy: what begins a comment. */
  const starts: Readonly<Record<CommentPolicy, readonly ToldNews[]>> = {
    auto: [red, green, improved, failure],
    always: [red, green, improved, failure],
    'on-change': [red, improved],
    'on-failure': [red, failure],
    never: [],
  };
  const all = { red, green, improved, failure, running, cancelled };
  const cases = commentPolicies.flatMap((policy) =>
    Object.entries(all).map(([name, news]) => [policy, name, news] as const),
  );

  test.each(cases)('%s and %s: begins a comment or does not', async (policy, _, news) => {
    const api = memoryComments(bot);
    const { written } = await tell(api, news, policy);
    const wanted = starts[policy].includes(news);
    expect(api.stored).toHaveLength(wanted ? 1 : 0);
    expect(written?.kind).toBe(wanted ? 'written' : 'none');
    expect(mayStart(policy, news)).toBe(wanted);
  });

  test.each(cases.filter(([policy]) => policy !== 'never'))(
    '%s and %s: brings a red comment that is there up to date',
    async (policy, name, news) => {
      const before = commentAfter([authorOf(1), resultOf()], [authorOf(2), { kind: 'running' }]);
      const api = memoryComments(bot, [commentOf(1, bot, before)]);
      await tell(api, news, policy);
      expect(api.stored).toHaveLength(1);
      const body = api.stored[0]?.body ?? '';
      if (name === 'running') expect(body).toContain('**Measuring** `2222222`');
      else expect(body).not.toContain('Measuring');
      if (news === green || news === improved) expect(body).toContain('Was 🔴');
    },
  );

  test.each(Object.values(all))('never: leaves what is there, whatever it says', async (news) => {
    const before = [commentOf(1, bot, commentAfter([authorOf(1), resultOf()]))];
    const api = memoryComments(bot, [...before]);
    await tell(api, news, 'never');
    expect(api.stored).toEqual(before);
  });

  test('on-failure also begins where it is only the check that fails', () => {
    const inconclusive: ToldNews = {
      ...resultOf({ outcome: 'inconclusive' }),
      changed: false,
      isFailure: true,
    };
    expect(mayStart('on-failure', inconclusive)).toBe(true);
    expect(mayStart('on-failure', { ...inconclusive, isFailure: false })).toBe(false);
  });
});
