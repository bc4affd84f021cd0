import { z } from 'zod';
import { commitShaSchema } from '../measure/record.ts';
import { callGitHub } from './client.ts';
import type { GitHubRepository } from './repository.ts';
import { troubleOf } from './service-failure.ts';

const commitSchema = z.object({ parents: z.array(z.object({ sha: commitShaSchema })) });
const statusSchema = z.object({ status: z.enum(['ahead', 'behind', 'diverged', 'identical']) });
const mergeBaseSchema = z.object({ merge_base_commit: z.object({ sha: commitShaSchema }) });

/** The parents of a commit, in order; undefined for one that GitHub does not know. Needs `contents: read`. */
export async function askParents(
  { client, owner, repo, patience }: GitHubRepository,
  commit: string,
): Promise<readonly string[] | undefined> {
  return await unlessUnknown(() =>
    callGitHub(async (limit) => {
      const answer = await client.rest.git.getCommit({ owner, repo, commit_sha: commit, ...limit });
      return commitSchema.parse(answer.data).parents.map((parent) => parent.sha);
    }, patience),
  );
}

/** Whether a commit is in the history of a branch; false also for one that GitHub does not know. */
export async function askIsInBranch(
  repository: GitHubRepository,
  commit: string,
  branch: string,
): Promise<boolean> {
  const comparison = await compare(repository, branch, commit, statusSchema);
  return comparison?.status === 'behind' || comparison?.status === 'identical';
}

/** Where two commits parted, which a shallow clone does not know; undefined where GitHub does not know one of them. Needs `contents: read`. */
export async function askMergeBase(
  repository: GitHubRepository,
  base: string,
  head: string,
): Promise<string | undefined> {
  return (await compare(repository, base, head, mergeBaseSchema))?.merge_base_commit.sha;
}

async function compare<T>(
  { client, owner, repo, patience }: GitHubRepository,
  base: string,
  head: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const basehead = `${base}...${head}`;
  return await unlessUnknown(() =>
    callGitHub(async (limit) => {
      const query = { owner, repo, basehead, per_page: 1, page: 1, ...limit };
      const answer = await client.rest.repos.compareCommitsWithBasehead(query);
      return schema.parse(answer.data);
    }, patience),
  );
}

/** The commit that a branch, a tag or the beginning of a commit's number stands for; undefined for what GitHub does not know. */
export async function askCommit(
  { client, owner, repo, patience }: GitHubRepository,
  ref: string,
): Promise<string | undefined> {
  return await unlessUnknown(() =>
    callGitHub(async (limit) => {
      const answer = await client.rest.repos.getCommit({
        owner,
        repo,
        ref,
        mediaType: { format: 'sha' },
        ...limit,
      });
      return commitShaSchema.parse(answer.data);
    }, patience),
  );
}

/** Of a commit that is nowhere GitHub says 404, or 422. */
async function unlessUnknown<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const { kind, status } = troubleOf(error);
    if (kind === 'not-found' || status === 422) return undefined;
    throw error;
  }
}
