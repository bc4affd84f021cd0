import { type Patience, usualPatience } from './client.ts';
import { type CommentAuthor, saysTheSame } from './comment-body.ts';
import {
  type CommentState,
  compareRuns,
  type HeldComment,
  isOfOtherStep,
  newestOf,
  ownComments,
  stateOf,
} from './comment-state.ts';
import type { CommentApi, PullRequestComment } from './comments.ts';
import { mayHaveHappened } from './service-failure.ts';

/** What became of a comment. */
export type Written =
  | { readonly kind: 'written' | 'unchanged'; readonly comment: PullRequestComment }
  /** A newer run's stands there. */
  | { readonly kind: 'left'; readonly comment: PullRequestComment }
  | { readonly kind: 'none'; readonly comment: PullRequestComment | undefined };

export interface StickyOptions {
  /** Time for which another run may be between reading and writing: after it the comment is looked at again. Milliseconds. */
  readonly settleMs?: number;
  readonly wait?: Patience['wait'];
  readonly memory?: StickyMemory;
}

/** Looks at a comment that other runs write too, at most. */
const mostLooks = 8;

/** What was seen in tries before, and what was written: a try that failed half-way is no reason to forget it. */
export interface StickyMemory {
  newest?: HeldComment | undefined;
  written?: PullRequestComment | undefined;
  /** Another step or job of the same run has a result there. */
  isShared?: boolean;
}

/**
 * Brings the one comment of a key to what the newest run says. GitHub has no write that fails where something has changed, so whoever
 * writes looks again after a pause: a newer run that was overwritten by one that had read before it writes again, and of two comments
 * that two runs have begun the newest words go into the oldest. Holds as long as others need less than the pause from reading to writing.
 * Tries nothing again: it can be called again with the same memory.
 * @param compose what to write, by what the newest comment of a run before holds; undefined: nothing.
 */
export async function writeSticky(
  api: CommentApi,
  author: CommentAuthor,
  phase: CommentState['phase'],
  compose: (held: HeldComment | undefined) => string | undefined,
  { settleMs = 1000, wait = usualPatience.wait, memory = {} }: StickyOptions = {},
): Promise<Written> {
  const viewer = await api.viewer();
  const stuck = new Set<number>();
  for (let look = 1; look <= mostLooks; look += 1) {
    const held = await ownComments(api, author.key, viewer);
    // A list may lag behind a create: a duplicate is never deleted but for one that stays, so it has not gone.
    if (held.length === 0 && memory.written) break;
    // What was seen once is not lost, whoever overwrites it: its own run may have seen it too, and be gone.
    memory.newest = newestOf(memory.newest === undefined ? held : [...held, memory.newest]);
    memory.isShared ||= isOfOtherStep(memory.newest?.state, author);
    const aim = aimOf(memory.newest, author, phase, compose);
    const written = await bringAbout(api, held, aim, stuck);
    if (written === 'nothing to do') return outcomeOf(aim);
    if (written !== 'changed meanwhile') memory.written = written;
    await wait(settleMs);
  }
  const { written } = memory;
  return written === undefined ? { kind: 'none', comment: undefined } : { kind: 'written', comment: written };
}

/** What the one comment shall say. */
interface Aim {
  readonly kind: Written['kind'];
  readonly newest: HeldComment | undefined;
  readonly body: string | undefined;
}

function aimOf(
  newest: HeldComment | undefined,
  author: CommentAuthor,
  phase: CommentState['phase'],
  compose: (held: HeldComment | undefined) => string | undefined,
): Aim {
  const state = newest?.state;
  const order = state === undefined ? -1 : compareRuns(state.run, author.run);
  const asItIs = { newest, body: newest?.comment.body };
  if (order > 0) return { kind: 'left', ...asItIs };
  if (order === 0 && state?.phase === phase && state.at === author.at) return { kind: 'written', ...asItIs };
  const body = compose(newest);
  if (body === undefined) return { kind: 'none', ...asItIs };
  if (newest && saysTheSame(newest, toHeld(newest.comment, body))) return { kind: 'unchanged', ...asItIs };
  return { kind: 'written', newest, body };
}

function outcomeOf({ kind, newest }: Aim): Written {
  return kind === 'none' || newest === undefined
    ? { kind: 'none', comment: newest?.comment }
    : { kind, comment: newest.comment };
}

/** One write at most, and the duplicates gone. */
async function bringAbout(
  api: CommentApi,
  held: readonly HeldComment[],
  { body }: Aim,
  stuck: Set<number>,
): Promise<PullRequestComment | 'nothing to do' | 'changed meanwhile'> {
  const [oldest, ...others] = held.map(({ comment }) => comment);
  if (body === undefined) return 'nothing to do';
  if (oldest === undefined) return await api.create(body);
  const duplicates = others.filter(({ id }) => !stuck.has(id));
  if (oldest.body === body && duplicates.length === 0) return 'nothing to do';
  // All pages were read since: a write of another run is seen here in all but a moment.
  const now = await api.get(oldest.id);
  if (now?.body !== oldest.body) return 'changed meanwhile';
  const written = now.body === body ? now : await api.update(oldest.id, body);
  for (const duplicate of duplicates) await discard(api, duplicate, stuck);
  return written;
}

/** A token that may write comments may not always delete them: then the duplicate is folded away, if that may be done. */
async function discard(api: CommentApi, duplicate: PullRequestComment, stuck: Set<number>): Promise<void> {
  try {
    await api.remove(duplicate.id);
  } catch (error) {
    if (mayHaveHappened(error)) throw error;
    stuck.add(duplicate.id);
    await api.minimize(duplicate).catch(() => {});
  }
}

function toHeld(comment: PullRequestComment, body: string): HeldComment {
  return { comment: { ...comment, body }, state: stateOf(body) };
}
