import { type Checkout, mergeBase } from '../baseline/commit.ts';
import type { Git } from '../baseline/git.ts';
import type { AutoBase } from '../baseline/types.ts';
import type { Subject } from '../measure/record.ts';
import type { PullRequestEvent, TriggerEvent } from './event.ts';
import type { RunContext } from './run-context.ts';

/** What an event says to compare. */
export interface EventSides {
  readonly head: Subject;
  readonly base: AutoBase | undefined;
  /** The branch whose stored measurements are of use: of a pull request and a merge group the one it goes into, of a push its own. */
  readonly branch: string | undefined;
  /** Sentences for the report: what of this is not as usual. */
  readonly notes: readonly string[];
}

/** Asks GitHub for the best common ancestor of two commits, where the clone cannot tell; undefined where that fails. */
export type AskMergeBase = (base: string, head: string) => Promise<string | undefined>;

/** What is checked out in the workspace, and what it is to be compared with, by the event. */
export async function sidesOfEvent(
  git: Git,
  checkout: Checkout,
  event: TriggerEvent,
  context: Pick<RunContext, 'refName'>,
  askMergeBase: AskMergeBase,
): Promise<EventSides> {
  const { commit } = checkout;
  const known = commit === undefined ? {} : { commit };
  switch (event.name) {
    case 'pull_request':
      return await pullRequestSides(git, checkout, event, askMergeBase);
    case 'merge_group':
      return {
        head: { label: 'the merge group', ...known },
        base: { kind: 'commit', commit: event.baseSha, why: 'the base of the merge group' },
        branch: event.baseBranch,
        notes: [],
      };
    case 'push':
    case 'schedule': {
      const branch = event.name === 'push' ? branchOf(event.ref) : context.refName;
      return {
        head: { label: branch === undefined ? 'the workspace' : `branch ${branch}`.slice(0, 500), ...known },
        base: branch === undefined ? undefined : { kind: 'branch', branch },
        branch,
        notes: [],
      };
    }
    default: {
      const label = commit === undefined ? 'the workspace' : `commit ${commit.slice(0, 7)}`;
      return { head: { label, ...known }, base: undefined, branch: context.refName, notes: [] };
    }
  }
}

/** `refs/heads/main` → `main`; a tag has no branch, and keeps a name of its own. */
function branchOf(ref: string): string {
  return ref.replace(/^refs\/(heads\/)?/, '');
}

/** A merge commit is GitHub's own: people know the pull request's tip. */
async function pullRequestSides(
  git: Git,
  { commit, parents }: Checkout,
  event: PullRequestEvent,
  askMergeBase: AskMergeBase,
): Promise<EventSides> {
  const tip = `pull request #${event.number} at ${event.headSha.slice(0, 7)}`;
  const branch = event.baseBranch;
  if (commit === undefined) return { head: { label: tip }, base: undefined, branch, notes: [] };
  const [first, second] = parents;
  if (first !== undefined && second === event.headSha) {
    const why = 'the first parent of the merge commit under test';
    const head = { label: `${tip}, merged`, commit };
    return { head, base: { kind: 'commit', commit: first, why }, branch, notes: [] };
  }
  const label =
    commit === event.headSha ? tip : `commit ${commit.slice(0, 7)} for pull request #${event.number}`;
  const { base, note } = await forkOff(git, event, commit, askMergeBase);
  return { head: { label, commit }, base, branch, notes: [note] };
}

/**
 * Where a workflow checks its branch out instead of the merge commit, or there is none because of a conflict: where the branch left
 * the base branch, as the clone or else GitHub tells.
 */
async function forkOff(
  git: Git,
  event: PullRequestEvent,
  head: string,
  askMergeBase: AskMergeBase,
): Promise<{ readonly base: AutoBase; readonly note: string }> {
  const what = 'The checkout is not the merge commit of the pull request';
  const forked = (await mergeBase(git, event.baseSha, head)) ?? (await askMergeBase(event.baseSha, head));
  if (forked !== undefined) {
    const why = 'where the pull request left its base branch';
    return {
      base: { kind: 'commit', commit: forked, why },
      note: `${what}: head is compared with where it left the base branch (${forked.slice(0, 7)}).`,
    };
  }
  return {
    base: { kind: 'commit', commit: event.baseSha, why: 'the base branch as it was at the event' },
    note: `${what}, and neither its history nor GitHub says where it left the base branch: head is compared with that branch as it was at the event (${event.baseSha.slice(0, 7)}), so changes of others may show. Use actions/checkout without ref, or with fetch-depth: 0.`,
  };
}
