import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { mergeGroupEvent, type PullRequestOptions, pullRequestEvent } from '../github/payloads.ts';
import { exactSide, recordWorkspace } from './record-workspace.ts';
import { type EndedStep, openScene, type Scene } from './scene.ts';

const label = 'snapshot-growth-accepted';
const [headA, headB, baseSha] = ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)];
/** Of the base, and of heads that grow: past every limit, a little more, and much more. */
const [small, large, alike, larger] = [1000, 2000, 2010, 3000];

let scene: Scene;
let number: number;
let workspaces = 0;
beforeAll(async () => {
  scene = await openScene();
  scene.github.setRole('maintainer', 'write');
  scene.github.setRole('reader', 'read');
});
afterAll(() => scene[Symbol.asyncDispose]());
beforeEach(async () => {
  number = await scene.github.openPullRequest({ headSha: headA });
});

/** A run of the pull request at a head that dirties so many pages. */
async function run(
  headSha: string,
  pages: number,
  change: Partial<PullRequestOptions> = {},
  inputs: Readonly<Record<string, string>> = {},
): Promise<EndedStep> {
  workspaces += 1;
  const records = recordWorkspace(
    join(scene.folder, `records-${workspaces}`),
    exactSide('base', small),
    exactSide('head', pages),
  );
  return await scene.step({
    event: pullRequestEvent({ number, headSha, baseSha, ...change }),
    workspace: records.workspace,
    inputs: { ...records.inputs, ...inputs },
  });
}

/** What a run that only a label has started must not do: take other numbers than those that were shown. */
const otherNumbers = 9000;

function labeled(headSha: string, inputs: Readonly<Record<string, string>> = {}): Promise<EndedStep> {
  return run(headSha, otherNumbers, { action: 'labeled', label }, inputs);
}

function setLabel(by = 'maintainer'): Promise<void> {
  return scene.github.label(number, label, { by });
}

async function comment(): Promise<string> {
  const [one, ...more] = await scene.github.comments(number);
  expect(more).toEqual([]);
  return one?.body ?? '';
}

function verdictOf({ job, exitCode }: EndedStep): string {
  return `${exitCode} ${job.output('verdict')} ${job.output('outcome')}`;
}

test('a label by somebody with write permission accepts what was shown, and is answered from what is stored', async () => {
  expect(verdictOf(await run(headA, large))).toBe('1 fail fail');
  await setLabel();
  const accepted = await labeled(headA);

  expect(verdictOf(accepted), accepted.log).toBe('0 pass accepted');
  expect(accepted.log).toContain('only a label has changed');
  expect(accepted.log).not.toMatch(/boot \d+ of/);
  const date = new Date().toISOString().slice(0, 10);
  expect(await comment()).toMatch(
    new RegExp(`Accepted by .*maintainer.* on ${date}.* at .*${headA.slice(0, 7)}`),
  );
  expect(await comment()).toMatch(/Was 🔴/u);
  expect(scene.github.checks(headA).at(-1)).toMatchObject({ name: 'snapgate', conclusion: 'success' });
  expect(JSON.parse(accepted.job.output('rows') ?? '')).toMatchObject([
    { verdict: 'fail', head: large * 4096 },
  ]);
});

test('taken off again, it accepts nothing', async () => {
  await run(headA, large);
  await setLabel();
  expect(verdictOf(await labeled(headA))).toBe('0 pass accepted');
  await scene.github.unlabel(number, label, { by: 'maintainer' });
  const unlabeled = await run(headA, otherNumbers, { action: 'unlabeled', label });
  expect(verdictOf(unlabeled)).toBe('1 fail fail');
  expect(await comment()).not.toContain('Accepted by');
  expect(scene.github.checks(headA).at(-1)).toMatchObject({ conclusion: 'failure' });
});

test('by somebody who may not write, it accepts nothing, and that is said', async () => {
  await run(headA, large);
  await setLabel('reader');
  const refused = await labeled(headA);
  expect(verdictOf(refused)).toBe('1 fail fail');
  expect(refused.warnings).toEqual([]);
  expect(await comment()).toMatch(/set by .*reader.*may not write/);
});

test('growth after that needs it again; as much as was accepted does not', async () => {
  await run(headA, large);
  await setLabel();
  expect(verdictOf(await labeled(headA))).toBe('0 pass accepted');

  scene.github.changePullRequest(number, { headSha: headB });
  expect(verdictOf(await run(headB, alike))).toBe('0 pass accepted');
  const past = await run(headB, larger);
  expect(verdictOf(past)).toBe('1 fail fail');
  expect(await comment()).toMatch(/past the accepted 7\.81 MiB/);

  await scene.github.unlabel(number, label, { by: 'maintainer' });
  await setLabel();
  expect(verdictOf(await labeled(headB))).toBe('0 pass accepted');
});

test('accept-scope says how far it reaches', async () => {
  await run(headA, large);
  await setLabel();
  await labeled(headA);
  scene.github.changePullRequest(number, { headSha: headB });

  const commit = await run(headB, alike, {}, { 'accept-scope': 'commit' });
  expect(verdictOf(commit)).toBe('1 fail fail');
  expect(await comment()).toMatch(/accepts that commit alone/);
  const all = await run(headB, larger, {}, { 'accept-scope': 'pull-request' });
  expect(verdictOf(all)).toBe('0 pass accepted');
});

test('without the stored measurements it is measured again, and the label holds for what the comment showed', async () => {
  await run(headA, large);
  await setLabel();
  scene.services.cache.clear();
  const again = await run(headA, large, { action: 'labeled', label });
  expect(again.log).not.toContain('only a label has changed');
  expect(verdictOf(again)).toBe('0 pass accepted');
});

test('the label is read when it is needed, not from the event', async () => {
  await run(headA, large);
  await setLabel();
  // The same event again, as "Re-run all jobs" sends it: it knows of no label.
  expect(verdictOf(await run(headA, large))).toBe('0 pass accepted');
});

test('what was accepted passes the merge queue too, up to the size that it had', async () => {
  await run(headA, large);
  await setLabel();
  await labeled(headA);
  const queue = (pages: number) => {
    workspaces += 1;
    const folder = join(scene.folder, `records-${workspaces}`);
    const records = recordWorkspace(folder, exactSide('base', small), exactSide('head', pages));
    return scene.step({
      event: mergeGroupEvent({ headSha: 'd'.repeat(40), baseSha, pullNumber: number }),
      workspace: records.workspace,
      inputs: records.inputs,
    });
  };
  const before = await comment();
  expect(verdictOf(await queue(alike))).toBe('0 pass accepted');
  expect(verdictOf(await queue(larger))).toBe('1 fail fail');
  expect(await comment()).toBe(before);
});
