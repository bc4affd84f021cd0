import { z } from 'zod';
import { callGitHub, openOctokit, startPatience, usualPatience } from './client.ts';
import type { RunContext } from './run-context.ts';
import type { AskMergeBase } from './subject.ts';

/** Nobody waits longer for a better base than this, in milliseconds. */
const totalMs = 30_000;

const answerSchema = z.object({ merge_base_commit: z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/) }) });

/** Asks GitHub's comparison of two commits where they parted: a shallow clone does not know. It needs `contents: read`. */
export function openMergeBase(
  token: string,
  context: Pick<RunContext, 'apiUrl' | 'owner' | 'repo'>,
  fetcher?: typeof fetch,
): AskMergeBase {
  return async (base, head) => {
    if (token === '') return undefined;
    const { owner, repo, apiUrl } = context;
    const client = openOctokit({ apiUrl, token, fetch: fetcher });
    const basehead = `${base}...${head}`;
    try {
      const answer = await callGitHub(
        (limit) =>
          client.rest.repos.compareCommitsWithBasehead({ owner, repo, basehead, per_page: 1, ...limit }),
        startPatience(usualPatience, totalMs),
      );
      return answerSchema.parse(answer.data).merge_base_commit.sha;
    } catch {
      // Whatever it was: the caller says that nobody knows, and what it takes instead.
      return undefined;
    }
  };
}
