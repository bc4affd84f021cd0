import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readEvent } from '../../src/github/event.ts';
import { sidesOfEvent } from '../../src/github/subject.ts';
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
  const payload = { pull_request: { number, head: { sha: headSha }, base: { sha: baseSha } } };
  return readEvent('pull_request', JSON.stringify(payload));
}

test('a merge commit is compared with its first parent, not with the tip of the base branch', async () => {
  const pull = pushPullRequest(clone, 7, base, { Dockerfile: 'FROM head\n' });
  const workspace = shallowCheckout(join(folder.path, 'workspace'), url, pull);
  git(clone, 'checkout', '--quiet', 'main');
  const newer = commitFiles(clone, { Dockerfile: 'FROM newer\n' });

  const sides = await sidesOfEvent(current.run, pullEvent(7, pull.headSha, newer), workspace);

  expect(sides).toEqual({
    head: { label: `pull request #7 at ${pull.headSha.slice(0, 7)}, merged`, commit: pull.mergeSha },
    autoCommit: base,
  });
  expect(current.warnings).toEqual([]);
});

test('a branch that is checked out instead is compared with where it left the base branch', async () => {
  const pull = pushPullRequest(clone, 7, base, { Dockerfile: 'FROM head\n' });
  git(clone, 'checkout', '--quiet', 'main');
  const newer = commitFiles(clone, { Dockerfile: 'FROM newer\n' });
  git(clone, 'checkout', '--quiet', '--detach', pull.headSha);

  const sides = await sidesOfEvent(current.run, pullEvent(7, pull.headSha, newer), clone);

  expect(sides).toEqual({
    head: { label: `pull request #7 at ${pull.headSha.slice(0, 7)}`, commit: pull.headSha },
    autoCommit: base,
  });
});

test('without the history to tell, the base branch as it was at the event is taken, and it is said', async () => {
  const pull = pushPullRequest(clone, 7, base, { Dockerfile: 'FROM head\n' });
  const tipOnly = { ...pull, mergeSha: pull.headSha };
  const workspace = shallowCheckout(join(folder.path, 'workspace'), url, tipOnly);

  const sides = await sidesOfEvent(current.run, pullEvent(7, pull.headSha, base), workspace);

  expect(sides.autoCommit).toBe(base);
  expect(current.warnings).toEqual([expect.stringContaining('fetch-depth: 0')]);
});

test('a push is compared with what the branch was at, a dispatch with what a person names', async () => {
  const head = commitFiles(clone, { Dockerfile: 'FROM head\n' });
  const commit = { label: `commit ${head.slice(0, 7)}`, commit: head };
  const push = readEvent('push', JSON.stringify({ before: base }));
  expect(await sidesOfEvent(current.run, push, clone)).toEqual({ head: commit, autoCommit: base });
  const dispatch = readEvent('workflow_dispatch', '{}');
  expect(await sidesOfEvent(current.run, dispatch, clone)).toEqual({ head: commit, autoCommit: undefined });
});
