import { setTimeout as wait } from 'node:timers/promises';
import { explainCommentFailure, isTransient } from '../github/comment-failure.ts';
import type { CommentApi } from '../github/comments.ts';
import { upsertComment } from '../github/sticky-comment.ts';
import type { Log } from '../host/run.ts';

export interface CommentToWrite {
  readonly key: string;
  readonly markdown: string;
}

/** Pauses before each try after the first. */
const pausesMs = [1000, 5000];

/**
 * Writes the comment, trying again where GitHub itself failed: each try looks for the comment anew, so that one whose answer got lost is
 * not written twice. The comment's address, or undefined after a warning that says why not: the verdict never depends on it.
 */
export async function writeComment(
  api: CommentApi,
  comment: CommentToWrite,
  log: Log,
  pauses: readonly number[] = pausesMs,
): Promise<string | undefined> {
  for (const pauseMs of [...pauses, undefined]) {
    try {
      return (await upsertComment(api, comment.key, comment.markdown)).url;
    } catch (error) {
      if (pauseMs === undefined || !isTransient(error)) {
        log.warning(explainCommentFailure(error));
        return undefined;
      }
      await wait(pauseMs);
    }
  }
  return undefined;
}
