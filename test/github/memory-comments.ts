import type { CommentApi, PullRequestComment } from '../../src/github/comments.ts';

export interface MemoryComments extends CommentApi {
  readonly stored: PullRequestComment[];
  /** How many creates and updates were asked for. */
  writes: number;
}

/** The comments of a pull request, held in memory. */
export function memoryComments(viewer: string, stored: PullRequestComment[] = []): MemoryComments {
  const api: MemoryComments = {
    stored,
    writes: 0,
    viewer: async () => viewer,
    async *list() {
      yield* stored;
    },
    create: async (body) => {
      api.writes += 1;
      const comment = commentOf(stored.length + 1, viewer, body);
      stored.push(comment);
      return comment;
    },
    update: async (id, body) => {
      api.writes += 1;
      const index = stored.findIndex((comment) => comment.id === id);
      const changed = commentOf(id, viewer, body);
      stored[index] = changed;
      return changed;
    },
  };
  return api;
}

export function commentOf(id: number, author: string, body: string): PullRequestComment {
  return { id, author, body, url: `https://github.example/pull/7#issuecomment-${id}` };
}
