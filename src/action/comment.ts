import type { CommentPolicy } from '../config/inputs.ts';
import { keepTrying, type Patience, usualPatience } from '../github/client.ts';
import { type CommentAuthor, type CommentNews, composeComment } from '../github/comment-body.ts';
import type { CommentApi } from '../github/comments.ts';
import { type StickyMemory, type Written, writeSticky } from '../github/sticky-comment.ts';

/** News, with what a policy needs to know of a result. */
export type ToldNews =
  | Exclude<CommentNews, { kind: 'result' }>
  | (Extract<CommentNews, { kind: 'result' }> & {
      /** Some row that gates is established to have changed, for better or worse. */
      readonly changed: boolean;
      /** The verdict, or what it does to the check, is a failure. */
      readonly isFailure: boolean;
    });

export interface TellOptions {
  /** Started, where the API has the same: see `startPatience`. */
  readonly patience?: Patience;
  readonly settleMs?: number;
  /** Told why it could not be written, once. */
  readonly onFailure: (error: unknown) => void;
  /** Told that another step or job of the same run has a result in this comment. */
  readonly onShared?: () => void;
}

/**
 * Writes what a run has to say into its comment, trying again where GitHub itself failed: each try looks at the comments anew, so that one
 * whose answer got lost is not written twice. Never throws; undefined where it failed and nothing is known to have been written.
 */
export async function tellComment(
  api: CommentApi,
  author: CommentAuthor,
  policy: CommentPolicy,
  news: ToldNews,
  { patience = usualPatience, settleMs, onFailure, onShared }: TellOptions,
): Promise<Written | undefined> {
  if (policy === 'never') return { kind: 'none', comment: undefined };
  const memory: StickyMemory = {};
  const options = { ...(settleMs === undefined ? {} : { settleMs }), wait: patience.wait, memory };
  try {
    return await keepTrying(
      () =>
        writeSticky(
          api,
          author,
          phases[news.kind],
          (held) =>
            held === undefined && !mayStart(policy, news) ? undefined : composeComment(author, news, held),
          options,
        ),
      patience,
    );
  } catch (error) {
    // It stands there; only the look after it failed.
    if (memory.written) return { kind: 'written', comment: memory.written };
    onFailure(error);
    return undefined;
  } finally {
    if (memory.isShared) onShared?.();
  }
}

const phases = {
  running: 'running',
  result: 'result',
  failed: 'failed',
  cancelled: 'failed',
  untold: 'failed',
} as const;

/** Whether these news begin a comment. One that is there already is brought up to date by all policies but `never`. */
export function mayStart(policy: CommentPolicy, news: ToldNews): boolean {
  if (policy === 'never' || (news.kind !== 'result' && news.kind !== 'failed')) return false;
  if (policy === 'auto' || policy === 'always') return true;
  if (news.kind === 'failed') return policy === 'on-failure';
  return news.isFailure || (policy === 'on-change' && news.changed);
}
