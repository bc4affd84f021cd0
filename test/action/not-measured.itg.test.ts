import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openAnnouncer } from '../../src/action/announce.ts';
import { runAction } from '../../src/action/main.ts';
import { inputs } from '../../src/config/inputs.ts';
import { temporaryFolder, writeFiles } from '../baseline/repository.ts';
import { type GitHubEmulator, startGitHub } from '../github/emulator.ts';
import { recordedLog } from './recorded-log.ts';

const [baseSha, eventSha] = ['a'.repeat(40), 'e'.repeat(40)];

/** For the runner's files: `@actions/core` remembers where the first summary went. */
const runnerFiles = temporaryFolder();
const summaryFile = join(runnerFiles.path, 'summary');
const outputFile = join(runnerFiles.path, 'output');

let github: GitHubEmulator;
let folder: ReturnType<typeof temporaryFolder>;
let number: number;
let headSha: string;
let said: string;
let heads = 0;
beforeAll(async () => {
  github = await startGitHub();
});
afterAll(async () => {
  await github[Symbol.asyncDispose]();
  runnerFiles[Symbol.dispose]();
});
beforeEach(async () => {
  folder = temporaryFolder();
  heads += 1;
  headSha = String(heads).padStart(40, 'b');
  number = await github.openPullRequest();
  github.forgetRequests();
  said = '';
  for (const file of [summaryFile, outputFile]) writeFileSync(file, '');
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  folder[Symbol.dispose]();
});

interface Start {
  readonly inputs?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly event?: string;
  readonly fork?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** The action as on a runner, with action.yml's defaults; nothing here gets as far as measuring. */
async function act(start: Start = {}) {
  const workspace = join(folder.path, 'workspace');
  mkdirSync(workspace, { recursive: true });
  writeFiles(workspace, start.files ?? {});
  const payload = join(folder.path, 'event.json');
  writeFileSync(payload, JSON.stringify(pullRequestEvent(start.fork ?? false)));
  const variables = {
    GITHUB_WORKSPACE: workspace,
    GITHUB_EVENT_NAME: start.event ?? 'pull_request',
    GITHUB_EVENT_PATH: payload,
    GITHUB_REPOSITORY: 'octo/guest',
    GITHUB_API_URL: github.apiUrl,
    GITHUB_SHA: eventSha,
    GITHUB_RUN_ID: '77',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_OUTPUT: outputFile,
    GITHUB_STEP_SUMMARY: summaryFile,
    GITHUB_STATE: join(runnerFiles.path, 'state'),
    RUNNER_TEMP: folder.path,
    ...inputVariables({ 'github-token': github.token, rootfs: 'gone.ext4', ...start.inputs }),
    ...start.env,
  };
  writeFileSync(variables.GITHUB_STATE, '');
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  return await runAction(process.env);
}

function inputVariables(given: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    inputs.map(({ name, actionDefault }) => [`INPUT_${name.toUpperCase()}`, given[name] ?? actionDefault]),
  );
}

function pullRequestEvent(isFork: boolean): object {
  const head = { sha: headSha, ref: 'topic', repo: { full_name: isFork ? 'stranger/guest' : 'octo/guest' } };
  const base = { sha: baseSha, ref: 'main', repo: { full_name: 'octo/guest' } };
  return { action: 'synchronize', pull_request: { number, head, base } };
}

/** A green comment of an earlier head stands there. */
async function isGreen(key = 'default'): Promise<void> {
  const announcer = openAnnouncer({
    log: recordedLog(),
    config: { comment: { policy: 'auto', key }, check: false, dryRun: false },
    destination: { apiUrl: github.apiUrl, token: github.token, owner: 'octo', repo: 'guest' },
    pullRequest: number,
    headSha: baseSha,
    run: { id: 5, attempt: 1, url: 'https://github.example/octo/guest/actions/runs/5' },
    settleMs: 0,
  });
  const render = () => '### 🟢 snapgate: no growth\n\nThe table.\n';
  await announcer.concluded({
    outcome: 'pass',
    headline: 'no growth',
    changed: false,
    render,
    conclusion: 'success',
  });
  github.forgetRequests();
}

async function comment(): Promise<string> {
  return (await github.comments(number)).map(({ body }) => body).join('\n---\n');
}
const summary = () => readFileSync(summaryFile, 'utf8');
const outputs = () => readFileSync(outputFile, 'utf8');
const writes = () =>
  github.requests.filter(({ method, path }) => method !== 'GET' && path !== '/graphql').length;

describe('a gate that could not begin', () => {
  it.each([
    ['snapgate.yml is broken', { files: { 'snapgate.yml': 'defaults: [' } }, /snapgate\.yml/],
    ['an input is wrong', { inputs: { boots: 'many' } }, /boots/],
    ['a mode is wrong', { inputs: { mode: 'gatte' } }, /gatte/],
    ['install is wrong', { inputs: { install: 'perhaps' } }, /install/],
    [
      'the branch of measurements is one of sources',
      { inputs: { 'baseline-branch': 'main' } },
      /baseline-branch/,
    ],
    ['the temporary folder is none', { inputs: { 'work-dir': '/dev/null/x' } }, /null/],
  ] as const)(
    'because %s tells the check, the comment, the summary and the outputs',
    async (_, start, why) => {
      await isGreen();
      expect(await act(start)).toBeGreaterThanOrEqual(64);
      const [check, ...others] = github.checks(headSha);
      expect(check, said).toMatchObject({ status: 'completed', conclusion: 'failure' });
      expect(check?.title).toMatch(/^Not measured: /);
      expect([check?.title, others]).toEqual([expect.stringMatching(why), []]);
      expect(await comment()).toMatch(
        /was \*\*not measured\*\*, see below[\s\S]*The table\.[\s\S]*snapgate: not measured/,
      );
      expect(summary()).toMatch(/^### ⚫ snapgate: not measured\n\n.+\n\nWhat to do: .+\n/);
      expect(summary().match(/not measured/g)).toHaveLength(1);
      expect(outputs()).toMatch(/^outcome<<.*\nnot-measured$/m);
      expect(outputs()).toMatch(/^rows<<.*\n\[\]$/m);
    },
  );

  it('obeys what can be read of the policies', async () => {
    const boots = { boots: 'many' };
    await act({ inputs: { ...boots, comment: 'never', check: 'false' } });
    await act({ inputs: { ...boots, 'dry-run': 'true' } });
    expect([writes(), github.checks(headSha)]).toEqual([0, []]);
    await act({ inputs: { ...boots, 'comment-key': 'small' } });
    expect(github.checks(headSha).map(({ name }) => name)).toEqual(['snapgate: small']);
    expect(await comment()).toContain('<!-- snapgate:small -->');
  });

  it('takes the default for a wrong policy', async () => {
    await act({ inputs: { comment: 'loudly', check: 'no' } });
    expect(github.checks(headSha)).toMatchObject([{ conclusion: 'failure' }]);
    expect(await comment()).toContain('snapgate: not measured');
  });

  it('writes nothing where it is not known which comment it has, or whether it may', async () => {
    await isGreen();
    expect(await act({ inputs: { 'comment-key': 'a b' } })).toBe(64);
    expect(await act({ inputs: { 'dry-run': 'perhaps' } })).toBe(64);
    expect(writes()).toBe(0);
    expect(summary()).toContain('comment-key');
  });

  it.each([
    ['pull_request_target', { event: 'pull_request_target' }],
    ['an event that is not known', { event: 'issue_comment' }],
    ['a payload that is not there', { env: { GITHUB_EVENT_PATH: '/nowhere/event.json' } }],
    ['a fork', { fork: true, inputs: { boots: 'many' } }],
    ['a fork that is refused', { fork: true, env: { RUNNER_ENVIRONMENT: 'self-hosted' } }],
    ['mode: measure', { inputs: { mode: 'measure', boots: 'many' } }],
  ] as const)('on %s asks GitHub nothing, and says it in the summary', async (_, start) => {
    expect(await act(start)).toBeGreaterThanOrEqual(64);
    expect(said).not.toContain('this is a bug');
    expect(github.requests).toEqual([]);
    expect(summary().match(/### ⚫ snapgate: not measured/g)).toHaveLength(1);
    expect(outputs()).toMatch(/^rows<<.*\n\[\]$/m);
  });

  it('tells the commit of the event where there is no pull request', async () => {
    await act({ event: 'workflow_dispatch', inputs: { boots: 'many', 'pr-number': String(number) } });
    expect(github.checks(eventSha).at(-1)).toMatchObject({ conclusion: 'failure' });
  });

  it('shows nothing of a hostile message as markup', async () => {
    await act({ inputs: { boots: '<img src=x>@octocat `' } });
    expect(summary()).not.toMatch(/<img|@octocat/);
  });
});
