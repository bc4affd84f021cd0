import { z } from 'zod';
import { commitShaSchema } from '../measure/record.ts';
import { listAll } from './list-pages.ts';
import type { GitHubRepository } from './repository.ts';

/** A pull request as GitHub has it now. Names of branches and of a fork are their owner's: foreign. */
export interface PullRequest {
  readonly number: number;
  readonly headSha: string;
  /** `OWNER/NAME`; undefined for a fork that is gone. */
  readonly headRepository: string | undefined;
  readonly baseBranch: string;
  readonly isOpen: boolean;
}

/** Where a head is: what a run of a workflow is known by. */
export interface HeadPlace {
  readonly headSha: string;
  /** `OWNER/NAME`; undefined where it is gone. */
  readonly headRepository: string | undefined;
  readonly headBranch: string | undefined;
}

/** Of one branch there are as many pull requests as there are branches to merge it into. */
const mostPages = 10;

const pullSchema = z.object({
  number: z.int().positive(),
  state: z.string(),
  head: z.object({
    sha: commitShaSchema,
    repo: z.object({ full_name: z.string() }).nullish(),
  }),
  base: z.object({ ref: z.string().min(1).max(1000) }),
});

/**
 * The open pull requests whose head is exactly this commit, in this branch of this repository: none once another was pushed, or it was
 * closed. The event of a run names none where the head is in a fork.
 * @throws what GitHub failed with.
 */
export async function findPullRequests(
  { client, owner, repo, patience }: GitHubRepository,
  { headSha, headRepository, headBranch }: HeadPlace,
): Promise<readonly PullRequest[]> {
  const [account] = headRepository?.split('/') ?? [];
  if (account === undefined || headBranch === undefined) return [];
  const pulls = await listAll(
    {
      page: (page, limit) =>
        client.rest.pulls.list({
          owner,
          repo,
          state: 'open',
          head: `${account}:${headBranch}`,
          per_page: 100,
          page,
          ...limit,
        }),
      schema: z.array(pullSchema),
      mostPages,
    },
    patience,
  );
  // The filter knows accounts alone, of which one may have several forks; and a filter that is not heeded gives all.
  return pulls
    .map(toPullRequest)
    .filter((pull) => pull.isOpen && pull.headSha === headSha && isSame(pull.headRepository, headRepository));
}

function toPullRequest({ number, state, head, base }: z.infer<typeof pullSchema>): PullRequest {
  return {
    number,
    headSha: head.sha,
    headRepository: head.repo?.full_name,
    baseBranch: base.ref,
    isOpen: state === 'open',
  };
}

/** GitHub does not tell names apart that differ in case alone. */
function isSame(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && a.toLowerCase() === b?.toLowerCase();
}
