import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { commentMode } from '../../src/action/comment-mode.ts';
import { readRequest } from '../../src/action/request.ts';
import { openBranchStore } from '../../src/baseline/branch-store.ts';
import { measuringKey } from '../../src/baseline/measuring-key.ts';
import { readConfig } from '../../src/config/config.ts';
import { inputs } from '../../src/config/inputs.ts';
import type { Config } from '../../src/config/types.ts';
import { stateOf } from '../../src/github/comment-state.ts';
import { SnapgateError } from '../../src/host/error.ts';
import type { Measurement } from '../../src/measure/record.ts';
import { commitFiles, createOrigin, git, temporaryFolder } from '../baseline/repository.ts';
import { openTestRun } from '../baseline/test-run.ts';
import { type ActionsServices, startActionsServices } from '../github/actions-services.ts';
import { type GitHubEmulator, startGitHub } from '../github/emulator.ts';
import type { Fault } from '../github/faults.ts';
import { hasty } from '../github/patience.ts';
import type { RunOptions } from '../github/workflow-runs.ts';
import { type ZipEntry, zipOf } from '../github/zip.ts';
import { hostileMeasurement, hostileText } from '../report/hostile.ts';
import { markdownFaults, trusted } from '../report/markdown-faults.ts';
import { growing, side } from '../report/samples.ts';
import { seededRandom } from '../stats/random.ts';

const mebi = 1024 ** 2;
const [baseSha, headSha, mergeSha] = ['a'.repeat(40), 'b'.repeat(40), 'e'.repeat(40)];
const otherSha = 'd'.repeat(40);
const runId = 9001;
const label = 'snapshot-growth-accepted';
const artifactName = 'snapgate-default';

/** For the runner's files: `@actions/core` remembers where the first summary went. */
const runnerFiles = temporaryFolder();
afterAll(() => runnerFiles[Symbol.dispose]());

let folder: ReturnType<typeof temporaryFolder>;
let services: ActionsServices;
let github: GitHubEmulator;
let pullNumber: number;
let warnings: readonly string[];
let infos: readonly string[];
beforeEach(async () => {
  folder = temporaryFolder();
  services = await startActionsServices();
  github = await startGitHub({ services });
  pullNumber = await github.openPullRequest({ headSha, headRef: 'topic', fork: 'stranger', mergeSha });
  knowsCommits();
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await github[Symbol.asyncDispose]();
  await services[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** What GitHub knows of the commits here: the merge of head into the base branch's commit, and that this is in that branch. */
function knowsCommits(): void {
  answers(/\/git\/commits\//, 404);
  answers(/\/compare\//, 404);
  answers(new RegExp(`/git/commits/${mergeSha}`), 200, {
    sha: mergeSha,
    parents: [{ sha: baseSha }, { sha: headSha }],
  });
  answers(new RegExp(`/git/commits/${headSha}`), 200, { sha: headSha, parents: [{ sha: otherSha }] });
  answers(new RegExp(`/compare/main\\.\\.\\.${baseSha}`), 200, { status: 'behind' });
}

function answers(path: RegExp, status: number, body?: object): void {
  github.fault({ method: 'GET', path, status, ...(body === undefined ? {} : { body }) } satisfies Fault);
}

const base = side('base');
const head = merged(side('head', growing({ 'idle-2s': 1.5 })));

/** As it was measured on the merge commit. */
function merged(measurement: Measurement): Measurement {
  return { ...measurement, subject: { label: 'what it says', commit: mergeSha } };
}

const record = {
  schema: 'snapgate/upload',
  version: 1,
  kind: 'gate',
  key: 'default',
  pullRequest: 0,
  headSha,
};

function jsonFile(name: string, value: unknown): ZipEntry {
  return { name, content: JSON.stringify(value) };
}

interface Files {
  readonly record?: object;
  readonly base?: object | undefined;
  readonly head?: object | undefined;
}

function filesOf(changes: Files = {}): ZipEntry[] {
  const sides = { base, head, ...changes };
  return [
    jsonFile('upload.json', { ...record, pullRequest: pullNumber, ...changes.record }),
    ...(sides.base === undefined ? [] : [jsonFile('measurement-base.json', sides.base)]),
    ...(sides.head === undefined ? [] : [jsonFile('measurement-head.json', sides.head)]),
  ];
}

function plant(
  entries: readonly ZipEntry[],
  more: { claimedBytes?: number; expired?: boolean; name?: string } = {},
): void {
  services.artifacts.plant({ runId, name: artifactName, zip: zipOf(entries), ...more });
}

interface Job {
  readonly inputs?: Readonly<Record<string, string>>;
  readonly run?: Partial<RunOptions>;
  readonly token?: string;
  /** The head is in this repository, and not in a fork. */
  readonly isOwn?: boolean;
}

/** Runs mode: comment as on a runner, on the end of the run that measured. */
async function comment(job: Job = {}): Promise<number> {
  const workflowRun = github.putRun({
    id: runId,
    headSha,
    headBranch: 'topic',
    ...(job.isOwn ? {} : { fork: 'stranger' }),
    conclusion: 'failure',
    ...job.run,
  });
  const eventPath = join(folder.path, 'event.json');
  const payload = {
    action: 'completed',
    repository: { full_name: github.repository },
    workflow_run: workflowRun,
  };
  writeFileSync(eventPath, JSON.stringify(payload));
  const env = runner(eventPath);
  const texts: Readonly<Record<string, string>> = {
    ...Object.fromEntries(inputs.map((input) => [input.name, input.actionDefault])),
    mode: 'comment',
    'github-token': job.token ?? github.token,
    ...job.inputs,
  };
  for (const name of ['GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY', 'GITHUB_STATE']) vi.stubEnv(name, fileOf(name));
  const request = readRequest(env, (name) => texts[name] ?? '');
  using opened = openTestRun(folder.path);
  ({ warnings, infos } = opened);
  return await commentMode(opened.run, request, { patience: hasty() });
}

function runner(eventPath: string): Record<string, string> {
  return {
    GITHUB_WORKSPACE: folder.path,
    GITHUB_EVENT_NAME: 'workflow_run',
    GITHUB_EVENT_PATH: eventPath,
    GITHUB_REPOSITORY: github.repository,
    GITHUB_API_URL: github.apiUrl,
    GITHUB_SERVER_URL: trusted.repositoryUrl.replace(`/${github.repository}`, ''),
    GITHUB_RUN_ID: '123',
    GITHUB_RUN_ATTEMPT: '2',
    GITHUB_SHA: otherSha,
    GITHUB_REF_NAME: 'main',
    RUNNER_TEMP: folder.path,
    HOME: folder.path,
  };
}

function fileOf(name: string): string {
  const path = join(runnerFiles.path, name);
  writeFileSync(path, '');
  return path;
}

function textOf(name: string): string {
  return readFileSync(join(runnerFiles.path, name), 'utf8');
}

async function theComment(): Promise<string> {
  const all = await github.comments(pullNumber);
  expect(all).toHaveLength(1);
  return all[0]?.body ?? '';
}

/** Thirty measurements of main that creep up to what the sides here have. */
async function storeCreep(config: Config): Promise<void> {
  using opened = openTestRun(join(folder.path, 'storing'));
  const store = openBranchStore(opened.run, {
    branch: 'snapgate-baselines',
    checkout: folder.path,
    serverUrl: 'https://github.com',
    token: undefined,
  });
  for (let index = 0; index < 30; index += 1) {
    const stored = side('head', () => Math.exp(-0.01 * (30 - index)));
    const createdAt = new Date(Date.parse(head.createdAt) - (30 - index) * 12 * 3600e3).toISOString();
    const commit = index.toString(16).padStart(40, '0');
    await store.save(
      { ...stored, createdAt, subject: { label: commit, commit } },
      measuringKey(config),
      'main',
    );
  }
}

/** The report in a comment, without the hidden lines of ours. */
function visible(body: string): string {
  return body.replace(/^<!-- snapgate[\w:.-]* -->\n?/gm, '').trim();
}

async function expectUntold(): Promise<void> {
  expect(await github.comments(pullNumber)).toEqual([]);
  expect(github.checks()).toEqual([]);
  expect(github.requests.filter(({ method, path }) => method !== 'GET' && path !== '/graphql')).toEqual([]);
}

async function refusal(job: Job = {}): Promise<SnapgateError> {
  const error: unknown = await comment(job).then(
    (status) => new Error(`not refused, but ${status}`),
    (caught: unknown) => caught,
  );
  if (!(error instanceof SnapgateError)) throw error;
  expect(error.code).toBe('record');
  return error;
}

describe('what a run of a fork has measured', () => {
  it('is told to its pull request, with a verdict of this job', async () => {
    plant(filesOf());
    expect(await comment()).toBe(0);
    expect(warnings).toEqual([]);
    const body = await theComment();
    expect(body).toContain('### 🔴 snapgate: memfile diff of idle-2s +50.');
    expect(body).toContain(`Measured in run ${runId} of a fork; the numbers are that run's.`);
    expect(body).toContain(`pull request #\u200b${pullNumber} at bbbbbbb, merged`.replace('\u200b', ''));
    expect(body).not.toContain('what it says');
    expect(markdownFaults(visible(body))).toEqual([]);
    expect(stateOf(body)).toMatchObject({ head: headSha, run: { id: runId }, last: { outcome: 'fail' } });
    expect(github.checks(headSha)).toMatchObject([
      { name: 'snapgate', status: 'completed', conclusion: 'failure' },
    ]);
    expect(infos[0]).toContain(`pull request #${pullNumber}`);
  });

  it('is in the summary and the outputs, and in records that this job has written', async () => {
    plant(filesOf());
    await comment();
    expect(markdownFaults(textOf('GITHUB_STEP_SUMMARY').trim())).toEqual([]);
    expect(textOf('GITHUB_STEP_SUMMARY')).toContain('🔴 snapgate');
    expect(textOf('GITHUB_OUTPUT')).toContain('verdict');
    const files = readdirSync(join(folder.path, 'snapgate-report')).toSorted();
    expect(files).toEqual(['comparison.json', 'measurement-base.json', 'measurement-head.json', 'report.md']);
  });

  it('passes where nothing grew', async () => {
    plant(filesOf({ head: merged(side('head')) }));
    expect(await comment({ run: { conclusion: 'success' } })).toBe(0);
    expect(github.checks(headSha)).toMatchObject([{ conclusion: 'success' }]);
  });

  it('is held to the thresholds of this job, whatever the run made of it', async () => {
    plant(filesOf());
    expect(await comment({ inputs: { 'fail-above': '60%' } })).toBe(0);
    expect(github.checks(headSha)).toMatchObject([{ conclusion: 'success' }]);
  });

  it('is not judged by a history that this job cannot find, and says so', async () => {
    plant(filesOf({ head: merged(side('head')) }));
    await comment({ inputs: { 'max-drift': '10%' } });
    expect(await theComment()).toContain(
      'max-drift is not judged here: this job is not told what is measured',
    );
    expect(github.checks(headSha)).toMatchObject([{ conclusion: 'success' }]);
  });

  it('is judged by the history of the branch it goes into, where this job is told what is measured', async () => {
    const { clone } = createOrigin(folder.path);
    commitFiles(clone, { Dockerfile: 'FROM scratch\n' });
    git(clone, 'push', '--quiet', 'origin', 'HEAD:refs/heads/main');
    git(folder.path, 'init', '--quiet', '.');
    git(folder.path, 'remote', 'add', 'origin', `file://${join(folder.path, 'origin.git')}`);
    const given = { rootfs: 'guest.ext4', 'baseline-branch': 'snapgate-baselines', 'max-drift': '10%' };
    await storeCreep(readConfig(given, undefined));
    plant(filesOf({ head: merged(side('head')) }));
    await comment({ inputs: given });
    expect(warnings).toEqual([]);
    expect(await theComment()).toMatch(/snapgate: memfile diff of [\w-]+ crept \+\d/);
    expect(github.checks(headSha)).toMatchObject([{ conclusion: 'failure' }]);
    await comment({ inputs: { ...given, scenarios: 'pause' } });
    expect(await theComment()).toContain("what was measured is not what this job's own inputs say");
  });

  it('may be of the head commit itself, compared with something of the base branch', async () => {
    plant(filesOf({ head: { ...head, subject: { label: 'x', commit: headSha } } }));
    expect(await comment()).toBe(0);
    expect(await theComment()).toMatch(/at bbbbbbb`/);
  });

  it('is told for a pull request of this repository too', async () => {
    github.changePullRequest(pullNumber, { state: 'closed' });
    pullNumber = await github.openPullRequest({ headSha, headRef: 'topic', mergeSha });
    plant(filesOf());
    expect(await comment({ isOwn: true })).toBe(0);
    expect(await theComment()).toContain(`Measured in run ${runId}; the numbers are that run's.`);
  });

  it('without a base is no pass: there is nothing to compare with', async () => {
    plant(filesOf({ base: undefined }));
    expect(await comment()).toBe(0);
    expect(await theComment()).toContain('no baseline yet');
    expect(github.checks(headSha)).toMatchObject([{ conclusion: 'neutral' }]);
  });

  it('on two machines is not comparable', async () => {
    const fingerprint = { ...base.fingerprint, hostCpu: 'Another CPU' };
    plant(filesOf({ base: { ...base, fingerprint } }));
    expect(await comment()).toBe(0);
    expect(await theComment()).toContain('not comparable');
  });

  it('is written once, and in place when the run is run again', async () => {
    plant(filesOf());
    await comment();
    plant(filesOf({ head: merged(side('head')) }));
    expect(await comment()).toBe(0);
    expect(await theComment()).toContain('🟢');
    expect(await theComment()).toContain('Was 🔴');
  });

  it('changes nothing that a newer run has told', async () => {
    plant(filesOf());
    await comment({ run: { id: runId } });
    const newer = await theComment();
    services.artifacts.plant({
      runId: runId - 1,
      name: artifactName,
      zip: zipOf(filesOf({ head: merged(side('head')) })),
    });
    await comment({ run: { id: runId - 1 } });
    expect(await theComment()).toBe(newer);
  });
});

describe('a label', () => {
  it('accepts what was shown, and what grows past it needs it again', async () => {
    plant(filesOf());
    expect(await comment()).toBe(0);
    github.setRole('maintainer', 'maintain');
    await github.label(pullNumber, label, { by: 'maintainer', at: new Date(Date.now() + 5000) });
    expect(await comment()).toBe(0);
    expect(await theComment()).toContain('accepted');
    expect(stateOf(await theComment())).toMatchObject({
      last: { outcome: 'accepted' },
      acceptance: { by: 'maintainer', commit: headSha },
    });
    expect(github.checks(headSha).at(-1)).toMatchObject({ conclusion: 'success' });
    plant(filesOf({ head: merged(side('head', growing({ 'idle-2s': 3 }))), record: { headSha: otherSha } }));
    github.changePullRequest(pullNumber, { headSha: otherSha });
    answers(new RegExp(`/git/commits/${mergeSha}`), 200, { parents: [{ sha: baseSha }, { sha: otherSha }] });
    expect(await comment({ run: { headSha: otherSha } })).toBe(0);
    expect(await theComment()).toContain('past the accepted');
  });

  it('of somebody who may not write accepts nothing, which is said', async () => {
    plant(filesOf());
    await comment();
    await github.label(pullNumber, label, { by: 'somebody', at: new Date(Date.now() + 5000) });
    expect(await comment()).toBe(0);
    expect(await theComment()).toContain('somebody, who may not write');
  });
});

describe('nobody is told anything, and nothing is wrong,', () => {
  const silent: readonly (readonly [string, () => void, Partial<RunOptions>])[] = [
    [
      'where another head was pushed since',
      () => github.changePullRequest(pullNumber, { headSha: otherSha }),
      {},
    ],
    ['where the pull request is closed', () => github.changePullRequest(pullNumber, { state: 'closed' }), {}],
    [
      'where the head is in another fork',
      () => github.changePullRequest(pullNumber, { fork: 'somebody-else' }),
      {},
    ],
    ['where the fork is gone', () => github.changePullRequest(pullNumber, { fork: null }), {}],
    ['where the run was of a push', () => {}, { event: 'push' }],
    ['where the run was skipped', () => {}, { conclusion: 'skipped' }],
    ['where the run was cancelled', () => {}, { conclusion: 'cancelled' }],
    ['where the run waits for an approval', () => {}, { conclusion: 'action_required' }],
    ['where the run is not over', () => {}, { conclusion: null }],
    ['where the branch is another', () => {}, { headBranch: 'other' }],
  ];

  it.each(silent)('%s', async (_, arrange, run) => {
    plant(filesOf());
    arrange();
    expect(await comment({ run })).toBe(0);
    expect(warnings).toEqual([]);
    expect(infos).toHaveLength(1);
    await expectUntold();
  });

  it('where the account has two forks, and the head is in the other', async () => {
    plant(filesOf());
    const repo = { full_name: 'stranger/another-fork' };
    const pull = { number: pullNumber, state: 'open', head: { sha: headSha, repo }, base: { ref: 'main' } };
    github.fault({ method: 'GET', path: /\/pulls\?/, status: 200, body: [pull] });
    expect(await comment()).toBe(0);
    expect(warnings).toEqual([]);
    await expectUntold();
  });

  it('where a run of this repository has no artifact: it has told it itself', async () => {
    github.changePullRequest(pullNumber, { state: 'closed' });
    pullNumber = await github.openPullRequest({ headSha, headRef: 'topic' });
    expect(await comment({ isOwn: true })).toBe(0);
    expect(warnings).toEqual([]);
    await expectUntold();
  });
});

describe('without numbers the pull request learns that it was not measured, with one warning,', () => {
  async function expectNotMeasured(why: RegExp): Promise<void> {
    expect(warnings).toEqual([expect.stringMatching(why)]);
    expect(await theComment()).toContain('not measured');
    expect(markdownFaults(visible(await theComment()))).toEqual([]);
    expect(github.checks(headSha)).toMatchObject([
      { conclusion: 'failure', title: expect.stringMatching(/^Not measured: /) },
    ]);
  }

  it.each([
    ['success', /artifact: auto or always/],
    ['failure', /Its log says why/],
  ])('where a run that ended as %s has uploaded none', async (conclusion, why) => {
    expect(await comment({ run: { conclusion } })).toBe(0);
    await expectNotMeasured(why);
  });

  it('where there is one of another key', async () => {
    plant(filesOf({ record: { key: 'other' } }), { name: 'snapgate-other' });
    expect(await comment()).toBe(0);
    await expectNotMeasured(/no artifact snapgate-default/);
  });

  it('where it has expired', async () => {
    plant(filesOf(), { expired: true });
    expect(await comment()).toBe(0);
    await expectNotMeasured(/has expired/);
  });

  it('where the run could not measure, and what it says pings nobody', async () => {
    const message = 'the guest @org/team said </details><img src=x> ![x](https://example.org/y.png) | `';
    plant(filesOf({ record: { failure: { code: 'guest', message } }, base: undefined, head: undefined }));
    expect(await comment()).toBe(0);
    await expectNotMeasured(/says: the guest/);
  });

  it.each([
    [403, /`contents: read`/],
    [500, /The API itself failed/],
  ])('where GitHub does not hand the artifact out (%i)', async (status, why) => {
    plant(filesOf());
    answers(/\/zip$/, status);
    expect(await comment()).toBe(0);
    await expectNotMeasured(why);
  });

  it('and the last good result stays', async () => {
    plant(filesOf());
    await comment();
    services.artifacts.plant({ runId: runId + 1, name: artifactName, zip: zipOf(filesOf()), expired: true });
    await comment({ run: { id: runId + 1 } });
    expect(await theComment()).toContain('+50.');
    expect(await theComment()).toContain('has expired');
  });
});

it('where the pull request cannot be looked for there is nobody to tell: one warning', async () => {
  plant(filesOf());
  answers(/\/pulls\?/, 403);
  expect(await comment()).toBe(0);
  expect(warnings).toEqual([expect.stringContaining('pull-requests: read')]);
  await expectUntold();
});

describe('an artifact that claims what is not so is refused, and nobody is told', () => {
  const claims: readonly (readonly [string, () => readonly ZipEntry[], RegExp])[] = [
    [
      'another pull request',
      () => filesOf({ record: { pullRequest: 1 } }),
      /claims pull request #1, but GitHub says #2/,
    ],
    [
      'one that does not exist',
      () => filesOf({ record: { pullRequest: 999_999 } }),
      /claims pull request #999999/,
    ],
    [
      'another head',
      () => filesOf({ record: { headSha: otherSha } }),
      /claims the head ddddddd, but GitHub says bbbbbbb/,
    ],
    ['another gate', () => filesOf({ record: { key: 'other' } }), /is not of the gate "default"/],
    [
      'an entry of a matrix',
      () => filesOf({ record: { kind: 'entry', entry: 'x', side: 'head' } }),
      /is not of the gate/,
    ],
    [
      'another commit of the head',
      () => filesOf({ head: { ...head, subject: { label: 'x', commit: otherSha } } }),
      /neither the head bbbbbbb nor a merge of it/,
    ],
    [
      'no commit of the head',
      () => filesOf({ head: { ...head, subject: { label: 'x' } } }),
      /does not say which commit/,
    ],
    ['the base as the head', () => filesOf({ head: base }), /it is of base, not of head/],
    [
      'a base of nobody',
      () => filesOf({ base: { ...base, subject: { label: 'x', commit: otherSha } } }),
      /has compared with ddddddd, but the merge is with aaaaaaa/,
    ],
    [
      'a base without a commit',
      () => filesOf({ base: { ...base, subject: { label: 'x' } } }),
      /a base without a commit/,
    ],
    ['no head', () => filesOf({ head: undefined }), /no measurement of head/],
  ];

  it.each(claims)('%s', async (_, entries, why) => {
    plant(entries());
    expect((await refusal()).message).toMatch(why);
    expect(warnings).toEqual([]);
    await expectUntold();
  });

  it('a merge with more than one other, or one that is not of the base branch', async () => {
    answers(new RegExp(`/git/commits/${mergeSha}`), 200, {
      parents: [{ sha: baseSha }, { sha: headSha }, { sha: otherSha }],
    });
    plant(filesOf());
    expect((await refusal()).message).toMatch(/nor a merge of it/);
    answers(new RegExp(`/git/commits/${mergeSha}`), 200, { parents: [{ sha: otherSha }, { sha: headSha }] });
    answers(/\/compare\//, 200, { status: 'diverged' });
    plant(filesOf({ base: { ...base, subject: { label: 'x', commit: otherSha } } }));
    expect((await refusal()).message).toMatch(/ddddddd, which is not in the branch "main"/);
    await expectUntold();
  });

  it('but a base that this job names by a ref is that', async () => {
    answers(/\/compare\//, 200, { status: 'diverged' });
    github.fault({
      path: /\/commits\/release$/,
      status: 200,
      headers: { 'content-type': 'text/plain' },
      body: baseSha,
    });
    plant(filesOf());
    expect(await comment({ inputs: { base: 'ref:release' } })).toBe(0);
    expect(await theComment()).toContain('release (aaaaaaa)');
  });
});

describe('an artifact that is not what snapgate writes is refused, and nobody is told', () => {
  const text = (value: object) => JSON.stringify(value);
  const measurementText = (filling: string) => text(head).replace('"notes":[]', `"notes":[${filling}]`);
  const withHead = (content: string): ZipEntry[] => [
    ...filesOf({ head: undefined }),
    { name: 'measurement-head.json', content },
  ];
  const hostile: readonly (readonly [string, () => readonly ZipEntry[], RegExp])[] = [
    [
      'a name that leads out',
      () => [...filesOf(), { name: '../../evil', content: 'x' }],
      /invalid relative path/,
    ],
    ['an absolute name', () => [...filesOf(), { name: '/etc/evil', content: 'x' }], /absolute path/],
    [
      'a link',
      () => [
        ...filesOf({ head: undefined }),
        { name: 'measurement-head.json', content: '/etc/passwd', mode: 0o120777 },
      ],
      /is a link/,
    ],
    ['a file twice', () => [...filesOf(), jsonFile('measurement-head.json', head)], /twice/],
    [
      '10,000 entries',
      () => Array.from({ length: 10_000 }, (_, index) => ({ name: `f${index}` })),
      /10000 entries/,
    ],
    [
      'a size that lies',
      () => [
        ...filesOf({ head: undefined }),
        { name: 'measurement-head.json', content: text(head), size: 100 },
      ],
      /too many bytes/,
    ],
    ['a bomb', () => withHead(' '.repeat(64 * mebi)), /unpacked, more than/],
    ['deep JSON', () => withHead(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), /nests more than/],
    [
      'deep JSON in a measurement',
      () => withHead(measurementText('['.repeat(100_000) + ']'.repeat(100_000))),
      /nests more than/,
    ],
    ['JSON that costs memory', () => withHead(measurementText(`${'1,'.repeat(4_000_000)}1`)), /values/],
    ['no JSON', () => withHead('<html>'), /is not JSON/],
    ['another record', () => withHead(text(record)), /is not a measurement/],
    ['a field too many', () => withHead(text({ ...head, extra: 1 })), /is not a valid measurement/],
    ['no record', () => [jsonFile('measurement-head.json', head)], /has no upload\.json/],
    ['nothing', () => [], /has no upload\.json/],
  ];

  it.each(hostile)('%s', async (_, entries, why) => {
    const before = readdirSync(folder.path);
    plant(entries());
    const started = Date.now();
    expect((await refusal()).message).toMatch(why);
    expect(Date.now() - started).toBeLessThan(10_000);
    expect(warnings).toEqual([]);
    await expectUntold();
    const made = readdirSync(folder.path).filter((name) => !before.includes(name));
    expect(made.filter((name) => !/^(?:event\.json|work|cache)$/.test(name))).toEqual([]);
  });

  it('200 MB that are said', async () => {
    plant(filesOf(), { claimedBytes: 200 * mebi });
    expect((await refusal()).message).toMatch(/is 200 MiB, and no more than/);
    expect(github.requests.some(({ path }) => path.endsWith('/zip'))).toBe(false);
    await expectUntold();
  });

  it('200 MB that are not said', async () => {
    const content = Buffer.alloc(200 * mebi);
    plant([{ name: 'upload.json', content, method: 0 }], { claimedBytes: 1000 });
    expect((await refusal()).message).toMatch(/larger than it was said to be/);
    await expectUntold();
  });
});

describe('a measurement full of hostile strings', () => {
  const random = seededRandom(97);
  const texts: readonly (readonly [string, () => string])[] = [
    ['markup', () => '</details><img src=x onerror=alert(1)> | `@org/team` #1'],
    ['markers', () => '<!-- snapgate-result-end -->'],
    ['commands', () => '\n::error::x\n##[add-mask]y'],
    ['a mixture', () => hostileText(random)],
    ['another mixture', () => hostileText(random, 30)],
  ];

  it.each(texts)('of %s is told as text', async (_, text) => {
    const make = (measurement: Measurement) => hostileMeasurement(measurement, text);
    const foreignHead = make(head);
    const named = foreignHead.scenarios;
    const foreignBase = {
      ...make(base),
      fingerprint: foreignHead.fingerprint,
      scenarios: named,
      image: base.image,
    };
    const renamed = {
      ...foreignBase,
      boots: foreignBase.boots.map((boot) => ({
        ...boot,
        samples: boot.samples.map((sample, index) => ({
          ...sample,
          scenario: foreignHead.boots[0]?.samples[index]?.scenario ?? sample.scenario,
        })),
      })),
    };
    plant(
      filesOf({
        head: merged(foreignHead),
        base: { ...renamed, subject: { label: text().slice(0, 500), commit: baseSha } },
      }),
    );
    expect(await comment()).toBe(0);
    expect(warnings).toEqual([]);
    expect(markdownFaults(visible(await theComment()))).toEqual([]);
    expect(markdownFaults(textOf('GITHUB_STEP_SUMMARY').trim())).toEqual([]);
    expect((await theComment()).match(/<!--/g)).toHaveLength(4);
    const [check] = github.checks(headSha);
    expect(markdownFaults(check?.summary ?? '')).toEqual([]);
  });

  it('and as large as one may be is told in bounded time', async () => {
    const [scenario] = head.scenarios;
    const [boot] = head.boots;
    if (scenario === undefined || boot === undefined) throw new Error('no sample');
    const scenarios = Array.from({ length: 1000 }, (_, index) => ({ ...scenario, name: `s${index}` }));
    const samplesOf = (pages: number) =>
      scenarios.flatMap(({ name }) =>
        Array.from({ length: 4 }, (_, round) => ({
          scenario: name,
          round,
          warmup: false,
          position: round,
          atMs: 1,
          cycleMs: 1,
          metrics: { 'memfile.writtenBytes': pages * 4096 },
        })),
      );
    const large = (measurement: Measurement, pages: number) => ({
      ...measurement,
      scenarios,
      boots: Array.from({ length: 5 }, (_, index) => ({ ...boot, index, samples: samplesOf(pages + index) })),
    });
    plant(filesOf({ base: large(base, 1000), head: large(head, 2000) }));
    const started = Date.now();
    expect(await comment()).toBe(0);
    expect(Date.now() - started).toBeLessThan(60_000);
    expect((await theComment()).length).toBeLessThanOrEqual(65_536);
  });
});

it('the token is said nowhere', async () => {
  plant(filesOf());
  await comment();
  const told = [
    await theComment(),
    textOf('GITHUB_STEP_SUMMARY'),
    textOf('GITHUB_OUTPUT'),
    textOf('GITHUB_STATE'),
  ];
  expect([...told, ...warnings, ...infos].join('\n')).not.toContain(github.token);
});
