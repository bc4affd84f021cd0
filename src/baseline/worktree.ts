import { join } from 'node:path';
import { forgetWorktree, removeTree } from '../host/cleanup.ts';
import { SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import type { Side } from '../measure/plan.ts';
import type { Git } from './git.ts';

/**
 * Checks a commit out into a worktree of its own in the run's folder, which it returns. The user's work tree, index, HEAD and
 * configuration stay as they are; `name` is the folder's; filters (LFS, git-crypt) are not run, so files under one are as the repository stores them.
 */
export async function addWorktree(
  run: Run,
  git: Git,
  side: Side,
  commit: string,
  name = `${side}-checkout`,
): Promise<string> {
  const path = join(run.dir, name);
  run.ledger.add({ kind: 'worktree', repository: git.folder, path });
  const filters = await filterOverrides(git);
  const added = await git.run([...filters, 'worktree', 'add', '--quiet', '--detach', path, commit]);
  if (added.code !== 0) {
    // What it has left would be in the way of the next one there.
    await removeWorktree(run, git, path);
    throw new SnapgateError(
      'base',
      `${side}: commit ${commit} could not be checked out into ${path}`,
      'Its last lines say why; a full disk and a damaged clone are the usual causes.',
      {
        details: { title: 'last lines of git worktree add', lines: added.tail.slice(-20) },
        ofMachine: added.tail.some((line) => line.includes('No space left')),
      },
    );
  }
  await sayWhatIsMissing(run, git, side, commit);
  return path;
}

/**
 * Removes a worktree before its run ends, whatever a build has left in it. It alone: `git worktree prune` would drop those of the user too whose
 * folders are away, such as on a disk that is not mounted.
 */
export async function removeWorktree(run: Run, git: Git, path: string): Promise<void> {
  removeTree(path, run.id);
  await git.run(forgetWorktree(path));
}

/** Settings that turn every configured content filter off: a filter is a program, and the commit chooses where it runs. */
async function filterOverrides(git: Git): Promise<readonly string[]> {
  const names = await git.ask([
    'config',
    '--name-only',
    '--get-regexp',
    '^filter\\..*\\.(smudge|process|required)$',
  ]);
  return (names ?? '')
    .split('\n')
    .filter((name) => name !== '')
    .flatMap((name) => ['-c', name.endsWith('.required') ? `${name}=false` : `${name}=`]);
}

/** Submodules and filtered files are not fetched yet; a build that needs them should not fail without a hint. */
async function sayWhatIsMissing(run: Run, git: Git, side: Side, commit: string): Promise<void> {
  if (await has(git, commit, '.gitmodules'))
    run.log.warning(`The ${side} commit has submodules; they are not checked out for its side.`);
  const attributes = await git.ask(['show', `${commit}:.gitattributes`]);
  if (attributes !== undefined && /\sfilter=/.test(attributes))
    run.log.warning(
      `The ${side} commit has files under a git filter (LFS); its side is built from what git stores of them.`,
    );
}

async function has(git: Git, commit: string, path: string): Promise<boolean> {
  return (await git.ask(['cat-file', '-e', `${commit}:${path}`])) !== undefined;
}
