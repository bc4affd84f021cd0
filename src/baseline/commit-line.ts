import { SnapgateError } from '../host/error.ts';
import { isShallow, resolveRef } from './commit.ts';
import type { Git } from './git.ts';
import { readLines } from './read-lines.ts';

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
  const after = await listFirstParents(git, range);
  const descendants = await ancestryPath(git, range, new Set(after));
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

/** Hashes, the oldest first. */
async function listFirstParents(git: Git, range: string): Promise<string[]> {
  const commits: string[] = [];
  const args = ['--first-parent', '--reverse', `--max-count=${mostCommits + 1}`, range];
  await revList(git, args, (commit) => commits.push(commit));
  if (commits.length <= mostCommits) return commits;
  throw new SnapgateError(
    'base',
    `there are more than ${mostCommits} commits from GOOD to BAD`,
    'Name two that are nearer: releases between them, for a start.',
  );
}

/** Of `among`, those that have the range's beginning in their history. The merges on the way may have brought any number of others. */
async function ancestryPath(git: Git, range: string, among: ReadonlySet<string>): Promise<Set<string>> {
  const found = new Set<string>();
  await revList(git, ['--ancestry-path', range], (commit) => {
    if (among.has(commit)) found.add(commit);
  });
  return found;
}

async function revList(git: Git, args: readonly string[], onCommit: (commit: string) => void): Promise<void> {
  const code = await readLines(git, ['rev-list', ...args], onCommit, { mostCharacters: 40 });
  if (code === 0) return;
  throw new SnapgateError(
    'base',
    `git cannot list the commits of ${args.at(-1)}`,
    'A shallow or a damaged clone is the usual cause: git fetch --unshallow, git fsck.',
  );
}

/** By commit; those of a line that are there once. */
async function readSubjects(git: Git, commits: readonly string[]): Promise<Map<string, string>> {
  const subjects = new Map<string, string>();
  // Each is told twice, the first time as `commit HASH`.
  const onLine = (line: string) => subjects.set(line.slice(0, 40), line.slice(41));
  await readLines(git, ['rev-list', '--no-walk=unsorted', '--format=%H %s', '--stdin'], onLine, {
    input: `${commits.join('\n')}\n`,
    mostCharacters: 41 + mostSubject,
  });
  return subjects;
}

/** Characters of a subject that are kept. */
const mostSubject = 200;
