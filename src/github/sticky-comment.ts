import type { CommentApi, PullRequestComment } from './comments.ts';

/** GitHub's limit of a comment's body, in characters, the marker included. */
export const maxCommentChars = 65_536;

/** Hidden first line by which a comment is found again; the configuration allows only letters, digits and `._-` in a key. */
export function commentMarker(key: string): string {
  return `<!-- snapgate:${key} -->`;
}

/**
 * Writes the one comment of this key: edits the token's own where there is one, else makes it. A comment of somebody else that carries
 * the marker is not touched and not taken for it.
 */
export async function upsertComment(
  api: CommentApi,
  key: string,
  markdown: string,
): Promise<PullRequestComment> {
  const marker = commentMarker(key);
  const body = fitBody(marker, markdown);
  const own = await findOwn(api, marker);
  if (own === undefined) return await api.create(body);
  return own.body === body ? own : await api.update(own.id, body);
}

async function findOwn(api: CommentApi, marker: string): Promise<PullRequestComment | undefined> {
  const viewer = await api.viewer();
  for await (const comment of api.list()) {
    if (comment.author === viewer && comment.body.startsWith(marker)) return comment;
  }
  return undefined;
}

/** Marker and Markdown within GitHub's limit. Reports are made to fit; this holds for those that are not. */
function fitBody(marker: string, markdown: string): string {
  const body = `${marker}\n${markdown}`;
  if (body.length <= maxCommentChars) return body;
  const note = '\n\n*Cut: the whole report is in the job summary.*\n';
  const room = maxCommentChars - note.length;
  const end = body.lastIndexOf('\n', room);
  return `${body.slice(0, end)}${note}`;
}
