import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { judgeMatrix } from '../../src/action/judge-matrix.ts';
import { renderJudged } from '../../src/action/judged.ts';
import { readRequest } from '../../src/action/request.ts';
import { inputs } from '../../src/config/inputs.ts';
import { temporaryFolder } from '../baseline/repository.ts';
import { openTestRun } from '../baseline/test-run.ts';
import { type ActionsServices, startActionsServices } from '../github/actions-services.ts';
import { type GitHubEmulator, startGitHub } from '../github/emulator.ts';
import { zipOf } from '../github/zip.ts';
import { side } from '../report/samples.ts';

const runId = 123;
const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

let services: ActionsServices;
let github: GitHubEmulator;
beforeEach(async () => {
  services = await startActionsServices();
  github = await startGitHub({ services });
  github.putRun({ id: runId, headSha: 'b'.repeat(40), headBranch: 'main' });
});
afterEach(async () => {
  await github[Symbol.asyncDispose]();
  await services[Symbol.asyncDispose]();
});

/** What a job that decides on the entries of its run comes to. */
async function judge(given: Readonly<Record<string, string>>) {
  const eventPath = join(folder.path, 'event.json');
  writeFileSync(eventPath, JSON.stringify({ ref: 'refs/heads/main' }));
  const texts: Readonly<Record<string, string>> = {
    ...Object.fromEntries(inputs.map((input) => [input.name, input.actionDefault])),
    'github-token': github.token,
    entries: 'small',
    ...given,
  };
  const env = {
    GITHUB_WORKSPACE: folder.path,
    GITHUB_EVENT_NAME: 'push',
    GITHUB_EVENT_PATH: eventPath,
    GITHUB_REPOSITORY: github.repository,
    GITHUB_API_URL: github.apiUrl,
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_RUN_ID: String(runId),
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_SHA: 'b'.repeat(40),
    GITHUB_REF_NAME: 'main',
    RUNNER_TEMP: folder.path,
    HOME: folder.path,
  };
  const request = readRequest(env, (name) => texts[name] ?? '');
  using opened = openTestRun(folder.path);
  const { judged } = await judgeMatrix(opened.run, request);
  return { judged, warnings: [...opened.warnings] };
}

test('entries are not judged by a drift, and report and log say so where it may not be', async () => {
  const record = {
    schema: 'snapgate/upload',
    version: 1,
    kind: 'entry',
    key: 'default',
    entry: 'small',
    side: 'both',
  };
  const files = {
    'upload.json': record,
    'measurement-base.json': side('base'),
    'measurement-head.json': side('head'),
  };
  const zip = zipOf(Object.entries(files).map(([name, value]) => ({ name, content: JSON.stringify(value) })));
  services.artifacts.plant({ runId, name: 'snapgate-default-entry-small-both', zip });
  const why = 'max-drift is not judged with entries';
  const told = await judge({ 'max-drift': '10%' });
  expect(renderJudged(told.judged, 60_000)).toContain(why);
  expect(told.warnings).toEqual([expect.stringContaining(why)]);
  const plain = await judge({});
  expect(renderJudged(plain.judged, 60_000)).not.toContain(why);
  expect(plain.warnings).toEqual([]);
});
