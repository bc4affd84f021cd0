import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readChangedNames } from '../../src/baseline/changed-names.ts';
import { type CommitLine, readCommitLine } from '../../src/baseline/commit-line.ts';
import { openWorkTree } from '../../src/baseline/git.ts';
import { refusal } from '../host/refusal.ts';
import { commitFiles, createOrigin, git, temporaryFolder } from './repository.ts';
import { openTestRun, type TestRun } from './test-run.ts';

let folder: ReturnType<typeof temporaryFolder>;
let current: TestRun;
let url: string;
let author: string;
let commits: string[];
beforeEach(() => {
  folder = temporaryFolder();
  current = openTestRun(folder.path);
  const origin = createOrigin(folder.path);
  url = origin.url;
  author = origin.clone;
  git(author, 'checkout', '--quiet', '-b', 'main');
  commits = [0, 1, 2, 3].map((place) => commitFiles(author, { number: `${place}\n` }, `change ${place}`));
});
afterEach(() => {
  current[Symbol.dispose]();
  folder[Symbol.dispose]();
});

async function line(good: string, bad: string, clone = author): Promise<CommitLine> {
  return await readCommitLine(await openWorkTree(current.run, clone), good, bad);
}

const subjects = ({ commits: all }: CommitLine) => all.map(({ subject }) => subject);

describe('the commits from GOOD to BAD', () => {
  test('are all of a line, the older end first, by any name', async () => {
    git(author, 'tag', '-a', 'v1', '-m', 'release', commits[0] ?? '');
    const found = await line('v1', 'HEAD');
    expect(found.commits.map(({ commit }) => commit)).toEqual(commits);
    expect(subjects(found)).toEqual(['change 0', 'change 1', 'change 2', 'change 3']);
    expect([found.good.commit, found.bad.commit]).toEqual([commits[0], commits[3]]);
  });

  test('have a merge as one, without what it brought', async () => {
    git(author, 'checkout', '--quiet', '-b', 'topic', commits[1] ?? '');
    const topic = commitFiles(author, { topic: '1\n' }, 'topic');
    git(author, 'checkout', '--quiet', 'main');
    git(author, 'merge', '--quiet', '--no-ff', '-m', 'merge of topic', topic);
    expect(subjects(await line(commits[0] ?? '', 'main'))).toEqual([
      'change 0',
      'change 1',
      'change 2',
      'change 3',
      'merge of topic',
    ]);
    // GOOD is what the merge brought: of the line only the merge has it in its history.
    expect(subjects(await line(topic, 'main'))).toEqual(['topic', 'merge of topic']);
  });

  test('have the subjects that were given them, cut, whatever is in them', async () => {
    const hostile = `${'\u001b[2J'}<b>${'x'.repeat(300)}`;
    commitFiles(author, {}, hostile);
    expect(subjects(await line('HEAD~1', 'HEAD')).at(-1)).toBe(hostile.slice(0, 200));
  });
});

test('a merge of more commits than a line may have is one of its commits', async () => {
  const many = Array.from({ length: 10_050 }, (_, index) => {
    const from = index === 0 ? `from ${commits[0]}\n` : '';
    const time = 1_700_000_000 + index;
    return `commit refs/heads/topic\ncommitter t <t@localhost> ${time} +0000\ndata 1\nt\n${from}\n`;
  });
  execFileSync('git', ['-C', author, 'fast-import', '--quiet'], { input: many.join('') });
  git(author, 'merge', '--quiet', '--no-ff', '-m', 'merge of topic', 'topic');
  expect(subjects(await line(commits[0] ?? '', 'main'))).toEqual([
    'change 0',
    'change 1',
    'change 2',
    'change 3',
    'merge of topic',
  ]);
  // All of the topic's are on the line of its own.
  const error = await refusal(line(commits[0] ?? '', 'topic'));
  expect([error.code, error.message]).toEqual(['base', expect.stringMatching(/more than 10000 commits/)]);
});

describe('what has no line', () => {
  test('says which way round it would have one', async () => {
    const error = await refusal(line('HEAD', 'HEAD~2'));
    expect([error.code, error.remedy]).toEqual(['base', expect.stringMatching(/^It is the other way round/)]);
    expect(error.message).toContain(
      `GOOD, "HEAD" (${commits[3]?.slice(0, 7)}), is not in the history of BAD`,
    );
  });

  test.each([
    ['HEAD', 'HEAD', 'usage', /the same commit/],
    ['nowhere', 'HEAD', 'base', /^GOOD: there is no commit "nowhere"/],
    ['HEAD~1', '--upload-pack=x', 'base', /^BAD: .* is not the name of a commit/],
  ] as const)('%s to %s is an error', async (good, bad, code, message) => {
    const error = await refusal(line(good, bad));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  });

  test('on another branch is an error', async () => {
    git(author, 'checkout', '--quiet', '-b', 'other', commits[1] ?? '');
    const other = commitFiles(author, { other: '1\n' }, 'other');
    const error = await refusal(line(other, 'main'));
    expect([error.code, error.remedy]).toEqual(['base', expect.stringMatching(/git merge-base/)]);
  });

  test('in a shallow clone asks for history', async () => {
    git(author, 'push', '--quiet', 'origin', 'main');
    const shallow = join(folder.path, 'shallow');
    git(folder.path, 'clone', '--quiet', '--depth=2', '--branch', 'main', url, shallow);
    expect(subjects(await line('HEAD~1', 'HEAD', shallow))).toEqual(['change 2', 'change 3']);
    const error = await refusal(line(commits[0] ?? '', 'HEAD', shallow));
    expect([error.code, error.remedy]).toEqual(['base', expect.stringMatching(/git fetch --unshallow/)]);
  });
});

describe('what differs between two commits', () => {
  test('is told by name, with its lines, the first twenty', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [`many/${index + 10}`, 'one\ntwo\n']),
    );
    commitFiles(author, { ...many, 'a\tb\nc "é"': 'text\n', 'binary.bin': 'a\0b', number: '4\n5\n' }, 'many');
    const opened = await openWorkTree(current.run, author);
    const changed = await readChangedNames(opened, commits[3] ?? '', 'HEAD');
    if (changed === undefined) throw new Error('git can tell');
    expect([changed.count, changed.files.length]).toEqual([33, 20]);
    expect(changed.files.slice(0, 3)).toEqual([
      { path: 'a\tb\nc "é"', added: 1, removed: 0 },
      { path: 'binary.bin', added: undefined, removed: undefined },
      { path: 'many/10', added: 2, removed: 0 },
    ]);
  });

  test('is not told where git fails', async () => {
    const opened = await openWorkTree(current.run, author);
    expect(await readChangedNames(opened, commits[3] ?? '', 'f'.repeat(40))).toBeUndefined();
  });
});
