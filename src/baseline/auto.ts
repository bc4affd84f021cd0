import { SnapgateError } from '../host/error.ts';
import { headCommit, mergeBase } from './commit.ts';
import type { Git } from './git.ts';

/** Names under which a clone may know the default branch, the remote's own word first. */
const defaultBranches = [
  'refs/remotes/origin/HEAD',
  'refs/remotes/origin/main',
  'refs/remotes/origin/master',
  'refs/heads/main',
  'refs/heads/master',
];

/**
 * Base of a run that no pull request names one for: where HEAD left the default branch. On the default branch itself there is none,
 * and a shallow clone does not know it: both are a SnapgateError('base') that asks for a base.
 */
export async function forkPoint(git: Git): Promise<string> {
  const head = await headCommit(git);
  if (head !== undefined) {
    for (const branch of defaultBranches) {
      const base = await mergeBase(git, branch, head);
      if (base !== undefined && base !== head) return base;
    }
  }
  throw new SnapgateError(
    'base',
    'base: auto found no commit to compare with: HEAD is on the default branch, or the clone does not reach back to where it left that',
    'Name the base: ref:REF (for example ref:HEAD~1), image:REFERENCE, rootfs:PATH, measurement:FILE, or none for absolute caps only.',
  );
}
