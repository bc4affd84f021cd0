import { basename } from 'node:path';
import type { Run } from '../host/run.ts';
import type { Subject } from '../measure/record.ts';
import { headCommit } from './commit.ts';
import { openGit } from './git.ts';

/** What the head of a run on a terminal is: a commit, or the folder where it is none (changed files, no repository). */
export async function describeHead(run: Run, checkout: string): Promise<Subject> {
  const git = openGit(run, checkout);
  const commit = await headCommit(git);
  if (commit === undefined) return { label: `folder ${basename(checkout)}`.slice(0, 500) };
  const short = commit.slice(0, 7);
  const changes = await git.ask(['status', '--porcelain', '--untracked-files=no']);
  return changes === '' ? { label: `commit ${short}`, commit } : { label: `working tree on ${short}` };
}
