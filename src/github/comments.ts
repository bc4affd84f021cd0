import { getOctokit } from '@actions/github';
import { z } from 'zod';

/** A comment of a pull request, as far as it matters here. */
export interface PullRequestComment {
  readonly id: number;
  readonly body: string;
  readonly author: string;
  readonly url: string;
}

/** The comments of one pull request, as one token sees them. */
export interface CommentApi {
  /** Login that the token's own comments carry. */
  viewer(): Promise<string>;
  /** All comments, page by page, oldest first. */
  list(): AsyncIterable<PullRequestComment>;
  create(body: string): Promise<PullRequestComment>;
  update(id: number, body: string): Promise<PullRequestComment>;
}

export interface CommentTarget {
  readonly apiUrl: string;
  readonly token: string;
  readonly owner: string;
  readonly repo: string;
  readonly number: number;
}

/** Limit of one request, and of listing all pages. */
const requestMs = 30_000;

/** Author of what a workflow's own GITHUB_TOKEN writes. */
const actionsBot = 'github-actions[bot]';

const commentSchema = z.object({
  id: z.int(),
  body: z.string().nullish(),
  html_url: z.string(),
  user: z.object({ login: z.string() }).nullish(),
});
const viewerSchema = z.object({ viewer: z.object({ login: z.string() }) });

/**
 * The comments of a pull request through GitHub's REST API.
 * @param fetcher for tests; the action's own (which knows the runner's proxy) if not given.
 */
export function openComments(target: CommentTarget, fetcher?: typeof fetch): CommentApi {
  const octokit = getOctokit(target.token, {
    baseUrl: target.apiUrl,
    ...(fetcher === undefined ? {} : { request: { fetch: fetcher } }),
  });
  const issue = { owner: target.owner, repo: target.repo, issue_number: target.number };
  return {
    viewer: () => viewerLogin(octokit),
    async *list() {
      const pages = octokit.paginate.iterator(octokit.rest.issues.listComments, {
        ...issue,
        per_page: 100,
        ...limit(),
      });
      for await (const page of pages) yield* page.data.map(toComment);
    },
    create: async (body) =>
      toComment((await octokit.rest.issues.createComment({ ...issue, body, ...limit() })).data),
    update: async (id, body) => {
      const { owner, repo } = issue;
      const answer = await octokit.rest.issues.updateComment({
        owner,
        repo,
        comment_id: id,
        body,
        ...limit(),
      });
      return toComment(answer.data);
    },
  };
}

function limit() {
  return { request: { signal: AbortSignal.timeout(requestMs) } };
}

/**
 * Who the token is: GraphQL's `viewer` is the one question that a workflow's own token may ask; where there is no GraphQL, `GET /user`;
 * where neither answers, what a workflow's token is by default.
 */
async function viewerLogin(octokit: ReturnType<typeof getOctokit>): Promise<string> {
  try {
    return viewerSchema.parse(await octokit.graphql('{ viewer { login } }', limit())).viewer.login;
  } catch {
    try {
      return (await octokit.rest.users.getAuthenticated(limit())).data.login;
    } catch {
      return actionsBot;
    }
  }
}

function toComment(data: unknown): PullRequestComment {
  const comment = commentSchema.parse(data);
  return {
    id: comment.id,
    body: comment.body ?? '',
    author: comment.user?.login ?? '',
    url: comment.html_url,
  };
}
