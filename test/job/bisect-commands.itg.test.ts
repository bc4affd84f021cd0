import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bisection, bisectionSchema } from '../../src/gate/bisection-record.ts';
import { commitFiles, git, temporaryFolder } from '../baseline/repository.ts';
import { type Ran, run } from '../cli/shell.ts';

/** Guests of commands, which write as many pages as the file `pages` of their commit says, and three more by chance. */
const commands = {
  'prepare-command': [
    '[ ! -e broken ]',
    'truncate -s "$SNAPGATE_MEMORY_BYTES" "$SNAPGATE_OUT/memfile"',
    'if [ -e on-boot ]; then sh ./on-boot; fi',
  ].join(' && '),
  'resume-command': 'true',
  'pause-command': [
    'truncate -s "$SNAPGATE_MEMORY_BYTES" "$SNAPGATE_OUT/memfile"',
    'more=$(od -An -N1 -tu1 /dev/urandom)',
    'dd if=/dev/urandom of="$SNAPGATE_OUT/memfile" bs=4096 count=$(($(cat pages) + more % 4)) conv=notrunc status=none',
  ].join('; '),
  format: 'sparse-diff',
};

let folder: ReturnType<typeof temporaryFolder>;
let repository: string;
beforeEach(() => {
  folder = temporaryFolder();
  repository = join(folder.path, 'repository');
  mkdirSync(repository);
  git(repository, 'init', '--quiet');
});
afterEach(() => folder[Symbol.dispose]());

type Searched = Ran & { readonly record: Bisection };

async function bisect(good: string, bad: string, cwd = repository, more: Record<string, string> = {}) {
  const options = {
    engine: 'command',
    ...commands,
    'memory-size': '64MiB',
    scenarios: 'pause',
    cycles: '3',
    warmup: '0',
    'max-boots': '3',
    'work-dir': join(folder.path, 'work'),
    'cache-dir': join(folder.path, 'cache'),
    'output-dir': join(folder.path, 'out'),
    ...more,
  };
  const argv = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const ran = await run(['bisect', good, bad, '--json', ...argv], { cwd });
  const record: unknown = ran.status < 64 ? bisectionSchema.parse(JSON.parse(ran.stdout)) : undefined;
  return { ...ran, record } as Searched;
}

/** Boots of each commit, by what was said of them. */
function bootsOf({ stderr }: Ran, commit: string): number {
  return stderr.split(`${commit.slice(0, 7)}: head boot`).filter((part) => /^ \d+ of \d+: starts/.test(part))
    .length;
}

/** The content of a commit's file `notes`: without it the commit cannot be checked out. */
function objectOf(commit: string): string {
  const blob = git(repository, 'rev-parse', `${commit}:notes`);
  return join(repository, '.git/objects', blob.slice(0, 2), blob.slice(2));
}

function commitPages(pages: readonly number[]): string[] {
  return pages.map((count, place) => commitFiles(repository, { pages: `${count}\n`, notes: `${place}\n` }));
}

test('what is kept of one folder of a repository is not taken for another', async () => {
  const commits = [500, 500, 800, 800].map((count, place) =>
    commitFiles(repository, {
      'services/a/pages': `${count}\n`,
      'services/b/pages': '600\n',
      notes: `${place}\n`,
    }),
  );
  const [good = '', , at = '', bad = ''] = commits;
  const ofA = await bisect(good, bad, join(repository, 'services/a'));
  expect([ofA.status, ofA.record.steps[0]?.at.commit], ofA.stderr).toEqual([0, at]);
  const again = await bisect(good, bad, join(repository, 'services/a'));
  expect([again.status, bootsOf(again, good)]).toEqual([0, 0]);
  const ofB = await bisect(good, bad, join(repository, 'services/b'));
  expect([ofB.status, ofB.record.outcome, bootsOf(ofB, good)], ofB.stderr).toEqual([0, 'nothing', 2]);
});

test('what was kept some hours ago is measured again', async () => {
  const [good = '', bad = ''] = commitPages([500, 800]);
  await bisect(good, bad);
  const kept = join(folder.path, 'cache/measurements');
  for (const name of readdirSync(kept)) {
    const record = JSON.parse(readFileSync(join(kept, name), 'utf8'));
    const createdAt = new Date(Date.parse(record.createdAt) - 7 * 3600e3).toISOString();
    writeFileSync(join(kept, name), JSON.stringify({ ...record, createdAt }));
  }
  const later = await bisect(good, bad);
  expect([later.status, bootsOf(later, good), bootsOf(later, bad)], later.stderr).toEqual([0, 2, 2]);
});

test('a commit that cannot be checked out, and one that does not boot, are passed over', async () => {
  const [good = '', , unreadable = ''] = commitPages([500, 500, 500]);
  const broken = commitFiles(repository, { broken: '', notes: 'broken\n' });
  rmSync(join(repository, 'broken'));
  commitFiles(repository, { notes: 'mended\n' });
  const bad = commitFiles(repository, { pages: '800\n' });
  rmSync(objectOf(unreadable));
  // Of the user's own, on a disk that is not there now.
  git(repository, 'worktree', 'add', '--quiet', '--detach', join(folder.path, 'away'), good);
  renameSync(join(folder.path, 'away'), join(folder.path, 'unmounted'));
  const found = await bisect(good, bad);
  expect([found.status, found.record.steps[0]?.at.commit], found.stderr).toEqual([0, bad]);
  const skipped = found.record.tested.flatMap(({ commit, skipped: why }) => (why ? [[commit, why]] : []));
  expect(skipped).toEqual([
    [unreadable, expect.stringMatching(/could not be checked out/)],
    [broken, expect.stringMatching(/prepare-command/)],
  ]);
  expect(git(repository, 'worktree', 'list').split('\n')).toHaveLength(2);
});

test('builds that fail because something is away end the search, and not as commits that fail', async () => {
  const pages = [500, 500, 500, 500, 500, 800];
  const commits = commitPages(pages);
  const bad = commits.at(-1) ?? '';
  // As a mirror that goes away once GOOD and BAD are built.
  const away = commits.slice(1).map(objectOf);
  const script = `if [ $(cat pages) = 800 ]; then rm -f ${away.join(' ')}; fi`;
  const options = { 'prepare-command': `${commands['prepare-command']} && ${script}` };
  const ended = await bisect(commits[0] ?? '', bad, repository, options);
  expect(ended.status, ended.stderr).toBe(69);
  expect(ended.stderr).toContain(`neither can BAD, ${bad.slice(0, 7)}, which could before`);
});

test('an end is built once for all its boots; one more that fails is tried again, then done without', async () => {
  // Boots of GOOD that differ as much as GOOD and BAD do: two of each do not decide.
  const log = join(folder.path, 'boots');
  const onBoot = (fails: string) =>
    [
      `echo x >>${log}`,
      `n=$(wc -l <${log})`,
      `case $n in ${fails}) exit 1;; esac`,
      'echo $((500 + 150 * (n % 2))) >pages',
    ].join('\n');
  const good = commitFiles(repository, { 'on-boot': onBoot('3'), pages: '500\n' });
  rmSync(join(repository, 'on-boot'));
  const bad = commitFiles(repository, { pages: '650\n' });
  const options = { 'max-boots': '4' };
  const once = await bisect(good, bad, repository, options);
  expect([once.status, once.record.notes], once.stderr).toEqual([2, []]);
  expect(once.record.tested[0]?.boots).toBe(4);
  expect(once.stderr.split(`building commit ${good.slice(0, 7)}`)).toHaveLength(2);
  expect(once.stderr.split(`building commit ${bad.slice(0, 7)}`)).toHaveLength(2);
  rmSync(log);
  git(repository, 'checkout', '--quiet', '--orphan', 'twice');
  const other = commitFiles(repository, { 'on-boot': onBoot('3|4'), pages: '500\n' });
  rmSync(join(repository, 'on-boot'));
  const end = commitFiles(repository, { pages: '650\n' });
  const twice = await bisect(other, end, repository, options);
  expect([twice.status, twice.record.outcome], twice.stderr).toEqual([2, 'inconclusive']);
  expect(twice.record.notes).toEqual([expect.stringMatching(/judged by 2 boots, for one more failed twice/)]);
  expect(twice.record.tested.map(({ boots }) => boots)).toEqual([2, 4]);
});
