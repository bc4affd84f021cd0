import { SnapgateError } from '../host/error.ts';
import { isShallow, resolveRef } from './commit.ts';
import type { Git } from './git.ts';

/** One commit of a line, and what people call it. */
export interface LineCommit {
  readonly commit: string;
  /** First line of its message: whatever its author wrote. */
  readonly subject: string;
}

/** The commits from one to another, the older end first. */
export interface CommitLine {
  readonly good: LineCommit;
  readonly bad: LineCommit;
  /** All of them, `good` and `bad` included. */
  readonly commits: readonly LineCommit[];
}

/** Binary search takes 14 steps of so many; more is a mistake. */
const mostCommits = 10_000;

/**
 * The commits that led from `good` to `bad`, first parents only: what a merge brought is tested as one. Of a line that leaves `good` by a
 * merge, those that have `good` in their history.
 *
 * @throws SnapgateError `base` where there is no such line, or the clone does not reach back to it
 */
export async function readCommitLine(git: Git, good: string, bad: string): Promise<CommitLine> {
  const [from, to] = [await resolveRef(git, 'GOOD', good), await resolveRef(git, 'BAD', bad)];
  if (from === to)
    throw new SnapgateError(
      'usage',
      `GOOD and BAD are the same commit, ${from.slice(0, 7)}`,
      'Name two commits, the older one, whose image is small, first.',
    );
  if (!(await isAncestor(git, from, to))) throw await notAnAncestor(git, [good, from], [bad, to]);
  const range = `${from}..${to}`;
  const after = await list(git, ['--first-parent', '--reverse', range]);
  const descendants = new Set(await list(git, ['--ancestry-path', range]));
  const line = [from, ...after.filter((commit) => descendants.has(commit))];
  const subjects = await readSubjects(git, line);
  const commits = line.map((commit) => ({ commit, subject: subjects.get(commit) ?? '' }));
  const [first, last] = [commits[0], commits.at(-1)];
  if (first === undefined || last === undefined || last.commit !== to)
    throw new Error(`no line of commits from ${from} to ${to}`);
  return { good: first, bad: last, commits };
}

async function isAncestor(git: Git, ancestor: string, of: string): Promise<boolean> {
  return (await git.ask(['merge-base', '--is-ancestor', ancestor, of])) !== undefined;
}

type Named = readonly [name: string, commit: string];

async function notAnAncestor(git: Git, good: Named, bad: Named): Promise<SnapgateError> {
  const named = ([name, commit]: Named) => `${JSON.stringify(name)} (${commit.slice(0, 7)})`;
  const what = `GOOD, ${named(good)}, is not in the history of BAD, ${named(bad)}`;
  if (await isShallow(git))
    return new SnapgateError(
      'base',
      `${what}, as far as this clone's history goes`,
      'Deepen it: git fetch --unshallow; on GitHub give actions/checkout `fetch-depth: 0`.',
    );
  const swapped = await isAncestor(git, bad[1], good[1]);
  return new SnapgateError(
    'base',
    what,
    swapped
      ? 'It is the other way round: name the older commit first. To find where an image shrank is not what bisect does.'
      : 'Name commits of one history, the older one first; git merge-base says where two branches parted.',
  );
}

/** Hashes that rev-list gives, in its order. */
async function list(git: Git, args: readonly string[]): Promise<string[]> {
  const text = await git.ask(['rev-list', `--max-count=${mostCommits + 1}`, ...args]);
  if (text === undefined)
    throw new SnapgateError(
      'base',
      `git cannot list the commits of ${args.at(-1)}`,
      'A shallow or a damaged clone is the usual cause: git fetch --unshallow, git fsck.',
    );
  const commits = text.split('\n').filter((line) => line !== '');
  if (commits.length <= mostCommits) return commits;
  throw new SnapgateError(
    'base',
    `there are more than ${mostCommits} commits from GOOD to BAD`,
    'Name two that are nearer: releases between them, for a start.',
  );
}

/** By commit; those of a line that are there once. */
async function readSubjects(git: Git, commits: readonly string[]): Promise<Map<string, string>> {
  const result = await git.run(['rev-list', '--no-walk=unsorted', '--format=%H %s', '--stdin'], {
    input: `${commits.join('\n')}\n`,
  });
  // Each is told twice, the first time as `commit HASH`.
  const lines = result.stdout.split('\n');
  return new Map(lines.map((line) => [line.slice(0, 40), line.slice(41, 41 + mostSubject)] as const));
}

/** Characters of a subject that are kept. */
const mostSubject = 200;
