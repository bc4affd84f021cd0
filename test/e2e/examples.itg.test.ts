import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { git } from '../baseline/repository.ts';
import { dispatchEvent, mergeGroupEvent, scheduleEvent, workflowRunEvent } from '../github/payloads.ts';
import { growing, side } from '../report/samples.ts';
import { noisyGuest, quickSettings, sameGuest } from './example-repository.ts';
import type { StepResult } from './workflow-job.ts';
import { actionStepOf, jobOf, type WorkflowResult } from './workflow.ts';
import { bootedSides, leftBy, openWorkflowWorld, type WorkflowWorld } from './workflow-world.ts';

/** The tests follow one another in the life of one repository: what the first has stored of main is the base of all. */
let world: WorkflowWorld;
beforeAll(async () => {
  world = await openWorkflowWorld(quickSettings);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

test('try', async () => {
  const { event } = world.pushMain({});
  show(await world.run('baseline.yml', event));
  console.log(world.services.cache.entries());
  const next = world.pushMain(sameGuest('The same.'));
  show(await world.run('baseline.yml', next.event));
  show(await world.run('baseline.yml', scheduleEvent()));
  const pull = world.pushPullRequest(sameGuest('Hosted.'));
  show(await world.run('github-hosted.yml', pull.event));
  const headSha = pull.mergeSha;
  git(world.repository.clone, 'push', '--quiet', 'origin', `${headSha}:refs/heads/gh-readonly-queue/main/pr-1`);
  show(await world.run('pull-request.yml', mergeGroupEvent({ headSha, baseSha: next.commit })));
  const noisy = world.pushPullRequest(noisyGuest, { fork: 'mallory' });
  const measured = await world.run('fork-measure.yml', noisy.event);
  show(measured);
  console.log(world.services.artifacts.all());
  console.log(JSON.stringify(measured.run, null, 1));
  show(await world.run('fork-comment.yml', workflowRunEvent(measured.run)));
  console.log(JSON.stringify(await world.github.comments(), null, 1).replaceAll('\\n', '\n'));
  console.log(JSON.stringify(world.github.checks(noisy.headSha), null, 1));
  const own = world.pushPullRequest(noisyGuest);
  show(
    await world.run(
      'dispatch.yml',
      dispatchEvent({ head: 'ref:feature', base: 'ref:main', boots: '1', cycles: '1', 'pr-number': '1' }),
    ),
  );
  console.log(own, JSON.stringify(await world.github.comments(), null, 1).replaceAll('\\n', '\n'));
});

function show(result: WorkflowResult) {
  console.log('======', result.conclusion);
  for (const job of result.jobs) {
    console.log(job.name, job.conclusion, job.matrix, job.fakeCalls, leftBy(job));
    for (const step of job.steps) {
      console.log('---', step.name, step.exitCode);
      console.log(step.log);
      console.log(step.summary);
      console.log(step.outputs, step.post);
    }
  }
}
