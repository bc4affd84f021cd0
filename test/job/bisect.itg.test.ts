import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bisection, bisectionSchema } from '../../src/gate/bisection-record.ts';
import { resolveInitrd } from '../../src/image/initrd.ts';
import { resolveKernel } from '../../src/image/kernel.ts';
import { commitFiles, type Files, git, temporaryFolder } from '../baseline/repository.ts';
import { type Ran, run } from '../cli/shell.ts';
import { guest, noisyChange } from '../e2e/guest-repository.ts';
import { processesOf } from '../e2e/leftovers.ts';
import { openBench, type TestBench } from '../engine/guests.ts';

/** Of commits 0 to 11: another file in the image, a build that fails, and the service that dirties pages. */
const changes: Readonly<Record<number, Files>> = {
  4: { 'build.sh': building('echo greetings >etc/issue') },
  5: { 'build.sh': building('echo greetings >etc/issue; echo no such package >&2; exit 3') },
  6: { 'build.sh': building('echo greetings >etc/issue') },
  7: noisyChange,
};

function building(more: string): Files[string] {
  const script = guest['build.sh'];
  if (script === undefined || typeof script === 'string')
    throw new Error('the guest has an executable build.sh');
  return { ...script, text: script.text.replace('tar --sort', `${more}\ntar --sort`) };
}

let folder: ReturnType<typeof temporaryFolder>;
let bench: TestBench;
let repository: string;
const commits: string[] = [];
const options: string[] = [];
beforeAll(async () => {
  folder = temporaryFolder();
  bench = openBench();
  const kernel = await resolveKernel(bench.run, 'auto', 1024 ** 3);
  const initrd = await resolveInitrd(bench.run, 'auto', kernel);
  const settings = {
    'build-command': './build.sh',
    rootfs: 'out/rootfs.tar',
    kernel: kernel.path,
    initrd: initrd?.path ?? 'none',
    'memory-size': '128MiB',
    'disk-size': '64MiB',
    accel: 'tcg',
    scenarios: 'wait',
    boots: '2',
    'max-boots': '3',
    cycles: '3',
    warmup: '1',
    'work-dir': join(folder.path, 'work'),
    'cache-dir': join(folder.path, 'cache'),
    'output-dir': join(folder.path, 'out'),
  };
  options.push(...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]));
  repository = join(folder.path, 'repository');
  mkdirSync(repository);
  git(repository, 'init', '--quiet');
  for (let place = 0; place < 12; place += 1) {
    const files = { ...(place === 0 ? guest : {}), ...changes[place], notes: `${place}\n` };
    commits.push(commitFiles(repository, files, `change ${place} \u001b[31m<b>`));
  }
});
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  bench.close();
  folder[Symbol.dispose]();
});

const short = (place: number) => commits[place]?.slice(0, 7) ?? '';

async function bisect(good: number, bad: number, ...more: string[]): Promise<Ran & { record: Bisection }> {
  const ends = [commits[good] ?? '', commits[bad] ?? ''];
  const ran = await run(['bisect', ...ends, ...options, '--json', ...more], { cwd: repository });
  expect([0, 2], ran.stderr).toContain(ran.status);
  return { ...ran, record: bisectionSchema.parse(JSON.parse(ran.stdout)) };
}

/** Commits that were booted, by what was said of them. */
function booted({ stderr }: Ran): string[] {
  return [
    ...new Set(
      [...stderr.matchAll(/ ([0-9a-f]{7}): head boot \d+ of \d+: starts/g)].map(([, name = '']) => name),
    ),
  ];
}

function left(): string[] {
  return [
    ...git(repository, 'worktree', 'list').split('\n').slice(1),
    ...readdirSync(join(folder.path, 'work')),
  ];
}

/** The command line in a process of its own, ended by SIGINT once it has said something. */
async function interruptedAt(said: RegExp): Promise<{ status: number | null; runId: string }> {
  const cli = join(import.meta.dirname, '../../src/cli.ts');
  const argv = [cli, 'bisect', commits[0] ?? '', commits[11] ?? '', ...options];
  const child = spawn(process.execPath, argv, { cwd: repository, stdio: ['ignore', 'ignore', 'pipe'] });
  started.push(child);
  let runId = '';
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (runId !== '' || !said.test(text)) return;
    runId = readdirSync(join(folder.path, 'work'))[0]?.replace('snapgate-run-', '') ?? '';
    child.kill('SIGINT');
  });
  const status = await new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  expect(runId, text).not.toBe('');
  return { status, runId };
}

test('SIGINT leaves nothing behind but what was measured', async () => {
  const { status, runId } = await interruptedAt(new RegExp(`${short(11)}: head boot 1 of 2: starts`));
  expect(status).toBe(75);
  expect(processesOf(runId)).toEqual([]);
  expect(left()).toEqual([]);
});

test('of 12 commits with three images, one that does not build and one step, the right one is found', async () => {
  const found = await bisect(0, 11);
  expect([found.status, found.record.outcome], found.stderr).toEqual([0, 'found']);
  expect(found.record.steps).toMatchObject([
    {
      kind: 'step',
      scenario: 'wait',
      metric: 'memfile.writtenBytes',
      after: { commit: commits[6] },
      at: { commit: commits[7] },
    },
  ]);
  expect(found.record.steps[0]?.changed?.files.map(({ path }) => path)).toEqual(['inittab', 'notes']);
  // GOOD comes from the run that was interrupted, but for one more boot if the gate wants it; of three images each is booted for one commit.
  expect(found.stderr).not.toContain(`${short(0)}: head boot 1 of 2`);
  expect(booted(found).filter((name) => name !== short(0))).toEqual([short(11), short(4)]);
  expect(found.record.tested.map(({ place, skipped }) => [place, skipped !== undefined])).toEqual([
    [0, false],
    [11, false],
    [5, true],
    [4, false],
    [7, false],
    [6, false],
  ]);
  const likes = found.record.tested.flatMap(({ place, judgements }) =>
    judgements.map(({ like, identical }) => [place, like, identical]),
  );
  expect(likes).toEqual([
    [4, 'good', false],
    [7, 'bad', true],
    [6, 'good', false],
  ]);
  expect(left()).toEqual([]);
  expect(git(repository, 'status', '--porcelain')).toBe('');
  const kept: unknown = JSON.parse(readFileSync(join(folder.path, 'out/bisection.json'), 'utf8'));
  expect(kept).toEqual(JSON.parse(found.stdout));
});

test('again, it boots nothing, and says the same to a person', async () => {
  const ran = await run(['bisect', 'HEAD~11', 'HEAD', ...options], { cwd: repository });
  expect([ran.status, booted(ran)], ran.stderr).toEqual([0, []]);
  expect(ran.stdout).toMatch(
    new RegExp(
      `^FOUND {2}memfile diff of wait \\+[\\d.,]+ % came with ${short(7)}(, with a chance of 9\\d\\.\\d %)?\n`,
    ),
  );
  expect(ran.stdout).toMatch(
    new RegExp(`^ +5 {2}${short(5)} change 5 .* skipped: the build-command of the head image failed`, 'm'),
  );
  expect(ran.stdout).toMatch(/^ {2}inittab \(\+1 −0\)$/m);
  expect(ran.stdout).toContain(
    `npx snapgate gate --base ref:${commits[6]} --head ref:${commits[7]} --rootfs out/rootfs.tar`,
  );
  expect(ran.stdout + ran.stderr).not.toContain('\u001b');
});

test('between commits that cannot be built the answer is a range, with exit status 2', async () => {
  git(repository, 'checkout', '--quiet', '-b', 'broken', commits[4] ?? '');
  const broken = commitFiles(repository, changes[5] ?? {}, 'broken');
  const noisy = commitFiles(repository, { ...changes[6], ...noisyChange, notes: '7\n' }, 'noisy');
  const ran = await run(['bisect', commits[4] ?? '', noisy, ...options], { cwd: repository });
  expect([ran.status, booted(ran)], ran.stderr).toEqual([2, []]);
  expect(ran.stdout).toMatch(/^NARROWED {2}memfile diff of wait \+[\d.,]+ % came with the 2 commits after /);
  expect(ran.stdout).toContain(`${broken.slice(0, 7)} broken`);
  git(repository, 'checkout', '--quiet', 'main');
});

test('of two commits with the same bytes there is nothing to find, and nothing is booted', async () => {
  const none = await bisect(7, 11);
  expect([none.status, none.record.outcome, booted(none)]).toEqual([0, 'nothing', []]);
  expect(none.record.headline).toMatch(/^nothing to find: .*same bytes/);
});

test('with too little time it is inconclusive, and says that it goes on', async () => {
  const cut = await bisect(0, 11, '--cycles', '1', '--time-budget', '1s');
  expect([cut.status, cut.record.outcome, booted(cut)], cut.stderr).toEqual([2, 'inconclusive', [short(0)]]);
  expect(cut.record.headline).toMatch(/time-budget ended before both GOOD and BAD were booted$/);
  expect(cut.record.notes).toEqual([expect.stringMatching(/what was measured is kept/)]);
  expect(left()).toEqual([]);
});
