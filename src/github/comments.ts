import { z } from 'zod';
import {
  type GitHubClient,
  type GitHubConnection,
  openOctokit,
  type Patience,
  type RequestLimit,
  requestGitHub,
  usualPatience,
} from './client.ts';
import { type ListPage, listPages } from './list-pages.ts';
import { troubleOf } from './service-failure.ts';

/** A comment of a pull request, as far as it matters here. */
export interface PullRequestComment {
  readonly id: number;
  readonly body: string;
  readonly author: string;
  readonly url: string;
  /** What GraphQL calls it. */
  readonly nodeId?: string | undefined;
}

/**
 * The comments of one pull request, as one token sees them. Nothing is tried again here: whoever writes must look again first, see
 * `keepTrying`.
 */
export interface CommentApi {
  /** Login that the token's own comments carry. */
  viewer(): Promise<string>;
  /** All comments, page by page, oldest first. */
  list(): AsyncIterable<PullRequestComment>;
  /** One comment as it is now; undefined where it is gone. */
  get(id: number): Promise<PullRequestComment | undefined>;
  create(body: string): Promise<PullRequestComment>;
  update(id: number, body: string): Promise<PullRequestComment>;
  /** Done also where it is gone already. */
  remove(id: number): Promise<void>;
  /** Folds a comment away as a duplicate. */
  minimize(comment: PullRequestComment): Promise<void>;
}

export interface CommentTarget extends GitHubConnection {
  readonly owner: string;
  readonly repo: string;
  readonly number: number;
}

/** Pages of 100: GitHub takes no more than 2,500 comments on a pull request. */
const mostPages = 30;

/** Author of what a workflow's own GITHUB_TOKEN writes. */
const actionsBot = 'github-actions[bot]';

const commentSchema = z
  .object({
    id: z.int(),
    node_id: z.string().optional(),
    body: z.string().nullish(),
    html_url: z.string(),
    user: z.object({ login: z.string() }).nullish(),
  })
  .transform(
    ({ id, node_id, body, html_url, user }): PullRequestComment => ({
      id,
      body: body ?? '',
      author: user?.login ?? '',
      url: html_url,
      ...(node_id === undefined ? {} : { nodeId: node_id }),
    }),
  );
const viewerSchema = z.object({ viewer: z.object({ login: z.string() }) });
const userSchema = z.object({ login: z.string() });

/** The comments of a pull request through GitHub's API. With a patience that is started, all requests share its limit. */
export function openComments(target: CommentTarget, patience: Patience = usualPatience): CommentApi {
  const octokit = openOctokit(target);
  const { issues } = octokit.rest;
  const repository = { owner: target.owner, repo: target.repo };
  const issue = { ...repository, issue_number: target.number };
  const ask = <T>(request: (limit: RequestLimit) => Promise<T>) => requestGitHub(request, patience);
  return {
    viewer: () => viewerLogin(octokit, ask),
    list: () =>
      itemsOf(
        listPages(
          {
            page: (page, limit) => issues.listComments({ ...issue, per_page: 100, page, ...limit }),
            schema: z.array(commentSchema),
            mostPages,
          },
          ask,
        ),
      ),
    get: (id) =>
      orMissing(
        ask(async (limit) =>
          toComment((await issues.getComment({ ...repository, comment_id: id, ...limit })).data),
        ),
      ),
    create: (body) =>
      ask(async (limit) => toComment((await issues.createComment({ ...issue, body, ...limit })).data)),
    update: (id, body) =>
      ask(async (limit) =>
        toComment((await issues.updateComment({ ...repository, comment_id: id, body, ...limit })).data),
      ),
    remove: async (id) => {
      await orMissing(ask((limit) => issues.deleteComment({ ...repository, comment_id: id, ...limit })));
    },
    minimize: async ({ nodeId }) => {
      const query =
        'mutation ($id: ID!) { minimizeComment(input: { subjectId: $id, classifier: DUPLICATE }) { clientMutationId } }';
      await ask((limit) => octokit.graphql(query, { id: nodeId ?? '', ...limit }));
    },
  };
}

async function* itemsOf<T>(pages: AsyncIterable<ListPage<T>>): AsyncIterable<T> {
  for await (const { items } of pages) yield* items;
}

/**
 * Who the token is: GraphQL's `viewer` is the one question that a workflow's own token may ask; where there is no GraphQL, `GET /user`;
 * where neither may be asked, what a workflow's token is by default. A service that is down is no answer: by a wrong name the comment
 * would not be found again.
 */
async function viewerLogin(
  octokit: GitHubClient,
  ask: <T>(request: (limit: RequestLimit) => Promise<T>) => Promise<T>,
): Promise<string> {
  const asked = [
    async (limit: RequestLimit) =>
      viewerSchema.parse(await octokit.graphql('{ viewer { login } }', limit)).viewer.login,
    async (limit: RequestLimit) =>
      userSchema.parse((await octokit.rest.users.getAuthenticated(limit)).data).login,
  ];
  for (const request of asked) {
    try {
      return await ask(request);
    } catch (error) {
      if (!['permission', 'not-found', 'gone', 'refused'].includes(troubleOf(error).kind)) throw error;
    }
  }
  return actionsBot;
}

async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (['not-found', 'gone'].includes(troubleOf(error).kind)) return undefined;
    throw error;
  }
}

function toComment(data: unknown): PullRequestComment {
  return commentSchema.parse(data);
}
