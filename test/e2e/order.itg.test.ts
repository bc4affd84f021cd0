import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { stateOf } from '../../src/github/comment-state.ts';
import { temporaryFolder } from '../baseline/repository.ts';
import { type GitHubEmulator, startGitHub } from '../github/emulator.ts';
import { testCacheDir } from './cache.ts';
import { createGuestRepository, pullRequestPayload, quickInputs } from './guest-repository.ts';
import { inBoot, until } from './moments.ts';
import {
  type EndedGate,
  endJob,
  failedHeadline,
  type RecordedGate,
  runRecordedGate,
} from './recorded-gate.ts';
import { openJob } from './runner.ts';

vi.setConfig({ maxConcurrency: 6 });

let folder: ReturnType<typeof temporaryFolder>;
let github: GitHubEmulator;
beforeAll(async () => {
  folder = temporaryFolder();
  github = await startGitHub();
});
afterAll(async () => {
  await github[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const [olderSha, newerSha] = ['c'.repeat(40), 'd'.repeat(40)];
const [red, green] = [failedHeadline, 'no growth'];

let jobs = 0;

/** A run of this pull request. */
async function run(
  pullNumber: number,
  more: Pick<RecordedGate, 'runId' | 'attempt' | 'headSha' | 'growth' | 'inputs'>,
): Promise<EndedGate> {
  jobs += 1;
  const ended = await runRecordedGate({
    folder: join(folder.path, `job-${jobs}`),
    github,
    pullNumber,
    ...more,
  });
  expect([ended.exitCode, ended.post.exitCode], ended.log).toEqual([more.growth === 1 ? 0 : 1, 0]);
  expect([ended.warnings, ended.post.log]).toEqual([[], '']);
  return ended;
}

async function theComment(pullNumber: number): Promise<string> {
  const comments = await github.comments(pullNumber);
  expect(comments).toHaveLength(1);
  return comments[0]?.body ?? '';
}

/** The comment is one, and says what this run came to and nothing of another. */
async function expectOf(
  pullNumber: number,
  told: {
    readonly runId: number;
    readonly attempt?: number;
    readonly head: string;
    readonly headline: string;
  },
): Promise<void> {
  const body = await theComment(pullNumber);
  const { runId, attempt = 1, head, headline } = told;
  expect(stateOf(body)).toMatchObject({ head, run: { id: runId, attempt }, phase: 'result' });
  expect(body).toContain(`Of \`${head.slice(0, 7)}\``);
  expect(body).toMatch(headingOf(headline));
}

function headingOf(headline: string): RegExp {
  return new RegExp(`^### .* snapgate: ${headline.replaceAll(/[+().%]/g, '.').replaceAll(/>/g, '.+')}`, 'm');
}

const tenTimes = Array.from({ length: 10 }, (_, round) => ({ round }));

describe.concurrent('an older run that ends after a newer one', () => {
  test.each(tenTimes)('leaves the comment to it ($round)', async ({ round }) => {
    const pullNumber = await github.openPullRequest();
    const [olderGrowth, newerGrowth] = round % 2 === 0 ? [1.5, 1] : [1, 1.5];
    await run(pullNumber, { runId: 2002, headSha: newerSha, growth: newerGrowth });
    const before = await theComment(pullNumber);
    const older = await run(pullNumber, { runId: 2001, headSha: olderSha, growth: olderGrowth });
    expect(await theComment(pullNumber)).toBe(before);
    expect(older.log).toContain('The comment is left to the newer run that has written it.');
    expect(older.job.output('verdict')).toBe(olderGrowth === 1 ? 'pass' : 'fail');
  });

  test.each(tenTimes)('or at the same time leaves it too ($round)', async ({ round }) => {
    const pullNumber = await github.openPullRequest();
    const older = { runId: 3001 + round, headSha: olderSha, growth: 1.5 };
    const newer = { runId: 3101 + round, headSha: newerSha, growth: 1 };
    await Promise.all(
      (round % 2 === 0 ? [older, newer] : [newer, older]).map((each) => run(pullNumber, each)),
    );
    await expectOf(pullNumber, { runId: newer.runId, head: newerSha, headline: green });
  });

  test.each(tenTimes)('also where GitHub is slow to write ($round)', async ({ round }) => {
    await using slow = await startGitHub();
    using _ = slow.fault({
      method: round % 2 === 0 ? 'POST' : 'PATCH',
      path: /comments/,
      hangMs: 100 + 50 * round,
    });
    const start = (runId: number, head: string, growth: number) =>
      runRecordedGate({
        folder: join(folder.path, `slow-${round}-${runId}`),
        github: slow,
        pullNumber: slow.pullNumber,
        runId,
        headSha: head,
        growth,
      });
    if (round % 2 === 1) await start(1, 'e'.repeat(40), 1.5);
    await Promise.all([start(3, newerSha, 1), start(2, olderSha, 1.5)]);
    const comments = await slow.comments();
    expect(comments).toHaveLength(1);
    expect(stateOf(comments[0]?.body ?? '')).toMatchObject({
      head: newerSha,
      run: { id: 3 },
      last: { outcome: 'pass' },
    });
  });

  test('of three that end at once the newest is told', async () => {
    const pullNumber = await github.openPullRequest();
    const runs = [4003, 4001, 4002].map((runId) =>
      run(pullNumber, { runId, headSha: String(runId % 10).repeat(40), growth: runId === 4003 ? 1 : 1.5 }),
    );
    await Promise.all(runs);
    await expectOf(pullNumber, { runId: 4003, head: '3'.repeat(40), headline: green });
  });
});

describe.concurrent('a run that is run again', () => {
  test('is still older than a newer one', async () => {
    const pullNumber = await github.openPullRequest();
    await run(pullNumber, { runId: 5001, headSha: olderSha, growth: 1 });
    await run(pullNumber, { runId: 5002, headSha: newerSha });
    const before = await theComment(pullNumber);
    await run(pullNumber, { runId: 5001, attempt: 2, headSha: olderSha, growth: 1 });
    expect(await theComment(pullNumber)).toBe(before);
  });

  test('takes the place of its first attempt, which does not come back', async () => {
    const pullNumber = await github.openPullRequest();
    await run(pullNumber, { runId: 5102, headSha: newerSha });
    await expectOf(pullNumber, { runId: 5102, head: newerSha, headline: red });
    await run(pullNumber, { runId: 5102, attempt: 2, headSha: newerSha, growth: 1 });
    const told = { runId: 5102, attempt: 2, head: newerSha, headline: green };
    await expectOf(pullNumber, told);
    await run(pullNumber, { runId: 5102, attempt: 1, headSha: newerSha });
    await expectOf(pullNumber, told);
  });

  test('has a check of its own on the same commit', async () => {
    const pullNumber = await github.openPullRequest();
    const headSha = '9'.repeat(40);
    await run(pullNumber, { runId: 5201, headSha });
    await run(pullNumber, { runId: 5201, attempt: 2, headSha, growth: 1 });
    expect(github.checks(headSha)).toMatchObject([
      { name: 'snapgate', externalId: '5201.1', conclusion: 'failure' },
      { name: 'snapgate', externalId: '5201.2', conclusion: 'success' },
    ]);
  });
});

test.concurrent('gates of two keys at once have a comment and a check each', async () => {
  const pullNumber = await github.openPullRequest();
  const headSha = '8'.repeat(40);
  const keys = ['amd64', 'arm64'];
  await Promise.all(
    keys.map((key, index) =>
      run(pullNumber, {
        runId: 6001,
        headSha,
        growth: index === 0 ? 1 : 1.5,
        inputs: { 'comment-key': key },
      }),
    ),
  );
  const comments = await github.comments(pullNumber);
  expect(comments.map(({ body }) => body.split('\n', 1)[0]).toSorted()).toEqual(
    keys.map((key) => `<!-- snapgate:${key} -->`),
  );
  expect(
    github
      .checks(headSha)
      .map(({ name, conclusion }) => `${name} ${conclusion}`)
      .toSorted(),
  ).toEqual(['snapgate: amd64 success', 'snapgate: arm64 failure']);
});

describe.concurrent('a run that measures', () => {
  /** A pull request whose last result was red, and a job that measures its next head. */
  async function openNext(title: string, inputs: Readonly<Record<string, string>>) {
    const pullNumber = await github.openPullRequest();
    await run(pullNumber, { runId: 7001, headSha: olderSha });
    mkdirSync(join(folder.path, title));
    const repository = createGuestRepository(join(folder.path, title));
    const pull = repository.pullRequest(pullNumber, {}, 'checkout');
    const job = openJob({
      folder: join(folder.path, title, 'job'),
      workspace: join(folder.path, title, 'checkout'),
      event: { name: 'pull_request', payload: pullRequestPayload(pull) },
      inputs: { ...quickInputs, boots: '1', cycles: '1', warmup: '0', 'cache-dir': testCacheDir, ...inputs },
      github,
      env: { GITHUB_RUN_ID: '7002' },
    });
    return { pullNumber, pull, job, body: () => theComment(pullNumber) };
  }

  test('says so before it builds or boots anything, with the last result below', async () => {
    const go = join(folder.path, 'go');
    const { pullNumber, pull, job, body } = await openNext('measures', {
      base: 'none',
      'max-memfile-written': '1GiB',
      'build-command': `touch ${go}.waits; while [ ! -e ${go} ]; do sleep 0.1; done; ./build.sh`,
    });
    const main = job.main();
    await until(() => existsSync(`${go}.waits`), main);
    expect(inBoot(job)).toBe(false);
    expect(github.checks(pull.headSha)).toMatchObject([
      { name: 'snapgate', status: 'in_progress', title: 'Measuring', externalId: '7002.1' },
    ]);
    const running = await body();
    const short = pull.headSha.slice(0, 7);
    expect(running).toContain(`⏳ **Measuring** \`${short}\``);
    expect(running).toContain(`Below: the result of \`${olderSha.slice(0, 7)}\`.`);
    expect(running).toMatch(headingOf(red));
    await run(pullNumber, { runId: 7000, headSha: newerSha });
    expect(await body()).toBe(running);
    writeFileSync(go, '');
    expect(await main.ended, main.log()).toBe(0);
    const after = await body();
    expect(after).not.toContain('Measuring');
    expect(after).toMatch(/Was 🔴/);
    expect(github.checks(pull.headSha)).toMatchObject([{ status: 'completed', conclusion: 'success' }]);
  });

  test('and cannot is told below the last result, and is never mistaken for a regression', async () => {
    const { pull, job, body } = await openNext('fails', { 'build-command': 'echo no such thing; exit 1' });
    const before = await body();
    const ended = await endJob(job);
    expect(ended.exitCode).toBeGreaterThanOrEqual(64);
    expect(job.output('verdict') ?? '').toBe('');
    const after = await body();
    const report = /<!-- snapgate-result-begin -->[\s\S]*<!-- snapgate-result-end -->/;
    expect(report.exec(after)?.[0]).toBe(report.exec(before)?.[0]);
    const [above = '', below = ''] = after.split(report);
    const short = pull.headSha.slice(0, 7);
    expect(above).toContain(`⚫ \`${short}\` was **not measured**, see below. This is the result of`);
    expect(below).toMatch(/#### ⚫ snapgate: not measured[\s\S]*build-command/);
    expect(above + below).not.toMatch(/grew|growth|regress|fails above/);
    expect(stateOf(after)).toMatchObject({ phase: 'failed', last: { head: olderSha, outcome: 'fail' } });
    const [check, ...others] = github.checks(pull.headSha);
    expect(others).toEqual([]);
    expect(check).toMatchObject({ status: 'completed', conclusion: 'failure' });
    expect(check?.title).toMatch(/^Not measured: /);
    expect(check?.summary).toContain('this says nothing about the change');
    expect(ended.errors).toEqual([expect.stringMatching(/^snapgate could not decide: /)]);
    expect(ended.warnings).toEqual([]);
  });
});
