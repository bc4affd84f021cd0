import type { CommentApi, PullRequestComment } from '../../src/github/comments.ts';

export interface MemoryComments extends CommentApi {
  readonly stored: PullRequestComment[];
  /** Ids of comments that were folded away. */
  readonly minimized: number[];
  /** How many creates and updates were asked for. */
  writes: number;
}

/** The comments of a pull request, held in memory. Each call takes effect at once, before its promise settles. */
export function memoryComments(viewer: string, stored: PullRequestComment[] = []): MemoryComments {
  const indexOf = (id: number) => stored.findIndex((comment) => comment.id === id);
  let lastId = Math.max(0, ...stored.map(({ id }) => id));
  const api: MemoryComments = {
    stored,
    minimized: [],
    writes: 0,
    viewer: async () => viewer,
    async *list() {
      yield* [...stored];
    },
    get: async (id) => stored[indexOf(id)],
    create: async (body) => {
      api.writes += 1;
      lastId += 1;
      const comment = commentOf(lastId, viewer, body);
      stored.push(comment);
      return comment;
    },
    update: async (id, body) => {
      api.writes += 1;
      const changed = commentOf(id, viewer, body);
      if (indexOf(id) === -1) throw Object.assign(new Error('Not Found'), { status: 404 });
      stored[indexOf(id)] = changed;
      return changed;
    },
    remove: async (id) => {
      if (indexOf(id) !== -1) stored.splice(indexOf(id), 1);
    },
    minimize: async ({ id }) => {
      api.minimized.push(id);
    },
  };
  return api;
}

export function commentOf(id: number, author: string, body: string): PullRequestComment {
  return { id, author, body, url: `https://github.example/pull/7#issuecomment-${id}` };
}
