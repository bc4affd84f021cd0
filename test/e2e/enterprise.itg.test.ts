import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../baseline/repository.ts';
import { type ActionsServices, startActionsServices } from '../github/actions-services.ts';
import { type GitHubEmulator, startGitHub } from '../github/emulator.ts';
import { until } from './moments.ts';
import { openForkedPull, plantArtifact, uploadedFiles } from './planted-artifact.ts';
import { type ProxyTrap, startProxyTrap } from './proxy-trap.ts';
import {
  type EndedGate,
  endJob,
  failedHeadline,
  headSha,
  openRecordedGate,
  type RecordedGate,
} from './recorded-gate.ts';
import { openJob } from './runner.ts';
import { silence } from './service-troubles.ts';

const serverUrl = 'https://github.example.com';

let folder: ReturnType<typeof temporaryFolder>;
let services: ActionsServices;
let github: GitHubEmulator;
let trap: ProxyTrap;
beforeEach(async () => {
  folder = temporaryFolder();
  services = await startActionsServices();
  github = await startGitHub({ services });
  trap = await startProxyTrap();
});
afterEach(async () => {
  await trap[Symbol.asyncDispose]();
  await github[Symbol.asyncDispose]();
  await services[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** A run of an Enterprise Server, whose API is below /api/v3 of a host of its own. */
function onServer({ env, ...more }: Partial<RecordedGate> = {}): RecordedGate {
  const { enterpriseApiUrl: apiUrl, repository, token, pullNumber } = github;
  return {
    folder: join(folder.path, 'job'),
    github: { apiUrl, repository, token },
    pullNumber,
    services,
    env: { GITHUB_SERVER_URL: serverUrl, ...trap.env, ...env },
    ...more,
  };
}

async function run(more: Partial<RecordedGate> = {}): Promise<EndedGate> {
  return await endJob(openRecordedGate(onServer(more)));
}

/** Links that people are given, of which none may lead away from the server. */
function linksIn(...texts: readonly (string | undefined)[]): readonly string[] {
  return texts.flatMap((text) => text?.match(/https?:\/\/[^\s)"'<>]+/g) ?? []);
}

test('is told there, with links to it, and nobody else is asked', async () => {
  const { exitCode, errors, warnings, job, log } = await run();
  expect([exitCode, warnings, trap.wanted], log).toEqual([1, [], []]);
  expect(errors).toHaveLength(1);
  const [told, ...others] = await github.comments();
  expect(others).toEqual([]);
  expect(told?.body).toContain(failedHeadline);
  const [check] = github.checks(headSha);
  expect(check).toMatchObject({ status: 'completed', conclusion: 'failure' });
  const report = readFileSync(job.output('report') ?? '', 'utf8');
  const links = linksIn(told?.body, check?.summary, check?.detailsUrl, job.summary(), report);
  expect(links.length).toBeGreaterThan(5);
  for (const link of links)
    expect(link).toMatch(new RegExp(`^${serverUrl}/octo/guest/(?:commit|actions/runs)/`));
  expect(log.match(/https?:\/\/\S+/g) ?? []).toEqual([]);
});

test('has no cache and no artifacts that the action knows: a line each, and the verdict stands', async () => {
  const { exitCode, warnings, log } = await run({ inputs: { artifact: 'always' } });
  expect([exitCode, services.requests, trap.wanted]).toEqual([1, [], []]);
  expect(warnings).toEqual([
    expect.stringMatching(/^The artifact .*Enterprise Server has no artifact service/),
  ]);
  expect(log.match(/^.*the cache of GitHub Actions.*$/gim)).toEqual([
    'No measurements are kept in the cache of GitHub Actions: its runner offers none.',
  ]);
});

test('may have a cache of the older kind, whose failure is one warning', async () => {
  const { exitCode, warnings, seconds } = await run({ env: { ACTIONS_CACHE_URL: `${services.url}/` } });
  expect(exitCode).toBe(1);
  expect(warnings).toEqual([
    expect.stringMatching(/^The cache of GitHub Actions failed .*The verdict stands/),
  ]);
  expect(seconds).toBeLessThan(90);
  expect(trap.wanted).toEqual([]);
});

test('is asked for labels and who set them', async () => {
  github.setRole('maintainer', 'maintain');
  expect((await run({ folder: join(folder.path, 'first'), runId: 1 })).exitCode).toBe(1);
  const label = 'snapshot-growth-accepted';
  await github.label(github.pullNumber, label, { by: 'maintainer', at: new Date(Date.now() + 5000) });
  const { exitCode, job } = await run({ folder: join(folder.path, 'second'), runId: 2 });
  expect([exitCode, job.output('outcome'), trap.wanted]).toEqual([0, 'accepted', []]);
});

test('is told of the end of a run that was killed', async () => {
  using hang = github.fault({ path: /\/labels/, ...silence });
  const job = openRecordedGate(onServer());
  const main = job.main();
  await until(() => hang.hits > 0, main);
  expect(github.checks(headSha)).toMatchObject([{ status: 'in_progress' }]);
  main.process.kill('SIGKILL');
  await main.ended;
  const post = job.post();
  expect([await post.ended, post.log(), trap.wanted]).toEqual([0, '', []]);
  expect(github.checks(headSha)).toMatchObject([{ status: 'completed', conclusion: 'cancelled' }]);
});

test('hands out what a fork has measured', async () => {
  const pull = await openForkedPull(github);
  plantArtifact(services, uploadedFiles(pull));
  const { github: connection, env = {} } = onServer();
  const { exitCode, warnings, log } = await endJob(
    openJob({
      folder: join(folder.path, 'job'),
      workspace: folder.path,
      event: pull.event,
      inputs: { mode: 'comment' },
      github: connection,
      env,
    }),
  );
  expect([exitCode, warnings, trap.wanted], log).toEqual([0, [], []]);
  const [told] = await github.comments(pull.number);
  expect(told?.body).toContain(failedHeadline);
  for (const link of linksIn(told?.body, log)) expect(link.startsWith(`${serverUrl}/`)).toBe(true);
});

test('of the cloud with a domain of its own has a cache and artifacts', async () => {
  const { exitCode, warnings } = await run({
    env: { GITHUB_SERVER_URL: 'https://octo.ghe.com' },
    inputs: { artifact: 'always' },
  });
  expect([exitCode, warnings, trap.wanted]).toEqual([1, [], []]);
  expect(services.artifacts.all()).toMatchObject([{ name: 'snapgate-default' }]);
  expect(services.cache.entries()).toHaveLength(1);
});

test('a run that were to ask elsewhere would be seen here', async () => {
  const { repository, token } = github;
  const away = { apiUrl: 'https://api.github.com', repository, token };
  const { exitCode, warnings } = await run({ github: away });
  expect([exitCode, warnings.length]).toEqual([1, 1]);
  expect(new Set(trap.wanted)).toEqual(new Set(['api.github.com:443']));
});
