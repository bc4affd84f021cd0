import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AcceptScope } from '../../src/config/inputs.ts';
import { failedSizes } from '../../src/gate/accept.ts';
import { type Comparison, comparisonSchema } from '../../src/gate/record.ts';
import {
  type AcceptanceAnswer,
  type AcceptanceQuestion,
  askAcceptance,
} from '../../src/github/acceptance.ts';
import { openOctokit, type Patience } from '../../src/github/client.ts';
import { type StoredAcceptance, storedAcceptanceSchema } from '../../src/github/comment-state.ts';
import { explainFailure } from '../../src/github/service-failure.ts';
import { comparisonOf, rowOf } from '../action/comparison.ts';
import { type GitHubEmulator, startGitHub } from './emulator.ts';
import { hasty } from './patience.ts';

const label = 'snapshot-growth-accepted';
const mebi = 1024 ** 2;
const headA = 'a'.repeat(40);
const headB = 'b'.repeat(40);
const headC = 'c'.repeat(40);

let github: GitHubEmulator;
let number: number;
let warnings: string[];

beforeAll(async () => {
  github = await startGitHub();
  github.setRole('alice', 'write');
  github.setRole('maintainer', 'maintain');
  github.setRole('owner', 'admin');
  github.setRole('helper', 'triage');
  github.setRole('reader', 'read');
  github.setRole('stranger', 'none');
});
afterAll(() => github[Symbol.asyncDispose]());
beforeEach(async () => {
  warnings = [];
  number = await github.openPullRequest();
  github.forgetRequests();
});

/** Fails in one scenario, which is so large. */
function grown(median: number, scenario = 'idle-2s'): Comparison {
  return comparisonOf({ rows: [rowOf({ scenario, head: { median, bootLocations: [median], samples: 1 } })] });
}

function at(minute: number): Date {
  return new Date(Date.UTC(2026, 0, 2, 3, minute));
}

function question(changes: Partial<AcceptanceQuestion> = {}): AcceptanceQuestion {
  return {
    record: grown(40 * mebi),
    label,
    scope: 'size',
    pullRequest: number,
    headSha: headA,
    shownAt: undefined,
    last: undefined,
    stored: undefined,
    ...changes,
  };
}

async function ask(
  changes: Partial<AcceptanceQuestion> = {},
  more: { readonly token?: string; readonly patience?: Patience } = {},
): Promise<AcceptanceAnswer> {
  const [owner = '', repo = ''] = github.repository.split('/');
  const client = openOctokit({ apiUrl: github.apiUrl, token: more.token ?? github.token });
  return await askAcceptance(
    { client, owner, repo, patience: more.patience ?? hasty() },
    question(changes),
    (error, service) => warnings.push(explainFailure(error, service)),
  );
}

async function remembered(changes: Partial<AcceptanceQuestion>): Promise<StoredAcceptance> {
  const answer = await ask(changes);
  if (answer.kind !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(answer)}`);
  // As the comment gives it back to the next run.
  return storedAcceptanceSchema.parse(JSON.parse(JSON.stringify(answer.remember)));
}

function reasonOf(answer: AcceptanceAnswer): string {
  if (answer.kind !== 'refused') throw new Error(`not refused: ${JSON.stringify(answer)}`);
  return answer.reason;
}

/** The result of headA, as the comment keeps it. */
const lastOfA = { head: headA, at: at(10).toISOString(), sizes: failedSizes(grown(40 * mebi)) };

describe('a growth that failed', () => {
  it('is not accepted without the label, and nobody is asked of anything else', async () => {
    await github.label(number, 'bug', { by: 'alice' });
    github.forgetRequests();
    expect(await ask()).toEqual({ kind: 'none' });
    expect(github.requests.map(({ path }) => path)).toEqual([expect.stringMatching(/\/issues\/\d+\/labels/)]);
  });

  it('is accepted by the label that was set after its result was shown', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    const answer = await ask({ shownAt: at(10).toISOString() });
    expect(answer).toMatchObject({
      kind: 'accepted',
      acceptance: { by: 'alice', at: '2026-01-02T03:20:00.000Z', commit: headA },
      remember: { by: 'alice', commit: headA, sizes: lastOfA.sizes, labelEventId: expect.any(Number) },
    });
    if (answer.kind !== 'accepted') return;
    expect(comparisonSchema.parse(comparisonOf({ accepted: answer.acceptance })).accepted).toEqual(
      answer.acceptance,
    );
    expect(warnings).toEqual([]);
  });

  it('is accepted by a label that is written in another case', async () => {
    await github.label(number, 'Snapshot-Growth-ACCEPTED', { by: 'alice', at: at(20) });
    expect((await ask({ shownAt: at(10).toISOString() })).kind).toBe('accepted');
  });

  it('is accepted in the second in which it was shown', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    const sameSecond = new Date(at(20).getTime() + 900).toISOString();
    const nextSecond = new Date(at(20).getTime() + 1000).toISOString();
    expect((await ask({ shownAt: sameSecond })).kind).toBe('accepted');
    expect((await ask({ shownAt: nextSecond })).kind).toBe('refused');
  });

  it('is not asked about where it did not fail', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    github.forgetRequests();
    for (const verdict of ['pass', 'warn', 'inconclusive'] as const)
      expect(await ask({ record: comparisonOf({ verdict }) })).toEqual({ kind: 'none' });
    expect(github.requests).toEqual([]);
  });

  it('is not accepted by a label that was set to it before anybody could see what it grew by', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    expect((await ask({ shownAt: at(21).toISOString() })).kind).toBe('refused');
    expect((await ask()).kind).toBe('refused');
  });
});

describe('a label that is taken off', () => {
  it('accepts nothing any more', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    await github.unlabel(number, label, { by: 'reader', at: at(30) });
    expect(await ask({ shownAt: at(10).toISOString() })).toEqual({ kind: 'none' });
  });

  it('and set again is what the last one says, at its time', async () => {
    await github.label(number, label, { by: 'alice', at: at(5) });
    await github.unlabel(number, label, { by: 'alice', at: at(6) });
    await github.label(number, label, { by: 'owner', at: at(20) });
    const answer = await ask({ shownAt: at(10).toISOString() });
    expect(answer).toMatchObject({ acceptance: { by: 'owner', at: '2026-01-02T03:20:00.000Z' } });
  });

  it('between two questions accepts nothing', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    await github.unlabel(number, label, { by: 'alice', at: at(21) });
    using _ = github.fault({ path: /\/labels/, status: 200, body: [{ name: label }] });
    expect((await ask({ shownAt: at(10).toISOString() })).kind).toBe('refused');
  });

  it('and set again before the new result was shown accepts nothing of what was accepted before', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    const stored = await remembered({ shownAt: at(10).toISOString() });
    await github.unlabel(number, label, { by: 'alice', at: at(21) });
    await github.label(number, label, { by: 'alice', at: at(22) });
    const answer = await ask({ headSha: headB, shownAt: at(30).toISOString(), stored });
    expect(reasonOf(answer)).toContain('set before a result was shown');
  });

  it('and set again by somebody who may not write undoes what was accepted', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    const stored = await remembered({ shownAt: at(10).toISOString() });
    await github.unlabel(number, label, { by: 'helper', at: at(21) });
    await github.label(number, label, { by: 'helper', at: at(22) });
    const answer = await ask({ shownAt: at(10).toISOString(), stored });
    expect(reasonOf(answer)).toContain('helper, who may not write');
  });
});

describe('who sets the label', () => {
  it.each(['alice', 'maintainer', 'owner'])('may be %s', async (by) => {
    await github.label(number, label, { by, at: at(20) });
    expect(await ask({ shownAt: at(10).toISOString() })).toMatchObject({ acceptance: { by } });
  });

  it.each(['helper', 'reader', 'stranger', 'nobody-known', 'github-actions[bot]'])(
    'may not be %s, which is said',
    async (by) => {
      await github.label(number, label, { by, at: at(20) });
      const answer = await ask({ shownAt: at(10).toISOString() });
      expect(reasonOf(answer)).toBe(
        `The label "${label}" was set by ${by}, who may not write to this repository.`,
      );
      expect(warnings).toEqual([]);
    },
  );

  it('is found among many pages of events, and not mistaken for who set another label', async () => {
    await github.label(number, label, { by: 'reader', at: at(1) });
    await github.unlabel(number, label, { by: 'reader', at: at(2) });
    for (let count = 0; count < 120; count += 1) {
      await github.label(number, 'other', { by: 'owner', at: at(3) });
      await github.unlabel(number, 'other', { by: 'owner', at: at(4) });
    }
    await github.label(number, label, { by: 'alice', at: at(20) });
    await github.label(number, 'other', { by: 'reader', at: at(21) });
    const answer = await ask({ shownAt: at(10).toISOString() });
    expect(answer).toMatchObject({ acceptance: { by: 'alice' } });
    expect(github.requests.filter(({ path }) => path.includes('/events')).length).toBe(3);
  });

  it('is unknown where the account is gone, or the events do not say', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    const event = { id: 5, event: 'labeled', created_at: '2026-01-02T03:20:00Z', label: { name: label } };
    {
      using _ = github.fault({ path: /\/events/, status: 200, body: [{ ...event, actor: null }] });
      expect(reasonOf(await ask({ shownAt: at(10).toISOString() }))).toContain('an account that is gone');
    }
    using _ = github.fault({ path: /\/events/, status: 200, body: [] });
    expect(reasonOf(await ask({ shownAt: at(10).toISOString() }))).toContain('remove it and set it again');
  });
});

describe('growth after the acceptance, at another head,', () => {
  const scopes: readonly (readonly [AcceptScope, number, AcceptanceAnswer['kind']])[] = [
    ['size', 40, 'accepted'],
    ['size', 20, 'accepted'],
    ['size', 42, 'accepted'],
    ['size', 44, 'refused'],
    ['commit', 40, 'refused'],
    ['commit', 20, 'refused'],
    ['pull-request', 400, 'accepted'],
  ];

  it.each(scopes)('with the scope %s: %i MiB where 40 were accepted is %s', async (scope, size, kind) => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    const stored = await remembered({ scope, shownAt: at(10).toISOString() });
    const answer = await ask({
      scope,
      headSha: headB,
      record: grown(size * mebi),
      shownAt: at(30).toISOString(),
      stored,
    });
    expect(answer.kind).toBe(kind);
    if (answer.kind === 'accepted') expect(answer.acceptance.commit).toBe(headA);
  });

  it('says by how much, and what to do', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    const stored = await remembered({ shownAt: at(10).toISOString() });
    const answer = await ask({ headSha: headB, record: grown(44 * mebi), stored });
    expect(reasonOf(answer)).toBe(
      `The label "${label}", which alice set at aaaaaaa, accepts less: memfile diff of idle-2s is 44.0 MiB, past the accepted 40.0 MiB; remove it and set it again to accept this.`,
    );
  });

  it('is accepted by the label being set again', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    const stored = await remembered({ shownAt: at(10).toISOString() });
    await github.unlabel(number, label, { by: 'alice', at: at(40) });
    await github.label(number, label, { by: 'alice', at: at(41) });
    const answer = await ask({
      headSha: headB,
      record: grown(44 * mebi),
      shownAt: at(30).toISOString(),
      stored,
    });
    expect(answer).toMatchObject({ kind: 'accepted', acceptance: { commit: headB } });
  });

  it('that was refused does not forget what was accepted, for a head that is smaller again', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    const stored = await remembered({ shownAt: at(10).toISOString() });
    const refused = await ask({ headSha: headB, record: grown(44 * mebi), stored });
    if (refused.kind !== 'refused') throw new Error('accepted');
    const answer = await ask({
      headSha: headC,
      record: grown(41 * mebi),
      shownAt: at(50).toISOString(),
      last: { head: headB, at: at(30).toISOString(), sizes: failedSizes(grown(44 * mebi)) },
      stored: refused.remember,
    });
    expect(answer).toMatchObject({ kind: 'accepted', acceptance: { commit: headA } });
  });

  it('of a scenario that did not fail then is past it', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    const stored = await remembered({ shownAt: at(10).toISOString() });
    const answer = await ask({ headSha: headB, record: grown(mebi, 'another'), stored });
    expect(reasonOf(answer)).toContain('memfile diff of another is 1.00 MiB, of which nothing was accepted');
  });

  it('is held against the last result that was shown before, where no run has remembered anything', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    const of = (size: number) => ({
      headSha: headB,
      record: grown(size * mebi),
      shownAt: at(30).toISOString(),
      last: lastOfA,
    });
    expect(await ask(of(41))).toMatchObject({ kind: 'accepted', acceptance: { commit: headA } });
    expect(reasonOf(await ask(of(44)))).toContain('past the accepted 40.0 MiB');
  });
});

it('the accepted head itself stays accepted when it is measured again, larger, and shown again', async () => {
  await github.label(number, label, { by: 'alice', at: at(20) });
  const stored = await remembered({ shownAt: at(10).toISOString() });
  for (const scope of ['size', 'commit', 'pull-request'] as const) {
    const answer = await ask({ scope, record: grown(44 * mebi), shownAt: at(30).toISOString(), stored });
    expect(answer).toMatchObject({ kind: 'accepted', acceptance: { commit: headA } });
  }
});

describe('a label that was there before any result', () => {
  const shownLater = { shownAt: at(30).toISOString() };

  it.each(['size', 'commit'] as const)(
    'accepts nothing with the scope %s, and says what to do',
    async (scope) => {
      await github.label(number, label, { by: 'alice', at: at(20) });
      for (const more of [{}, shownLater, { last: { ...lastOfA, at: at(25).toISOString() }, headSha: headB }])
        expect(reasonOf(await ask({ scope, ...more }))).toBe(
          `The label "${label}" was set before a result was shown: remove it and set it again.`,
        );
    },
  );

  it('accepts the pull request, with that scope', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    const answer = await ask({ scope: 'pull-request', ...shownLater });
    expect(answer).toMatchObject({ kind: 'accepted', acceptance: { commit: headA } });
  });

  it('is not saved by a time that is none', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    expect((await ask({ shownAt: 'never' })).kind).toBe('refused');
    expect((await ask({ headSha: headB, last: { ...lastOfA, at: '' } })).kind).toBe('refused');
  });
});

it('nothing of a matrix of which an entry is missing is accepted', async () => {
  await github.label(number, label, { by: 'alice', at: at(20) });
  const record = {
    schema: 'snapgate/matrix' as const,
    version: 1 as const,
    snapgate: '0.0.0',
    createdAt: '2026-01-01T00:00:00.000Z',
    verdict: 'fail' as const,
    headline: 'not measured: large; small: grew',
    allowMissing: false,
    entries: [
      { name: 'small', comparison: grown(40 * mebi) },
      { name: 'large', missing: 'no artifact' },
    ],
  };
  const shownAt = at(10).toISOString();
  expect(reasonOf(await ask({ record, shownAt, scope: 'pull-request' }))).toContain('not measured');
  expect((await ask({ record: { ...record, allowMissing: true }, shownAt })).kind).toBe('accepted');
});

describe('where GitHub does not answer', () => {
  const failing: readonly (readonly [string, RegExp, number, RegExp])[] = [
    ['the labels', /\/labels/, 403, /pull-requests: read/],
    ['the labels', /\/labels/, 401, /github-token/],
    ['the labels', /\/labels/, 404, /not see it/],
    ['the events', /\/events/, 502, /the API itself failed/i],
    ['the events', /\/events/, 410, /deleted/],
    ['the permission', /\/permission/, 403, /pull-requests: read/],
    ['the permission', /\/permission/, 500, /the API itself failed/i],
  ];

  it.each(failing)(
    'about %s (%s: %i) nothing is accepted, with one warning',
    async (_, path, status, why) => {
      await github.label(number, label, { by: 'alice', at: at(20) });
      using fault = github.fault({ path, status });
      expect(await ask({ shownAt: at(10).toISOString() })).toEqual({ kind: 'none' });
      expect(fault.hits).toBeGreaterThan(0);
      expect(warnings).toEqual([expect.stringMatching(why)]);
      expect(warnings[0]).toContain('Nothing is accepted: the verdict stands.');
      expect(warnings[0]).not.toContain(github.token);
    },
  );

  it('it is asked again after what passes', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    using labels = github.fault({ path: /\/labels/, status: 503, times: 2 });
    using events = github.fault({ path: /\/events/, dropConnection: true, times: 1 });
    expect((await ask({ shownAt: at(10).toISOString() })).kind).toBe('accepted');
    expect([labels.hits, events.hits]).toEqual([2, 1]);
    expect(warnings).toEqual([]);
  });

  it('it is not waited for longer than the limit', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    using _ = github.fault({ path: /\/events/, hangMs: Number.POSITIVE_INFINITY });
    const started = Date.now();
    const patience = hasty({ requestMs: 200, totalMs: 2000 });
    expect(await ask({ shownAt: at(10).toISOString() }, { patience })).toEqual({ kind: 'none' });
    expect(Date.now() - started).toBeLessThan(5000);
    expect(warnings).toEqual([expect.stringContaining('did not answer in time')]);
  });

  it('an answer that is none of GitHub is not believed', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    using _ = github.fault({ path: /\/permission/, status: 200, body: { permission: ['admin'] } });
    expect(await ask({ shownAt: at(10).toISOString() })).toEqual({ kind: 'none' });
    expect(warnings).toHaveLength(1);
  });

  it('a list that never ends is given up', async () => {
    await github.label(number, label, { by: 'alice', at: at(20) });
    using fault = github.fault({
      path: /\/events/,
      status: 200,
      body: [],
      headers: { link: '<https://api.github.com/x?page=2>; rel="next"' },
    });
    expect(await ask({ shownAt: at(10).toISOString() })).toEqual({ kind: 'none' });
    expect(fault.hits).toBe(100);
    expect(warnings).toHaveLength(1);
  });
});

it('a token of a fork can ask all of this', async () => {
  await github.label(number, label, { by: 'alice', at: at(20) });
  const answer = await ask({ shownAt: at(10).toISOString() }, { token: github.readOnlyToken });
  expect(answer.kind).toBe('accepted');
});
