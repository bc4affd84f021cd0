import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { stateOf } from '../../src/github/comment-state.ts';
import { temporaryFolder } from '../baseline/repository.ts';
import { startActionsServices } from '../github/actions-services.ts';
import { type GitHubEmulator, startGitHub } from '../github/emulator.ts';
import { testCacheDir } from './cache.ts';
import {
  createGuestRepository,
  type GuestRepository,
  pullRequestPayload,
  quickInputs,
} from './guest-repository.ts';
import { leftoversOf } from './leftovers.ts';
import { inBoot, runIdOf, until } from './moments.ts';
import { failedHeadline, openRecordedGate, runRecordedGate } from './recorded-gate.ts';
import { type Job, openJob, type Step } from './runner.ts';
import { badGateway, dropped, type Failure, silence } from './service-troubles.ts';
import { annotationsOf, withoutMasks } from './workflow-commands.ts';

// They wait for one another's guests, and for a GitHub that does not answer.
vi.setConfig({ maxConcurrency: 5 });

let folder: ReturnType<typeof temporaryFolder>;
let repository: GuestRepository;
beforeAll(() => {
  folder = temporaryFolder();
  repository = createGuestRepository(folder.path);
});
afterAll(() => folder[Symbol.dispose]());

const lastSha = 'c'.repeat(40);
const [lastRun, thisRun, nextRun] = [1, 2, 3];

/** A job whose main measures until it is killed, of a pull request that has a result. */
interface Measuring extends AsyncDisposable {
  readonly github: GitHubEmulator;
  readonly headSha: string;
  readonly job: Job;
  readonly main: Step;
  readonly workspace: string;
  comment(): Promise<string>;
}

/** A build that does not end, with a file that tells when it has begun. */
function endless(title: string): { readonly inputs: Record<string, string>; readonly begun: string } {
  const begun = join(folder.path, `${title}.begun`);
  return { begun, inputs: { 'build-command': `touch ${begun}; sleep 1000` } };
}

async function startMeasuring(title: string, inputs: Readonly<Record<string, string>>): Promise<Measuring> {
  const github = await startGitHub();
  const { pullNumber } = github;
  const last = { folder: join(folder.path, `${title}-last`), headSha: lastSha, runId: lastRun };
  expect((await runRecordedGate({ ...last, github, pullNumber })).exitCode).toBe(1);
  const opened = openMeasuring(title, inputs, github);
  const comment = async () => {
    const comments = await github.comments();
    expect(comments).toHaveLength(1);
    return comments[0]?.body ?? '';
  };
  const main = opened.job.main();
  return {
    ...opened,
    github,
    main,
    comment,
    [Symbol.asyncDispose]: async () => {
      main.process.kill('SIGKILL');
      await github[Symbol.asyncDispose]();
    },
  };
}

function openMeasuring(
  title: string,
  inputs: Readonly<Record<string, string>>,
  github: GitHubEmulator,
): Pick<Measuring, 'headSha' | 'workspace' | 'job'> {
  const pull = repository.pullRequest(github.pullNumber, { 'README.md': title }, title);
  const workspace = join(folder.path, title);
  const job = openJob({
    folder: join(folder.path, `${title}-job`),
    workspace,
    event: { name: 'pull_request', payload: pullRequestPayload(pull) },
    inputs: { ...quickInputs, 'cache-dir': testCacheDir, ...inputs },
    github,
    env: { GITHUB_RUN_ID: String(thisRun) },
  });
  return { headSha: pull.headSha, workspace, job };
}

async function kill({ github, main, comment, headSha }: Measuring): Promise<void> {
  main.process.kill('SIGKILL');
  expect(await main.ended).toBe(null);
  expect(await comment()).toContain('**Measuring**');
  expect(github.checks(headSha)).toMatchObject([{ status: 'in_progress' }]);
}

/** Nothing says any more that somebody measures, and the last result stands. */
async function expectTakenBack({ github, comment, headSha }: Measuring): Promise<void> {
  const body = await comment();
  expect(body).not.toContain('**Measuring**');
  expect(body).toContain(`The run of \`${headSha.slice(0, 7)}\` was cancelled`);
  expect(body).toContain(`Below: the result of \`${lastSha.slice(0, 7)}\`.`);
  expect(body).toContain(failedHeadline.split(' (', 1)[0]);
  expect(stateOf(body)).toMatchObject({ phase: 'failed', last: { head: lastSha, outcome: 'fail' } });
  expect(github.checks(headSha)).toMatchObject([
    { status: 'completed', conclusion: 'cancelled', title: 'Cancelled' },
  ]);
}

function expectNothingLeft({ job, workspace }: Measuring): void {
  expect(leftoversOf(runIdOf(job), job.temp, workspace)).toEqual([]);
  expect(existsSync(job.state()['run-dir'] ?? '/')).toBe(false);
}

test.concurrent('a main that is killed in a boot: its post step takes back what it said, and removes what it made', async () => {
  await using measuring = await startMeasuring('boot', { base: 'none' });
  const { github, job, main } = measuring;
  await until(() => inBoot(job), main);
  await kill(measuring);
  expect(job.state()['announcement']).not.toContain(github.token);
  const post = job.post();
  expect(await post.ended, post.log()).toBe(0);
  expect(post.log()).toBe('');
  await expectTakenBack(measuring);
  expectNothingLeft(measuring);
});

test.concurrent('a main that is cancelled ends at once, and its post step takes back what it said', async () => {
  const { inputs, begun } = endless('cancelled');
  await using measuring = await startMeasuring('cancelled', inputs);
  const { job, main } = measuring;
  await until(() => existsSync(begun), main);
  const started = performance.now();
  main.process.kill('SIGINT');
  expect(await main.ended, main.log()).toBe(75);
  // A runner kills a step ten seconds after it asked it to end.
  expect(performance.now() - started).toBeLessThan(7500);
  expect(annotationsOf(main.log()).errors).toEqual([expect.stringMatching(/^snapgate was interrupted: /)]);
  const post = job.post();
  expect([await post.ended, post.log()]).toEqual([0, '']);
  await expectTakenBack(measuring);
  expectNothingLeft(measuring);
});

describe.concurrent('where GitHub is down in the post step', () => {
  const failures: readonly (readonly [string, Failure, RegExp])[] = [
    ['silence', silence, /did not answer in time/],
    ['502', badGateway, /The API itself failed/],
    ['dropped connections', dropped, /could not be reached/],
    ['401', { status: 401 }, /did not accept github-token/],
  ];

  test.each(failures)(
    '(%s) it ends in time with one warning, and cleans up all the same',
    async (name, failure, cause) => {
      const title = name.replaceAll(' ', '-');
      const { inputs, begun } = endless(title);
      await using measuring = await startMeasuring(title, inputs);
      const { github, job, main } = measuring;
      await until(() => existsSync(begun), main);
      await kill(measuring);
      using down = github.fault({ path: /./, ...failure });
      const started = performance.now();
      const post = job.post();
      expect(await post.ended).toBe(0);
      expect((performance.now() - started) / 1000).toBeLessThan(60);
      const { warnings, errors } = annotationsOf(post.log());
      expect([warnings, errors]).toEqual([[expect.stringMatching(cause)], []]);
      expect(warnings[0]).toMatch(/`permissions: (?:checks|pull-requests): write`/);
      expect(withoutMasks(post.log())).not.toContain(github.token);
      expectNothingLeft(measuring);
      down[Symbol.dispose]();
      expect(await job.post().ended).toBe(0);
      await expectTakenBack(measuring);
    },
  );
});

test.concurrent('a check whose making was not answered is found by its run', async () => {
  await using github = await startGitHub();
  using _ = github.fault({ method: 'POST', path: /check-runs$/, dropConnection: 'after' });
  using unanswered = github.fault({ method: 'GET', path: /check-runs/, ...silence });
  const { job, headSha } = openMeasuring('unanswered', endless('unanswered').inputs, github);
  const main = job.main();
  await until(() => github.checks(headSha).length > 0, main);
  main.process.kill('SIGKILL');
  expect(await main.ended).toBe(null);
  unanswered[Symbol.dispose]();
  expect(await job.post().ended).toBe(0);
  expect(github.checks(headSha)).toMatchObject([{ status: 'completed', conclusion: 'cancelled' }]);
  expect(await github.comments()).toEqual([]);
});

test.concurrent('a comment that a newer run has written meanwhile is left to it', async () => {
  const { inputs, begun } = endless('overtaken');
  await using measuring = await startMeasuring('overtaken', inputs);
  const { github, job, main, headSha, comment } = measuring;
  await until(() => existsSync(begun), main);
  await kill(measuring);
  const newer = { folder: join(folder.path, 'newer'), headSha: 'd'.repeat(40), runId: nextRun, growth: 1 };
  const { pullNumber } = github;
  expect((await runRecordedGate({ ...newer, github, pullNumber })).exitCode).toBe(0);
  const told = await comment();
  expect(await job.post().ended).toBe(0);
  expect(await comment()).toBe(told);
  expect(github.checks(headSha)).toMatchObject([{ conclusion: 'cancelled' }]);
});

test.concurrent('a result that was told before main was killed stands', async () => {
  await using services = await startActionsServices();
  using storing = services.fault({ path: /CreateCacheEntry/, ...silence });
  await using github = await startGitHub({ services });
  const { pullNumber } = github;
  const headSha = 'e'.repeat(40);
  const job = openRecordedGate({ folder: join(folder.path, 'told'), github, pullNumber, headSha, services });
  const main = job.main();
  await until(() => storing.hits > 0, main);
  const [before] = await github.comments(pullNumber);
  expect(before?.body).toMatch(/^### 🔴 snapgate/m);
  main.process.kill('SIGKILL');
  expect(await main.ended).toBe(null);
  expect(await job.post().ended).toBe(0);
  expect(await github.comments(pullNumber)).toEqual([before]);
  expect(github.checks(headSha)).toMatchObject([{ status: 'completed', conclusion: 'failure' }]);
});
