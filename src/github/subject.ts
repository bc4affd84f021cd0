import { headCommit, mergeBase, parentsOf } from '../baseline/commit.ts';
import { type Git, openGit } from '../baseline/git.ts';
import type { Run } from '../host/run.ts';
import type { Subject } from '../measure/record.ts';
import type { TriggerEvent } from './event.ts';

/** What an event says to compare. */
export interface EventSides {
  readonly head: Subject;
  /** The commit that `base: auto` stands for; undefined where the event names none. */
  readonly autoCommit: string | undefined;
}

/** What is checked out in the workspace, and what it is to be compared with, by the event. */
export async function sidesOfEvent(run: Run, event: TriggerEvent, workspace: string): Promise<EventSides> {
  const git = openGit(run, workspace);
  const commit = await headCommit(git);
  const head = { label: headLabel(event, commit), ...(commit === undefined ? {} : { commit }) };
  return { head, autoCommit: await autoCommitOf(run, git, event, commit) };
}

/** A merge commit is GitHub's own: people know the pull request's tip. */
function headLabel(event: TriggerEvent, commit: string | undefined): string {
  if (event.name === 'pull_request') {
    const tip = `pull request #${event.number} at ${event.headSha.slice(0, 7)}`;
    return commit === event.headSha ? tip : `${tip}, merged`;
  }
  return commit === undefined ? 'the workspace' : `commit ${commit.slice(0, 7)}`;
}

async function autoCommitOf(
  run: Run,
  git: Git,
  event: TriggerEvent,
  head: string | undefined,
): Promise<string | undefined> {
  if (head === undefined) return undefined;
  if (event.name === 'pull_request') return await pullRequestBase(run, git, event, head);
  return event.name === 'push' ? event.before : undefined;
}

/**
 * Base of a pull request. actions/checkout leaves the merge commit that GitHub made, whose first parent is what the change would be
 * merged into: exactly the difference of the two is the pull request's. Where a workflow checks its branch out instead, it is where
 * that left the base branch, as far as the clone's history tells.
 */
async function pullRequestBase(
  run: Run,
  git: Git,
  event: Extract<TriggerEvent, { name: 'pull_request' }>,
  head: string,
): Promise<string> {
  const [first, second] = await parentsOf(git, head);
  if (first !== undefined && second === event.headSha) return first;
  const forked = await mergeBase(git, event.baseSha, head);
  if (forked !== undefined) return forked;
  run.log.warning(
    `The checkout is not the pull request's merge commit and has too little history for a merge base: head is compared with the base branch as it was at the event (${event.baseSha.slice(0, 7)}), so changes of others may show. Use actions/checkout without ref, or with fetch-depth: 0.`,
  );
  return event.baseSha;
}
