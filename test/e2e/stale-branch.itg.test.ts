import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Files } from '../baseline/repository.ts';
import { dispatchEvent } from '../github/payloads.ts';
import { quietGuest } from './example-repository.ts';
import { actionStepOf, jobOf } from './workflow.ts';
import type { StepResult } from './workflow-job.ts';
import {
  bootedSides,
  openWorkflowWorld,
  type PushedPullRequest,
  type WorkflowWorld,
} from './workflow-world.ts';

let world: WorkflowWorld;
beforeAll(async () => {
  world = await openWorkflowWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const mebi = 1024 ** 2;

/** Two services of the guest, one for main to change and one for the pull request, so that neither change is in the other's way. */
const services: Files = {
  'guest/root/etc/inittab': `::sysinit:/bin/mount -t proc proc /proc
::respawn:/bin/sh /etc/of-main.sh
::respawn:/bin/sh /etc/of-feature.sh
`,
  'guest/root/etc/of-main.sh': 'exec sleep 100000\n',
  'guest/root/etc/of-feature.sh': 'exec sleep 100000\n',
};

/** Rewrites 2 MiB again and again. */
function busy(service: 'of-main' | 'of-feature'): Files {
  const loop = `while dd if=/dev/zero of=/tmp/${service} bs=64k count=32 conv=notrunc 2>/dev/null; do sleep 0.1; done`;
  return { [`guest/root/etc/${service}.sh`]: `${loop}\n` };
}

/** A gate that boots both sides, and compares the merge with its first parent. */
async function gate(pull: PushedPullRequest): Promise<StepResult> {
  const step = actionStepOf(jobOf(await world.run('pull-request.yml', pull.event), 'snapshots'));
  expect(step.log).toContain(
    `/commit/${pull.mergeSha}) with commit (https://github.com/octo/guest/commit/${pull.baseSha}), the first parent of the merge commit under test\n`,
  );
  expect(bootedSides(step.log)).toEqual(['base', 'head']);
  return step;
}

/** The verdict on the two sides of different runs. */
async function verdictOn(base: StepResult, head: StepResult): Promise<string | undefined> {
  const folder = ({ outputs }: StepResult) => dirname(outputs['measurement'] ?? '');
  const inputs = {
    base: `measurement:${join(folder(base), 'measurement-base.json')}`,
    head: `measurement:${join(folder(head), 'measurement-head.json')}`,
  };
  const result = await world.run('dispatch.yml', dispatchEvent(inputs));
  return actionStepOf(jobOf(result, 'snapshots')).outputs['verdict'];
}

function mediansOf({ outputs }: StepResult): { readonly base: number; readonly head: number } {
  const [row] = JSON.parse(outputs['rows'] ?? '[]');
  return { base: Number(row?.base), head: Number(row?.head) };
}

test('a branch behind main is not blamed for main’s growth; one that grows while main shrinks is', async () => {
  const forked = world.pushMain(services);
  const grown = world.pushMain(busy('of-main'));
  const stale = world.pushPullRequest(quietGuest, { forkPoint: forked.commit });
  expect(stale.baseSha).toBe(grown.commit);
  const passed = await gate(stale);
  expect([passed.exitCode, passed.outputs['verdict']], passed.summary).toEqual([0, 'pass']);
  expect(mediansOf(passed).base).toBeGreaterThan(2 * mebi);
  expect(mediansOf(passed).head).toBeGreaterThan(2 * mebi);
  expect(world.github.checks(stale.headSha)).toMatchObject([{ conclusion: 'success' }]);

  world.pushMain({ 'guest/root/etc/of-main.sh': 'exec sleep 100000\n' });
  const growing = world.pushPullRequest(busy('of-feature'), { forkPoint: grown.commit });
  const failed = await gate(growing);
  expect([failed.exitCode, failed.outputs['verdict']], failed.summary).toEqual([1, 'fail']);
  expect(mediansOf(failed).base).toBeLessThan(mebi);
  expect(mediansOf(failed).head).toBeGreaterThan(2 * mebi);
  expect(world.github.checks(growing.headSha)).toMatchObject([{ conclusion: 'failure' }]);

  // With the fork points as bases both would be wrong: main is now as it was at the first, and the second is the base of the first gate.
  expect(await verdictOn(failed, passed)).toBe('fail');
  expect(await verdictOn(passed, failed)).not.toBe('fail');
});
