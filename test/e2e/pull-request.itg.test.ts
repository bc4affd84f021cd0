import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { git, temporaryFolder } from '../baseline/repository.ts';
import { type GitHubEmulator, startGitHub } from '../github/emulator.ts';
import { testCacheDir } from './cache.ts';
import { createGuestRepository, noisyChange, pullRequestPayload, quickInputs } from './guest-repository.ts';
import { leftoversOf } from './leftovers.ts';
import { openJob } from './runner.ts';

let folder: ReturnType<typeof temporaryFolder>;
let github: GitHubEmulator;
beforeAll(async () => {
  folder = temporaryFolder();
  github = await startGitHub();
});
afterAll(async () => {
  await github[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

test('a pull request that grows its snapshots fails, and is told in one comment that later runs edit', async () => {
  const repository = createGuestRepository(folder.path);
  const { pullNumber } = github;

  const pull = repository.pullRequest(pullNumber, noisyChange, 'first');
  const workspace = join(folder.path, 'first');
  const job = openJob({
    folder: join(folder.path, 'job-1'),
    workspace,
    event: { name: 'pull_request', payload: pullRequestPayload(pull) },
    inputs: { ...quickInputs, 'cache-dir': testCacheDir },
    github,
  });
  const main = job.main();
  expect(await main.ended, main.log()).toBe(1);
  expect(await job.post().ended).toBe(0);

  expect(job.output('verdict')).toBe('fail');
  expect(Number(job.output('memfile-growth'))).toBeGreaterThan(0.5);
  const comparison = JSON.parse(readFileSync(job.output('comparison') ?? '', 'utf8'));
  expect(comparison.verdict).toBe('fail');
  expect(comparison.base.commit).toBe(pull.baseSha);
  expect(comparison.head.commit).toBe(pull.mergeSha);
  const [first, ...more] = await github.comments();
  expect(more).toEqual([]);
  expect(first?.body).toMatch(/^<!-- snapgate:default -->\n/);
  expect(first?.body).toMatch(/^\| *`wait` *\|.*🔴\sfail/mu);
  expect(job.output('comment-url')).toBe(first?.url);
  expect(job.summary()).toContain(readFileSync(job.output('report') ?? '', 'utf8').trim());
  expect(main.log()).toMatch(/^::error title=snapgate%3A .*wait/m);
  const shown = main
    .log()
    .split('\n')
    .filter((line) => !line.startsWith('::add-mask::'));
  expect(shown.join('\n')).not.toContain(github.token);
  const runId = (job.state()['run-dir'] ?? '').split('snapgate-run-')[1] ?? '';
  expect(leftoversOf(runId, job.temp, workspace)).toEqual([]);
  expect(existsSync(job.state()['run-dir'] ?? '/')).toBe(false);
  expect(git(workspace, 'status', '--porcelain')).toBe('');

  const next = repository.pullRequest(pullNumber, {}, 'second');
  const again = openJob({
    folder: join(folder.path, 'job-2'),
    workspace: join(folder.path, 'second'),
    event: { name: 'pull_request', payload: pullRequestPayload(next) },
    inputs: { ...quickInputs, 'cache-dir': testCacheDir },
    github,
  });
  const secondMain = again.main();
  expect(await secondMain.ended, secondMain.log()).toBe(0);
  expect(await again.post().ended).toBe(0);

  const comments = await github.comments();
  expect(comments.map(({ id }) => id)).toEqual([first?.id]);
  expect(comments[0]?.body).not.toBe(first?.body);
  expect(again.output('verdict')).toBe('pass');
  expect(again.output('comment-url')).toBe(first?.url);
});
