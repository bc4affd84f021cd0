import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../baseline/repository.ts';
import { type GitHubEmulator, startGitHub } from '../github/emulator.ts';
import { testCacheDir } from './cache.ts';
import {
  createGuestRepository,
  type GuestRepository,
  noisyChange,
  pullRequestPayload,
  quickInputs,
  quietChange,
} from './guest-repository.ts';
import { allProcesses, leftoversOf, processesOf } from './leftovers.ts';
import { inBoot, inCycle, runIdOf, until } from './moments.ts';
import { type Job, openJob } from './runner.ts';

let folder: ReturnType<typeof temporaryFolder>;
let github: GitHubEmulator;
let repository: GuestRepository;
beforeAll(async () => {
  folder = temporaryFolder();
  github = await startGitHub();
  repository = createGuestRepository(folder.path);
});
afterAll(async () => {
  await github[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Where main is killed, and how to see that it is there. */
const moments: { name: string; inputs: Record<string, string>; reached: (job: Job) => boolean }[] = [
  {
    name: 'a build',
    inputs: { 'build-command': 'sleep 1000 & dd if=/dev/zero of=out.bin bs=1M count=4; wait' },
    reached: (job) => processesOf(runIdOf(job)).some(({ command }) => command.startsWith('sleep 1000')),
  },
  {
    name: 'a boot',
    inputs: {},
    reached: inBoot,
  },
  { name: 'a cycle', inputs: {}, reached: inCycle },
];

test.each(moments)(
  'kill -9 in $name, and the post step leaves nothing',
  async ({ name, inputs, reached }) => {
    const title = name.replaceAll(' ', '-');
    const { job, workspace } = open(title, inputs);
    const main = job.main();
    await until(() => reached(job), main);
    main.process.kill('SIGKILL');
    expect(await main.ended).toBe(null);
    const runId = runIdOf(job);
    const post = job.post();
    expect(await post.ended, post.log()).toBe(0);
    expect(leftoversOf(runId, job.temp, workspace)).toEqual([]);
    expect(existsSync(job.state()['run-dir'] ?? '/')).toBe(false);
  },
);

test('kill -9 in a Dockerfile build, and the post step leaves no container of it in the cache', async () => {
  const cache = join(folder.path, 'dockerfile-cache');
  const { job, workspace } = open('dockerfile', {
    dockerfile: 'Dockerfile',
    'build-command': '',
    rootfs: '',
    base: 'none',
    'cache-dir': cache,
  });
  copyFileSync('/bin/busybox', join(workspace, 'busybox'));
  const sleep = `/busybox sleep ${1e6 + process.pid}`;
  const run = `/busybox dd if=/dev/zero of=/unfinished bs=1M count=4; exec ${sleep}`;
  writeFileSync(
    join(workspace, 'Dockerfile'),
    `FROM scratch\nCOPY busybox /busybox\nRUN ${JSON.stringify(['/busybox', 'sh', '-c', run])}\n`,
  );
  const main = job.main();
  const sleeps = () => allProcesses().some(({ command }) => command.startsWith(sleep));
  await until(sleeps, main);
  expect(namesInStorage(cache)).toContain('unfinished');
  main.process.kill('SIGKILL');
  expect(await main.ended).toBe(null);
  expect(await job.post().ended).toBe(0);
  expect(leftoversOf(runIdOf(job), job.temp, workspace)).toEqual([]);
  expect(namesInStorage(cache)).not.toContain('unfinished');
  expect(sleeps()).toBe(false);
  inStorage('rm', '-rf', cache);
});

test('SIGTERM in a cycle: a message, exit status 75, and nothing is left', async () => {
  const { job, workspace } = open('terminated', {});
  const main = job.main();
  await until(() => inCycle(job), main);
  main.process.kill('SIGTERM');
  expect(await main.ended).toBe(75);
  expect(main.log()).toContain('interrupted by SIGTERM');
  expect(leftoversOf(runIdOf(job), job.temp, workspace)).toEqual([]);
});

test('two gates at once do not disturb one another', async () => {
  const jobs = [open('one', {}, noisyChange), open('other', {})];
  const mains = jobs.map(({ job }) => job.main());
  const statuses = await Promise.all(mains.map(({ ended }) => ended));
  expect(statuses, mains.map((main) => main.log()).join('\n')).toEqual([1, 0]);
  for (const { job, workspace } of jobs) {
    expect(await job.post().ended).toBe(0);
    expect(leftoversOf(runIdOf(job), job.temp, workspace)).toEqual([]);
  }
});

let pulls = 0;

function open(
  title: string,
  inputs: Record<string, string>,
  change = quietChange,
): { job: Job; workspace: string } {
  pulls += 1;
  const pull = repository.pullRequest(100 + pulls, change, title);
  const workspace = join(folder.path, title);
  const job = openJob({
    folder: join(folder.path, `job-${title}`),
    workspace,
    event: { name: 'pull_request', payload: pullRequestPayload(pull) },
    inputs: { ...quickInputs, comment: 'never', 'cache-dir': testCacheDir, ...inputs },
    github,
  });
  return { job, workspace };
}

/** Names of all files below buildah's storage. */
function namesInStorage(path: string): string[] {
  return inStorage('find', path, '-printf', '%f\n').split('\n');
}

/** Runs a command on buildah's storage, whose files belong to other ids where this is not root. */
function inStorage(command: string, ...args: string[]): string {
  const asRoot = process.getuid?.() === 0 ? [] : ['buildah', 'unshare'];
  const [first = '', ...rest] = [...asRoot, command, ...args];
  const { status, stdout, stderr } = spawnSync(first, rest, { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stdout;
}
