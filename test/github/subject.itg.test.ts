import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCheckout } from '../../src/baseline/commit.ts';
import { openGit } from '../../src/baseline/git.ts';
import { readEvent, type TriggerEvent } from '../../src/github/event.ts';
import { type AskMergeBase, sidesOfEvent } from '../../src/github/subject.ts';
import {
  commitFiles,
  createOrigin,
  git,
  pushPullRequest,
  shallowCheckout,
  temporaryFolder,
} from '../baseline/repository.ts';
import { openTestRun, type TestRun } from '../baseline/test-run.ts';

let folder: ReturnType<typeof temporaryFolder>;
let current: TestRun;
let clone: string;
let url: string;
let base: string;
beforeEach(() => {
  folder = temporaryFolder();
  current = openTestRun(folder.path);
  ({ clone, url } = createOrigin(folder.path));
  git(clone, 'checkout', '--quiet', '-b', 'main');
  base = commitFiles(clone, { Dockerfile: 'FROM base\n' });
  git(clone, 'push', '--quiet', 'origin', 'main');
});
afterEach(() => {
  current[Symbol.dispose]();
  folder[Symbol.dispose]();
});

/** The event of a pull request, with what its base branch was at when the event was made. */
function pullEvent(number: number, headSha: string, baseSha: string) {
  const payload = { pull_request: { number, head: { sha: headSha }, base: { sha: baseSha, ref: 'main' } } };
  return readEvent('pull_request', JSON.stringify(payload));
}

const nobodyKnows: AskMergeBase = async () => undefined;

async function sides(event: TriggerEvent, workspace: string, ask = nobodyKnows, refName = 'main') {
  const git = openGit(current.run, workspace);
  return await sidesOfEvent(git, await readCheckout(git), event, { refName }, ask);
}

test('a merge commit is compared with its first parent, not with the tip of the base branch', async () => {
  const pull = pushPullRequest(clone, 7, base, { Dockerfile: 'FROM head\n' });
  const workspace = shallowCheckout(join(folder.path, 'workspace'), url, pull);
  git(clone, 'checkout', '--quiet', 'main');
  const newer = commitFiles(clone, { Dockerfile: 'FROM newer\n' });

  expect(await sides(pullEvent(7, pull.headSha, newer), workspace)).toEqual({
    head: { label: `pull request #7 at ${pull.headSha.slice(0, 7)}, merged`, commit: pull.mergeSha },
    base: { kind: 'commit', commit: base, why: expect.stringContaining('first parent') },
    branch: 'main',
    notes: [],
  });
});

test('a branch with a merge of its own is not taken for the merge commit', async () => {
  git(clone, 'checkout', '--quiet', '--detach', base);
  const side = commitFiles(clone, { other: 'x\n' });
  git(clone, 'checkout', '--quiet', '--detach', base);
  commitFiles(clone, { Dockerfile: 'FROM head\n' });
  git(clone, 'merge', '--quiet', '--no-ff', '-m', 'merge of its own', side);
  const headSha = git(clone, 'rev-parse', 'HEAD');

  const found = await sides(pullEvent(7, headSha, base), clone);
  expect(found.base).toMatchObject({ commit: base });
  expect(found.head.label).toBe(`pull request #7 at ${headSha.slice(0, 7)}`);
});

test('a branch that is checked out instead is compared with where it left the base branch, and it is said', async () => {
  const pull = pushPullRequest(clone, 7, base, { Dockerfile: 'FROM head\n' });
  git(clone, 'checkout', '--quiet', 'main');
  const newer = commitFiles(clone, { Dockerfile: 'FROM newer\n' });
  git(clone, 'checkout', '--quiet', '--detach', pull.headSha);

  expect(await sides(pullEvent(7, pull.headSha, newer), clone)).toEqual({
    head: { label: `pull request #7 at ${pull.headSha.slice(0, 7)}`, commit: pull.headSha },
    base: { kind: 'commit', commit: base, why: expect.stringContaining('left its base branch') },
    branch: 'main',
    notes: [expect.stringContaining('not the merge commit')],
  });
});

test('where the clone has no history, GitHub says where the branch left', async () => {
  const pull = pushPullRequest(clone, 7, base, { Dockerfile: 'FROM head\n' });
  const workspace = shallowCheckout(join(folder.path, 'workspace'), url, { ...pull, mergeSha: pull.headSha });
  const newer = 'd'.repeat(40);
  const asked: string[] = [];
  const found = await sides(pullEvent(7, pull.headSha, newer), workspace, async (...commits) => {
    asked.push(...commits);
    return base;
  });
  expect(asked).toEqual([newer, pull.headSha]);
  expect(found.base).toMatchObject({ commit: base });
});

test('where nobody knows, the base branch as it was at the event is taken, and it is said', async () => {
  const pull = pushPullRequest(clone, 7, base, { Dockerfile: 'FROM head\n' });
  const workspace = shallowCheckout(join(folder.path, 'workspace'), url, { ...pull, mergeSha: pull.headSha });

  const found = await sides(pullEvent(7, pull.headSha, base), workspace);
  expect(found.base).toMatchObject({ commit: base, why: 'the base branch as it was at the event' });
  expect(found.notes).toEqual([expect.stringContaining('fetch-depth: 0')]);
});

test('a merge group is compared with its base', async () => {
  const headSha = commitFiles(clone, { Dockerfile: 'FROM head\n' });
  const payload = { merge_group: { head_sha: headSha, base_sha: base, base_ref: 'refs/heads/main' } };
  const found = await sides(readEvent('merge_group', JSON.stringify(payload)), clone);
  expect(found).toMatchObject({
    head: { commit: headSha },
    base: { kind: 'commit', commit: base },
    branch: 'main',
  });
});

test('a push and a schedule are compared with what was stored last of their branch', async () => {
  const head = commitFiles(clone, { Dockerfile: 'FROM head\n' });
  const push = readEvent('push', JSON.stringify({ ref: 'refs/heads/release/1.x' }));
  expect(await sides(push, clone)).toEqual({
    head: { label: 'branch release/1.x', commit: head },
    base: { kind: 'branch', branch: 'release/1.x' },
    branch: 'release/1.x',
    notes: [],
  });
  const tag = readEvent('push', JSON.stringify({ ref: 'refs/tags/v1' }));
  expect((await sides(tag, clone)).base).toEqual({ kind: 'branch', branch: 'tags/v1' });
  expect((await sides(readEvent('schedule', '{}'), clone)).base).toEqual({ kind: 'branch', branch: 'main' });
});

test('a dispatch is compared with what a person names', async () => {
  const head = commitFiles(clone, { Dockerfile: 'FROM head\n' });
  expect(await sides(readEvent('workflow_dispatch', '{}'), clone)).toEqual({
    head: { label: `commit ${head.slice(0, 7)}`, commit: head },
    base: undefined,
    branch: 'main',
    notes: [],
  });
});
