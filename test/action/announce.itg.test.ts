import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AnnouncerOptions, type Conclusion, openAnnouncer } from '../../src/action/announce.ts';
import { closeAbandoned } from '../../src/action/close-abandoned.ts';
import { type OpenAnnouncement, readOpenAnnouncement } from '../../src/action/open-announcement.ts';
import { usualPatience } from '../../src/github/client.ts';
import { stateOf } from '../../src/github/comment-state.ts';
import { shaOf } from '../github/comment-samples.ts';
import { type GitHubEmulator, startGitHub } from '../github/emulator.ts';
import type { Fault } from '../github/faults.ts';
import { hasty } from '../github/patience.ts';
import { hostileText } from '../report/hostile.ts';
import { seededRandom } from '../stats/random.ts';
import { type RecordedLog, recordedLog } from './recorded-log.ts';

let github: GitHubEmulator;
beforeAll(async () => {
  github = await startGitHub();
});
afterAll(() => github[Symbol.asyncDispose]());

let number: number;
let runs = 0;
beforeEach(async () => {
  number = await github.openPullRequest();
  github.forgetRequests();
});

type Changes = Partial<Omit<AnnouncerOptions, 'config' | 'log'>> & {
  readonly config?: Partial<AnnouncerOptions['config']>;
  readonly token?: string;
  readonly apiUrl?: string;
};

/** An announcer of a new run on this head, and what it leaves open. */
function announcerOf(
  head: number,
  { config, token = github.token, apiUrl = github.apiUrl, ...more }: Changes = {},
) {
  runs += 1;
  const log = recordedLog();
  const kept: (OpenAnnouncement | undefined)[] = [];
  const announcer = openAnnouncer({
    log,
    config: { comment: { policy: 'auto', key: 'default' }, check: true, dryRun: false, ...config },
    destination: { apiUrl, token, owner: 'octo', repo: 'guest' },
    pullRequest: number,
    headSha: shaOf(head),
    run: { id: runs, attempt: 1, url: `https://github.example/octo/guest/actions/runs/${runs}` },
    patience: hasty({ requestMs: 2000 }),
    settleMs: 0,
    onOpen: (open) => kept.push(open),
    ...more,
  });
  return { announcer, log, kept, open: () => kept.at(-1) };
}

function conclusion(more: Partial<Conclusion> = {}): Conclusion {
  const { outcome = 'fail', headline = 'memfile diff of idle-2s +38 % per cycle' } = more;
  return {
    outcome,
    headline,
    changed: true,
    render: () => `### snapgate: ${headline}\n\nThe table.\n`,
    conclusion: outcome === 'fail' ? 'failure' : 'success',
    ...more,
  };
}
const passed = conclusion({ outcome: 'pass', headline: 'no growth above +5 %', changed: false });
const trouble = { message: 'the head guest panicked', remedy: 'Look at its console.' };

async function body(): Promise<string> {
  const all = await github.comments(number);
  expect(all.length).toBeLessThanOrEqual(1);
  return all[0]?.body ?? '';
}

function lastCheck(head: number) {
  return github.checks(shaOf(head)).at(-1);
}

/** What was asked, without what only reads. */
function writes(): string[] {
  return github.requests
    .filter(({ method, path }) => method !== 'GET' && path !== '/graphql')
    .map(({ method, path }) => `${method} ${path.replace(/\/repos\/octo\/guest|\d+$/g, '')}`);
}

describe('a run', () => {
  test('is in progress before anything is measured, then has its check, then its comment', async () => {
    const { announcer, log, kept } = announcerOf(1);
    await announcer.started();
    expect(lastCheck(1)).toMatchObject({
      name: 'snapgate',
      headSha: shaOf(1),
      status: 'in_progress',
      title: 'Measuring',
      detailsUrl: `https://github.example/octo/guest/actions/runs/${runs}`,
    });
    expect(await body()).toBe('');
    const told = await announcer.concluded(conclusion());
    expect(lastCheck(1)).toMatchObject({
      status: 'completed',
      conclusion: 'failure',
      title: 'memfile diff of idle-2s +38 % per cycle',
      summary: expect.stringContaining('The table.'),
      annotations: [],
    });
    expect(await body()).toContain('The table.');
    expect(writes()).toEqual(['POST /check-runs', 'PATCH /check-runs/', `POST /issues/${number}/comments`]);
    expect(told).toEqual({
      commentUrl: expect.stringContaining(`/${number}#issuecomment-`),
      checkUrl: expect.stringContaining('/octo/guest/runs/'),
    });
    expect(kept.at(-1)).toBeUndefined();
    expect([log.warnings, github.checks(shaOf(1))]).toEqual([[], expect.objectContaining({ length: 1 })]);
  });

  test('that writes over what another step of it has written says so once, and writes', async () => {
    const run = { id: 999_999, attempt: 1, url: 'https://github.example/octo/guest/actions/runs/999999' };
    const first = announcerOf(1, { run, nonce: '0000000a' });
    await first.announcer.started();
    await first.announcer.concluded(conclusion());
    const second = announcerOf(1, { run, nonce: '0000000b' });
    await second.announcer.started();
    await second.announcer.concluded(passed);
    expect(first.log.warnings).toEqual([]);
    expect(second.log.warnings).toEqual([
      expect.stringMatching(/another step or job of this run.*comment default.*own comment-key/i),
    ]);
    expect(await body()).toContain(passed.headline);
    const again = announcerOf(1, { run: { ...run, attempt: 2 }, nonce: '0000000c' });
    await again.announcer.concluded(conclusion());
    expect(again.log.warnings).toEqual([]);
  });

  test('need not wait until its beginning is told', async () => {
    const { announcer, log } = announcerOf(2);
    const beginning = announcer.started();
    await announcer.concluded(conclusion());
    await beginning;
    expect(lastCheck(2)).toMatchObject({ status: 'completed', conclusion: 'failure' });
    expect(writes()).toEqual(['POST /check-runs', 'PATCH /check-runs/', `POST /issues/${number}/comments`]);
    expect(log.warnings).toEqual([]);
  });

  test('of a new head says in the comment that it measures, and takes the red back', async () => {
    await announcerOf(2).announcer.concluded(conclusion());
    const next = announcerOf(3);
    await next.announcer.started();
    expect(await body()).toMatch(
      /⏳ \*\*Measuring\*\* `3333333`.*Below: the result of `2222222`\.[\s\S]*The table\./,
    );
    expect(lastCheck(3)?.status).toBe('in_progress');
    await next.announcer.concluded(passed);
    expect(await body()).toMatch(/Was 🔴 memfile diff of idle-2s \+38 % per cycle at `2222222`\./);
    expect(await body()).not.toContain('Measuring');
    expect(lastCheck(3)).toMatchObject({ conclusion: 'success', title: 'no growth above +5 %' });
  });

  test('that fails is told under the last result, and its check fails as not measured', async () => {
    await announcerOf(4).announcer.concluded(conclusion());
    const next = announcerOf(5);
    await next.announcer.started();
    await next.announcer.failed(trouble);
    expect(await body()).toMatch(
      /The table\.[\s\S]*#### ⚫ snapgate: not measured[\s\S]*the head guest panicked\. Look at its console\./,
    );
    expect(lastCheck(5)).toMatchObject({
      conclusion: 'failure',
      title: 'Not measured: the head guest panicked',
      summary: expect.stringContaining('this says nothing about the change'),
    });
    expect(next.open()).toBeUndefined();
  });

  test('that fails before it began has a check and a comment all the same', async () => {
    await announcerOf(6).announcer.failed(trouble);
    expect(lastCheck(6)).toMatchObject({ status: 'completed', conclusion: 'failure' });
    expect(await body()).toContain('### ⚫ snapgate: not measured');
  });

  test('that fails after its result leaves the result', async () => {
    const { announcer } = announcerOf(9);
    await announcer.concluded(conclusion());
    const before = await body();
    expect(await announcer.failed(trouble)).toEqual({});
    expect(await body()).toBe(before);
    expect(lastCheck(9)?.title).not.toContain('Not measured');
  });

  test('that ends after a newer one leaves the comment to it, and says so', async () => {
    const [older, newer] = [announcerOf(1), announcerOf(2)];
    await newer.announcer.concluded(passed);
    const before = await body();
    const told = await older.announcer.concluded(conclusion());
    expect(await body()).toBe(before);
    expect(told.commentUrl).toContain('#issuecomment-');
    expect(older.log.infos).toEqual([expect.stringContaining('left to the newer run')]);
    expect(lastCheck(1)).toMatchObject({ conclusion: 'failure' });
  });

  test('with another key has a check and a comment of its own', async () => {
    const other = { config: { comment: { policy: 'auto', key: 'arm64' } } } as const;
    await announcerOf(3).announcer.concluded(conclusion());
    await announcerOf(3, other).announcer.concluded(passed);
    expect(await github.comments(number)).toHaveLength(2);
    expect(
      github
        .checks(shaOf(3))
        .slice(-2)
        .map(({ name }) => name),
    ).toEqual(['snapgate', 'snapgate: arm64']);
  });

  test('without a pull request has a check alone, and nothing without a head', async () => {
    const { announcer, log } = announcerOf(4, { pullRequest: undefined });
    await announcer.started();
    await announcer.concluded(passed);
    expect(writes()).toEqual(['POST /check-runs', 'PATCH /check-runs/']);
    github.forgetRequests();
    const headless = announcerOf(4, { headSha: undefined });
    await headless.announcer.started();
    expect(await headless.announcer.concluded(passed)).toEqual({});
    expect(github.requests).toEqual([]);
    expect([log.warnings, headless.log.warnings]).toEqual([[], []]);
  });

  test('names the file that is to blame in its check, where that can be placed', async () => {
    const annotation = { level: 'error', title: 'snapgate: grew', message: 'by 38 %' } as const;
    await announcerOf(5).announcer.concluded(
      conclusion({ annotation: { ...annotation, file: 'guest/Dockerfile', line: 12 } }),
    );
    expect(lastCheck(5)?.annotations).toEqual([
      expect.objectContaining({
        path: 'guest/Dockerfile',
        start_line: 12,
        annotation_level: 'failure',
        message: 'by 38 %',
      }),
    ]);
    await announcerOf(5).announcer.concluded(conclusion({ annotation }));
    expect(lastCheck(5)).toMatchObject({ conclusion: 'failure', annotations: [] });
  });

  test('on an Enterprise Server is told there', async () => {
    const { announcer, log } = announcerOf(6, { apiUrl: github.enterpriseApiUrl });
    await announcer.started();
    await announcer.concluded(conclusion());
    expect(lastCheck(6)?.conclusion).toBe('failure');
    expect(await body()).toContain('The table.');
    expect(log.warnings).toEqual([]);
  });

  test('with a report of any length is within all limits', async () => {
    const render = (limit: number) => '### long 🔴\n\n'.concat('größer 🔴\n'.repeat(20_000)).slice(0, limit);
    const { announcer, log } = announcerOf(7);
    await announcer.concluded(conclusion({ render }));
    expect(log.warnings).toEqual([]);
    expect((await body()).length).toBeGreaterThan(60_000);
    expect(Buffer.byteLength(lastCheck(7)?.summary ?? '')).toBeLessThanOrEqual(65_535);
    expect(Buffer.byteLength(lastCheck(7)?.summary ?? '')).toBeGreaterThan(60_000);
  });

  test('with hostile words is told, and keeps its state', async () => {
    for (let seed = 1; seed <= 15; seed += 1) {
      const random = seededRandom(seed);
      const text = () => hostileText(random, 40);
      const { announcer, log } = announcerOf(8);
      await announcer.started();
      if (seed % 2 === 0) await announcer.failed({ message: text(), remedy: text() });
      else
        await announcer.concluded(
          conclusion({ headline: text(), sizes: { [text()]: { [text().slice(0, 60)]: 1 } } }),
        );
      expect(log.warnings).toEqual([]);
      expect(stateOf(await body())?.run.id).toBe(runs);
      expect(lastCheck(8)?.status).toBe('completed');
    }
  });
});

describe('what the comment remembers', () => {
  test('is read back by the next run', async () => {
    const sizes = { 'idle-2s': { 'memfile.writtenBytes': 3_565_158 } };
    const acceptance = {
      by: 'octocat',
      at: '2026-01-01T00:00:00Z',
      commit: shaOf(1),
      labelEventId: 3,
      sizes,
    };
    await announcerOf(1).announcer.concluded(conclusion({ sizes, acceptance }));
    const next = announcerOf(2);
    await next.announcer.started();
    expect(await next.announcer.state()).toMatchObject({
      phase: 'running',
      head: shaOf(2),
      last: { head: shaOf(1), outcome: 'fail', sizes },
      acceptance,
    });
  });

  test('is nothing where there is no comment, no pull request or no token', async () => {
    expect(await announcerOf(3).announcer.state()).toBeUndefined();
    expect(await announcerOf(3, { pullRequest: undefined }).announcer.state()).toBeUndefined();
    expect(await announcerOf(3, { token: '' }).announcer.state()).toBeUndefined();
  });

  test('is said to be unreadable, with the one warning that its writing has too', async () => {
    using _ = github.fault({ path: /\/issues\//, status: 403 });
    const { announcer, log } = announcerOf(3);
    expect(await announcer.state()).toBe('unreadable');
    await announcer.concluded(conclusion());
    expect(log.warnings).toEqual([expect.stringContaining('`permissions: pull-requests: write`')]);
    const reader = announcerOf(3, { config: { comment: { policy: 'never', key: 'default' } } });
    expect(await reader.announcer.state()).toBe('unreadable');
    expect(reader.log.warnings).toEqual([expect.stringContaining('`permissions: pull-requests: read`')]);
  });
});

describe('nothing is tried', () => {
  async function whole(changes: Changes): Promise<RecordedLog> {
    const { announcer, log } = announcerOf(4, changes);
    await announcer.started();
    expect(await announcer.concluded(conclusion())).toEqual({});
    expect(github.requests).toEqual([]);
    expect(await body()).toBe('');
    return log;
  }

  test("with a fork's token, and it is said once where the report is", async () => {
    const log = await whole({ readOnly: 'fork', token: github.readOnlyToken });
    expect(log.warnings).toEqual([]);
    expect(log.infos).toEqual([
      'A pull request from a fork has a read-only token: no check and no comment. The report is in the job summary; a second workflow on workflow_run with mode: comment can post it.',
    ]);
  });

  test('in a dry run', async () => {
    const log = await whole({ config: { dryRun: true } });
    expect([log.warnings, log.infos]).toEqual([[], ['dry-run: no check and no comment is written.']]);
  });

  test('without a token, which is one warning that names what it needs', async () => {
    const log = await whole({ token: '' });
    expect(log.warnings).toEqual([
      'github-token is empty: no check and no comment. It needs `checks: write` and `pull-requests: write`. The report is in the job summary.',
    ]);
  });

  test('where nothing was asked for, and that needs no words', async () => {
    const config = { check: false, comment: { policy: 'never', key: 'default' } } as const;
    const log = await whole({ config, token: '' });
    expect([log.warnings, log.infos]).toEqual([[], []]);
  });
});

describe('a token that may do less', () => {
  const whole = async (changes: Changes) => {
    const { announcer, log, open } = announcerOf(5, changes);
    await announcer.started();
    const told = await announcer.concluded(conclusion());
    expect(open()).toBeUndefined();
    return { log, told };
  };

  test('than write checks: one warning, no second try, and the comment is written', async () => {
    const { log, told } = await whole({ token: github.tokenLacking('checks') });
    expect(log.warnings).toEqual([
      expect.stringMatching(/^The check could not be written \(403.*`permissions: checks: write`/),
    ]);
    expect(Object.keys(told)).toEqual(['commentUrl']);
    expect(writes().filter((each) => each.includes('check-runs'))).toHaveLength(1);
  });

  test('than write comments: one warning, and the check is written', async () => {
    const { log, told } = await whole({
      token: github.newToken({ checks: 'write', 'pull-requests': 'read' }),
    });
    expect(log.warnings).toEqual([
      expect.stringMatching(/^The comment could not be written \(403.*`permissions: pull-requests: write`/),
    ]);
    expect(Object.keys(told)).toEqual(['checkUrl']);
  });

  test("that is a fork's, where the comment was asked for: one warning that says so", async () => {
    const config = { comment: { policy: 'always', key: 'default' } } as const;
    const { log } = await whole({ token: github.readOnlyToken, readOnly: 'fork', config });
    expect(log.warnings).toEqual([
      expect.stringContaining('A pull request from a fork has a read-only token'),
    ]);
  });

  test("that is Dependabot's is tried, as a job may have given it more", async () => {
    const more = await whole({ readOnly: 'dependabot' });
    expect(more.log.warnings).toEqual([]);
    const less = await whole({ token: github.readOnlyToken, readOnly: 'dependabot' });
    expect(less.log.warnings).toHaveLength(2);
    for (const warning of less.log.warnings)
      expect(warning).toContain("a run of Dependabot's has a read-only token");
  });

  test('than be known: one warning for all', async () => {
    const { log } = await whole({ token: 'nobodys' });
    expect(log.warnings).toEqual([expect.stringContaining('GitHub did not accept github-token')]);
  });
});

describe('a service that fails', () => {
  const faults: readonly (readonly [string, Omit<Fault, 'path'>, string])[] = [
    ['401', { status: 401 }, 'GitHub did not accept github-token'],
    ['403', { status: 403 }, 'The job needs'],
    [
      '403, too fast',
      { status: 403, headers: { 'retry-after': '1' }, body: { message: 'slow down' } },
      'Too many requests',
    ],
    [
      '403, too fast for long',
      { status: 403, headers: { 'retry-after': '3600' }, body: { message: 'slow down' } },
      'Too many requests',
    ],
    ['404', { status: 404 }, 'It is gone'],
    ['409', { status: 409 }, 'changed at the same time'],
    ['410', { status: 410 }, 'deleted or switched off'],
    ['422', { status: 422 }, 'did not accept the request'],
    ['429', { status: 429, headers: { 'retry-after': '1' } }, 'Too many requests'],
    ['500', { status: 500 }, 'The API itself failed'],
    ['502', { status: 502, body: '<html>bad gateway</html>' }, 'The API itself failed'],
    ['silence', { hangMs: Number.POSITIVE_INFINITY }, 'did not answer in time'],
    ['cut connections', { dropConnection: true }, 'could not be reached'],
    [
      'cut answers',
      { status: 200, body: '{"id":', headers: { 'content-type': 'application/json' } },
      'cut or is none',
    ],
  ];

  test.each(faults)(
    '%s, of everything: said, in bounded time, and nothing is thrown',
    async (_, fault, words) => {
      using injected = github.fault({ path: /./, ...fault });
      const started = Date.now();
      const { announcer, log } = announcerOf(6, { patience: hasty({ requestMs: 200 }) });
      await announcer.started();
      expect(await announcer.concluded(conclusion())).toEqual({});
      expect(Date.now() - started).toBeLessThan(10_000);
      expect(injected.hits).toBeLessThanOrEqual(12);
      expect(log.warnings.length).toBeGreaterThanOrEqual(1);
      expect(log.warnings.length).toBeLessThanOrEqual(2);
      for (const warning of log.warnings) {
        expect(warning).toContain(words);
        expect(warning).toMatch(/: write`.*The verdict stands/);
        expect(warning).not.toContain(github.token);
      }
    },
  );

  test.each(faults)('%s, of the check: one warning, and the comment is written', async (_, fault, words) => {
    using __ = github.fault({ path: /check-runs/, ...fault });
    const { announcer, log } = announcerOf(6, { patience: hasty({ requestMs: 200 }) });
    await announcer.started();
    const told = await announcer.concluded(conclusion());
    expect(told.checkUrl).toBeUndefined();
    expect(await body()).toContain('The table.');
    expect(log.warnings).toEqual([expect.stringContaining(words)]);
    expect(log.warnings[0]).toContain('checks: write');
  });

  test.each(faults)('%s, of the comments: one warning, and the check is written', async (_, fault, words) => {
    using __ = github.fault({ path: /\/issues\//, ...fault });
    const { announcer, log } = announcerOf(6, { patience: hasty({ requestMs: 200 }) });
    await announcer.started();
    const told = await announcer.concluded(conclusion());
    expect(told.commentUrl).toBeUndefined();
    expect(lastCheck(6)?.conclusion).toBe('failure');
    expect(log.warnings).toEqual([expect.stringContaining(words)]);
    expect(log.warnings[0]).toContain('pull-requests: write');
  });

  test.each(faults.filter(([name]) => !/^(40[149]|403|410|422|403, too fast for long)$/.test(name)))(
    '%s, twice in each place: everything is told, once',
    async (_, fault) => {
      const paths = [/graphql/, /GET|comments\?/, /check-runs$/, /check-runs\/\d+$/, /\/comments$/];
      const injected = paths.map((path) => github.fault({ path, times: 2, ...fault }));
      const { announcer, log } = announcerOf(6, { patience: hasty({ requestMs: 200, tries: 9 }) });
      await announcer.started();
      const told = await announcer.concluded(conclusion());
      for (const each of injected) each[Symbol.dispose]();
      expect(log.warnings).toEqual([]);
      expect(Object.keys(told)).toEqual(['checkUrl', 'commentUrl']);
      expect(await github.comments(number)).toHaveLength(1);
      expect(lastCheck(6)).toMatchObject({ status: 'completed', externalId: `${runs}.1` });
      expect(github.checks(shaOf(6)).filter(({ externalId }) => externalId === `${runs}.1`)).toHaveLength(1);
    },
  );

  test('answers that get lost make nothing twice', async () => {
    using _ = github.fault({
      method: 'POST',
      path: /check-runs$|comments$/,
      dropConnection: 'after',
      times: 2,
    });
    const { announcer, log } = announcerOf(7);
    await announcer.started();
    using __ = github.fault({ method: 'POST', path: /comments$/, dropConnection: 'after', times: 1 });
    await announcer.concluded(conclusion());
    expect(log.warnings).toEqual([]);
    expect(await github.comments(number)).toHaveLength(1);
    expect(github.checks(shaOf(7)).filter(({ externalId }) => externalId === `${runs}.1`)).toEqual([
      expect.objectContaining({ status: 'completed', conclusion: 'failure' }),
    ]);
  });

  const early: readonly (readonly [string, Omit<Fault, 'path'>])[] = [
    ['500', { status: 500 }],
    ['answers that get lost', { dropConnection: 'after' }],
    ['a rate limit of an hour', { status: 403, headers: { 'retry-after': '3600' } }],
  ];

  test.each(early)('%s, when measuring begins: the check is there at the end, once', async (_, fault) => {
    const { announcer, log, open } = announcerOf(8);
    using failing = github.fault({ path: /check-runs/, ...fault });
    await announcer.started();
    failing[Symbol.dispose]();
    const { checkUrl } = await announcer.concluded(conclusion());
    const own = github.checks(shaOf(8)).filter(({ externalId }) => externalId === `${runs}.1`);
    expect(own).toEqual([expect.objectContaining({ status: 'completed', conclusion: 'failure' })]);
    expect(checkUrl).toContain(`/${own[0]?.id}`);
    expect([log.warnings, open()]).toEqual([[], undefined]);
    expect(log.infos).toEqual([expect.stringContaining('does not say yet that this run measures')]);
  });

  test('a locked conversation is said to be locked', async () => {
    const message = 'Unable to create comment because issue is locked.';
    using _ = github.fault({ method: 'POST', path: /comments$/, status: 403, body: { message } });
    const { announcer, log } = announcerOf(7);
    await announcer.concluded(conclusion());
    expect(log.warnings).toEqual([expect.stringContaining('The conversation is locked')]);
  });

  test('a report that cannot be made is one warning', async () => {
    const render = () => {
      throw new TypeError('x is not a function');
    };
    const { announcer, log } = announcerOf(7);
    await announcer.started();
    expect(await announcer.concluded(conclusion({ render }))).toEqual({});
    expect(log.warnings).toEqual(['GitHub was not told: x is not a function']);
  });

  test('a post step that cannot keep a state is no reason not to tell', async () => {
    const onOpen = () => {
      throw new Error('no GITHUB_STATE');
    };
    const { announcer, log } = announcerOf(7, { onOpen });
    await announcer.started();
    expect(Object.keys(await announcer.concluded(conclusion()))).toEqual(['checkUrl', 'commentUrl']);
    expect(log.warnings).toEqual([]);
  });
});

describe('what a killed run leaves', () => {
  const patience = hasty({ requestMs: 200 });
  const close = async (open: OpenAnnouncement | undefined, more: { token?: string } = {}) => {
    const log = recordedLog();
    const { token = github.token } = more;
    const read = readOpenAnnouncement(JSON.stringify(open));
    if (read) await closeAbandoned(read, { log, apiUrl: github.apiUrl, token, patience, settleMs: 0 });
    return log;
  };

  test('is kept before it is made, as JSON without the token, and forgotten at the end', async () => {
    await announcerOf(1).announcer.concluded(conclusion());
    const { announcer, kept } = announcerOf(2);
    await announcer.started();
    expect(kept.map((open) => [open?.check, open?.pullRequest])).toEqual([
      [{}, undefined],
      [{ id: expect.any(Number) }, undefined],
      [{ id: expect.any(Number) }, number],
    ]);
    for (const open of kept) expect(readOpenAnnouncement(JSON.stringify(open))).toEqual(open);
    expect(JSON.stringify(kept)).not.toContain(github.token);
    await announcer.concluded(conclusion());
    expect(kept.at(-1)).toBeUndefined();
  });

  test('is a check in progress and a comment that measures: both are taken back', async () => {
    await announcerOf(1).announcer.concluded(conclusion());
    const killed = announcerOf(2);
    await killed.announcer.started();
    const log = await close(killed.open());
    expect(log.warnings).toEqual([]);
    expect(lastCheck(2)).toMatchObject({ status: 'completed', conclusion: 'cancelled', title: 'Cancelled' });
    expect(await body()).toMatch(
      /The run of `2222222` was cancelled.*Below: the result of `1111111`[\s\S]*The table\./,
    );
  });

  test('is found by its run, where it was killed before it knew the number', async () => {
    const killed = announcerOf(3, { pullRequest: undefined });
    await killed.announcer.started();
    await close(killed.kept[0]);
    expect(lastCheck(3)?.conclusion).toBe('cancelled');
  });

  test('may be nothing, and then nothing is made', async () => {
    using fault = github.fault({ method: 'POST', path: /check-runs$/, dropConnection: true });
    const killed = announcerOf(4, { pullRequest: undefined });
    await killed.announcer.started();
    fault[Symbol.dispose]();
    const before = github.checks(shaOf(4)).length;
    expect((await close(killed.open())).warnings).toEqual([]);
    expect(github.checks(shaOf(4))).toHaveLength(before);
  });

  test("is not the comment of a newer run, nor this run's result", async () => {
    await announcerOf(1).announcer.concluded(conclusion());
    const killed = announcerOf(2);
    await killed.announcer.started();
    const open = killed.open();
    await announcerOf(3).announcer.started();
    const newer = await body();
    await close(open);
    expect(await body()).toBe(newer);
    const finished = announcerOf(4);
    await finished.announcer.started();
    const early = finished.open();
    await finished.announcer.concluded(passed);
    const result = await body();
    await close(early);
    expect(await body()).toBe(result);
  });

  test('is told late, where GitHub was down when there was a result', async () => {
    await announcerOf(1).announcer.concluded(conclusion());
    const { announcer, open, log } = announcerOf(2);
    await announcer.started();
    using down = github.fault({ path: /./, status: 503 });
    await announcer.concluded(conclusion());
    expect(log.warnings).toHaveLength(1);
    down[Symbol.dispose]();
    expect(lastCheck(2)?.status).toBe('in_progress');
    const later = await close(open());
    expect(later.warnings).toEqual([]);
    expect(lastCheck(2)).toMatchObject({
      conclusion: 'failure',
      title: 'memfile diff of idle-2s +38 % per cycle',
    });
    expect(await body()).toMatch(
      /The result of `2222222` could not be written here[\s\S]*Below: the result of `1111111`/,
    );
  });

  test('stays where GitHub does not answer: one warning, and the post step ends', async () => {
    await announcerOf(1).announcer.concluded(conclusion());
    const killed = announcerOf(2);
    await killed.announcer.started();
    using _ = github.fault({ path: /./, hangMs: Number.POSITIVE_INFINITY });
    const started = Date.now();
    const log = await close(killed.open());
    expect(Date.now() - started).toBeLessThan(5000);
    const told = [...log.warnings, ...log.infos].sort();
    expect([log.warnings, told]).toEqual([
      [expect.stringMatching(/ write`\. The next run puts it right\.$/)],
      [
        expect.stringMatching(/^The check could not be completed/),
        expect.stringMatching(/^The comment may still say that it is measuring/),
      ],
    ]);
  });

  test('is left alone without a token', async () => {
    const killed = announcerOf(5);
    await killed.announcer.started();
    github.forgetRequests();
    await close(killed.open(), { token: '' });
    expect(github.requests).toEqual([]);
  });

  test.each(['', 'x', '{}', 'null', '{"owner":"../..","repo":"guest"}'])('is not read from %j', (text) => {
    expect(readOpenAnnouncement(text)).toBeUndefined();
  });
});

test('the limits that hold by themselves are those of a job that never hangs', () => {
  expect(usualPatience).toMatchObject({ requestMs: 30_000, tries: 3, totalMs: 90_000 });
});
