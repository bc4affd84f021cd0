import { afterAll, beforeAll, expect, test } from 'vitest';
import { noisyGuest, quietGuest } from './example-repository.ts';
import { actionStepOf, jobOf } from './workflow.ts';
import { bootedSides, leftBy, openWorkflowWorld, type WorkflowWorld } from './workflow-world.ts';

let world: WorkflowWorld;
beforeAll(async () => {
  world = await openWorkflowWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

test('pull-request.yml: growth is red in check, comment and exit status; the next push makes it green, and says that it was red', async () => {
  const { github } = world;

  const noisy = world.pushPullRequest(noisyGuest);
  const first = await world.run('pull-request.yml', noisy.event);
  const job = jobOf(first, 'snapshots');
  const step = actionStepOf(job);
  expect([first.conclusion, step.exitCode], step.log).toEqual(['failure', 1]);
  expect(step.log).toContain(
    `/commit/${noisy.mergeSha}) with commit (https://github.com/octo/guest/commit/${noisy.baseSha})`,
  );
  expect(bootedSides(step.log)).toEqual(['base', 'head']);
  expect(step.log).not.toMatch(/^::warning/m);
  expect(step.outputs).toMatchObject({ verdict: 'fail', outcome: 'fail' });
  expect(Number(step.outputs['memfile-growth'])).toBeGreaterThan(0.5);
  expect(step.summary).toMatch(/^\| *`wait` *\|.*🔴\sfail/mu);
  expect(step.post).toEqual({ exitCode: 0, log: '' });
  expect(leftBy(job)).toEqual([]);

  const [check, ...otherChecks] = github.checks();
  expect(otherChecks).toEqual([]);
  expect(check).toMatchObject({
    name: 'snapgate',
    headSha: noisy.headSha,
    conclusion: 'failure',
    title: expect.stringMatching(/^memfile diff of wait \+/),
    annotations: [{ path: 'guest/root/etc/inittab', start_line: 2, annotation_level: 'failure' }],
  });
  const [comment, ...otherComments] = await github.comments();
  expect(otherComments).toEqual([]);
  expect(comment?.body).toMatch(/^### 🔴 snapgate: memfile diff of wait \+/mu);
  expect(step.outputs['comment-url']).toBe(comment?.url);

  const quiet = world.pushPullRequest(quietGuest);
  const second = await world.run('pull-request.yml', quiet.event);
  const again = actionStepOf(jobOf(second, 'snapshots'));
  expect([second.conclusion, again.exitCode], again.log).toEqual(['success', 0]);
  expect(again.outputs).toMatchObject({ verdict: 'pass', outcome: 'pass' });
  expect(bootedSides(again.log)).toEqual(['head']);
  expect(github.checks(quiet.headSha)).toMatchObject([{ name: 'snapgate', conclusion: 'success' }]);
  const comments = await github.comments();
  expect(comments.map(({ id }) => id)).toEqual([comment?.id]);
  expect(comments[0]?.body).toMatch(
    new RegExp(
      `^### 🟢 snapgate: .*\\n\\nWas 🔴 memfile diff of wait .* at \`${noisy.headSha.slice(0, 7)}\`\\.`,
      'mu',
    ),
  );
});
