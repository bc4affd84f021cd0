import { afterAll, beforeAll, expect, test } from 'vitest';
import { git } from '../baseline/repository.ts';
import { dispatchEvent, mergeGroupEvent, scheduleEvent, workflowRunEvent } from '../github/payloads.ts';
import { growing, side } from '../report/samples.ts';
import { noisyGuest, quickSettings, sameGuest } from './example-repository.ts';
import { actionStepOf, jobOf, type WorkflowResult } from './workflow.ts';
import type { StepResult } from './workflow-job.ts';
import { bootedSides, leftBy, openWorkflowWorld, type WorkflowWorld } from './workflow-world.ts';

/** The tests follow one another in the life of one repository: what the first has stored of main is the base of those after it. */
let world: WorkflowWorld;
beforeAll(async () => {
  world = await openWorkflowWorld(quickSettings);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** The step of the action in a run of one job, which ended as it should and left nothing. */
function stepOf(result: WorkflowResult, exitCode: number, name = 'snapshots'): StepResult {
  const job = jobOf(result, name);
  const step = actionStepOf(job);
  expect([step.exitCode, result.conclusion], step.log + step.summary).toEqual([
    exitCode,
    exitCode === 0 ? 'success' : 'failure',
  ]);
  expect(step.post).toEqual({ exitCode: 0, log: '' });
  expect(leftBy(job)).toEqual([]);
  expect(step.log).not.toMatch(/^::warning/m);
  return step;
}

test('baseline.yml: the first push has no baseline and makes one, the next is compared with it, and a schedule with what was before', async () => {
  const { github, services } = world;
  const first = world.pushMain({});
  const none = stepOf(await world.run('baseline.yml', first.event), 0);
  expect(none.outputs).toMatchObject({ verdict: 'inconclusive', outcome: 'no-baseline' });
  expect(none.summary).toMatch(
    /^### 🔵 snapgate: no baseline yet: .* a run on push or schedule stores one$/mu,
  );
  expect(none.summary).toMatch(/^\| *`wait` *\| *[\d.]+\sKiB *\|/mu);
  expect(keysOf('refs/heads/main')).toEqual(['baseline', 'history']);

  const second = world.pushMain(sameGuest('The same.'));
  const compared = stepOf(await world.run('baseline.yml', second.event), 0);
  expect(compared.log).toContain(`/commit/${second.commit}) with what was stored last of branch main`);
  expect(bootedSides(compared.log)).toEqual(['head']);
  expect(compared.outputs).toMatchObject({ verdict: 'pass', outcome: 'pass' });
  expect(compared.summary).toContain(`compared with base [\`branch main (${first.commit.slice(0, 7)})\`]`);

  const weekly = stepOf(await world.run('baseline.yml', scheduleEvent()), 0);
  expect(weekly.outputs['outcome']).toBe('pass');
  expect(weekly.summary).toContain(`compared with base [\`branch main (${first.commit.slice(0, 7)})\`]`);
  expect([github.checks(), await github.comments()]).toEqual([[], []]);
  expect(services.cache.entries().every(({ scope }) => scope === 'refs/heads/main')).toBe(true);

  function keysOf(scope: string) {
    const entries = services.cache.entries().filter((entry) => entry.scope === scope);
    return entries.map(({ key }) => key.split('-')[1]).toSorted();
  }
});

test('github-hosted.yml: the line that opens /dev/kvm and the packages are asked for, and the gate runs', async () => {
  const { event, headSha } = world.pushPullRequest(sameGuest('On a hosted runner.'));
  const result = await world.run('github-hosted.yml', event);
  const step = stepOf(result, 0);
  expect(jobOf(result, 'snapshots').fakeCalls).toEqual([
    'sudo tee /etc/udev/rules.d/99-kvm.rules',
    '< KERNEL=="kvm", GROUP="kvm", MODE="0666", OPTIONS+="static_node=kvm"',
    'sudo udevadm control --reload-rules',
    'sudo udevadm trigger --name-match=kvm',
    'sudo apt-get update -qq',
    expect.stringMatching(/^sudo apt-get install -y -qq --no-install-recommends qemu-system-x86 /),
  ]);
  expect(bootedSides(step.log)).toEqual(['head']);
  expect(world.github.checks(headSha)).toMatchObject([{ name: 'snapgate', conclusion: 'success' }]);
  const [comment, ...others] = await world.github.comments();
  expect(others).toEqual([]);
  expect(comment?.body).toMatch(/^### 🟢 snapgate: no change/mu);
});

test('pull-request.yml in a merge queue: the group is compared with its base, and told by a check', async () => {
  const { github, repository } = world;
  const comments = await github.comments();
  const baseSha = repository.main();
  const { mergeSha } = world.pushPullRequest(sameGuest('Queued.'));
  const queue = `gh-readonly-queue/main/pr-1-${baseSha}`;
  git(repository.clone, 'push', '--quiet', 'origin', `${mergeSha}:refs/heads/${queue}`);
  const result = await world.run('pull-request.yml', mergeGroupEvent({ headSha: mergeSha, baseSha }));
  const step = stepOf(result, 0);
  expect(step.log).toMatch(
    new RegExp(`^Compares the merge group .*${mergeSha}\\) with commit .*${baseSha}\\)`, 'm'),
  );
  expect(github.checks(mergeSha)).toMatchObject([{ name: 'snapgate', conclusion: 'success' }]);
  expect(await github.comments()).toEqual(comments);
});

test('fork-measure.yml and fork-comment.yml: one measures with a token that reads, the other tells the pull request', async () => {
  const { github, services } = world;
  const [before] = await github.comments();
  const { event, headSha, baseSha } = world.pushPullRequest(noisyGuest, { fork: 'mallory' });
  github.forgetRequests();
  const measured = await world.run('fork-measure.yml', event);
  const step = stepOf(measured, 1);
  expect(step.outputs).toMatchObject({ verdict: 'fail', 'comment-url': '', 'check-url': '' });
  expect(step.summary).toMatch(/^\| *`wait` *\|.*🔴\sfail/mu);
  const writes = github.requests.filter(({ method, path }) => method !== 'GET' && path !== '/graphql');
  expect(writes).toEqual([]);
  expect(services.artifacts.all()).toMatchObject([{ name: 'snapgate-default' }]);
  expect(github.checks(headSha)).toEqual([]);

  const told = await world.run('fork-comment.yml', workflowRunEvent(measured.run));
  const teller = stepOf(told, 0, 'comment');
  expect(bootedSides(teller.log)).toEqual([]);
  expect(teller.outputs).toMatchObject({ verdict: 'fail', rows: step.outputs['rows'] });
  const [comment, ...others] = await github.comments();
  expect([comment?.id, others]).toEqual([before?.id, []]);
  expect(comment?.body).toMatch(/^### 🔴 snapgate: memfile diff of wait .* \(cap 2\.00 MiB\)$/mu);
  expect(comment?.body).toContain(`[\`pull request #1 at ${headSha.slice(0, 7)}, merged (`);
  expect(comment?.body).toContain(`compared with base [\`commit ${baseSha.slice(0, 7)}\`]`);
  expect(comment?.body).toMatch(/^Measured in run \d+ of a fork; the numbers are that run's\./m);
  expect(github.checks(headSha)).toMatchObject([{ name: 'snapgate', conclusion: 'failure' }]);
});

test('dispatch.yml: two refs are compared, and the pull request that is named gets a comment of its own', async () => {
  const { github, repository } = world;
  const before = await github.comments();
  const { headSha } = world.pushPullRequest(noisyGuest);
  const inputs = { head: 'ref:feature', base: 'ref:main', scenarios: 'wait', boots: '1', cycles: '1' };
  const result = await world.run('dispatch.yml', dispatchEvent({ ...inputs, 'pr-number': '1' }));
  const step = stepOf(result, 1);
  const url = 'https://github.com/octo/guest/commit';
  expect(step.log).toContain(
    `Compares feature (${url}/${headSha}) with main (${url}/${repository.main()})\n`,
  );
  expect(bootedSides(step.log)).toEqual(['head']);
  const comments = await github.comments();
  expect(comments.slice(0, before.length)).toEqual(before);
  const [comment, ...others] = comments.slice(before.length);
  expect(others).toEqual([]);
  expect(comment?.body).toMatch(/^<!-- snapgate:manual -->\n/);
  expect(comment?.body).toMatch(/^### 🔴 snapgate: memfile diff of wait .* \(cap 2\.00 MiB\)$/mu);
  expect(comment?.body).toContain(`Head [\`feature (${headSha.slice(0, 7)})\`](${url}/${headSha})`);
  expect(comment?.body).toMatch(
    new RegExp(`^Of \`${headSha.slice(0, 7)}\`, [-\\d :]+ UTC; all of it is in`, 'm'),
  );
  expect(github.checks(headSha)).toEqual([]);
});

test('dispatch.yml: two stored measurements are compared without a boot, and without a pull request nobody is told', async () => {
  const { github } = world;
  const before = await github.comments();
  world.pushMain({
    'records/base.json': JSON.stringify(side('base')),
    'records/head.json': JSON.stringify(side('head', growing({ 'idle-2s': 1.5 }))),
  });
  const inputs = { base: 'measurement:records/base.json', head: 'measurement:records/head.json' };
  const step = stepOf(await world.run('dispatch.yml', dispatchEvent(inputs)), 1);
  expect(step.log).toMatch(/^Compares measurement records\/head.json with measurement records\/base.json$/m);
  expect(bootedSides(step.log)).toEqual([]);
  expect(step.outputs).toMatchObject({ verdict: 'fail', 'memfile-growth': '0.5' });
  expect(step.summary).toMatch(/^\| *`idle-2s` *\|.*🔴\sfail/mu);
  expect(await github.comments()).toEqual(before);
});
