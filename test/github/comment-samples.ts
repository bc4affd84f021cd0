import { type CommentAuthor, type CommentNews, composeComment } from '../../src/github/comment-body.ts';
import { type HeldComment, stateOf } from '../../src/github/comment-state.ts';
import { commentOf } from './memory-comments.ts';

export const bot = 'github-actions[bot]';

/** A commit of one digit repeated. */
export function shaOf(digit: number): string {
  return String(digit % 10).repeat(40);
}

/** The run of this number, on a head of its own. */
export function authorOf(
  id: number,
  more: Partial<CommentAuthor> & { attempt?: number } = {},
): CommentAuthor {
  const { attempt = 1, ...rest } = more;
  return {
    key: 'default',
    head: shaOf(id),
    run: { id, attempt, url: `https://github.example/octo/guest/actions/runs/${id}` },
    at: `2026-01-02T03:04:0${id % 10}.000Z`,
    ...rest,
  };
}

type ResultNews = Extract<CommentNews, { kind: 'result' }>;

export function resultOf(more: Partial<ResultNews> = {}): ResultNews {
  const { outcome = 'fail', headline = 'memfile diff of idle-2s +38 % per cycle' } = more;
  const report = `### ${outcome === 'fail' ? '🔴' : '🟢'} snapgate: ${headline}\n\nThe table.\n`;
  return { kind: 'result', outcome, headline, render: () => report, ...more };
}

/** A comment as it is read back. */
export function heldOf(body: string, id = 1): HeldComment {
  return { comment: commentOf(id, bot, body), state: stateOf(body) };
}

/** The comment after one news after another, each of a run. */
export function commentAfter(...steps: readonly (readonly [CommentAuthor, CommentNews])[]): string {
  let body: string | undefined;
  for (const [author, news] of steps)
    body = composeComment(author, news, body === undefined ? undefined : heldOf(body)) ?? body;
  return body ?? '';
}
