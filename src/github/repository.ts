import { type GitHubClient, openOctokit, type Patience, usualPatience } from './client.ts';
import type { RunContext } from './run-context.ts';

/** A repository on GitHub, and how it is asked. */
export interface GitHubRepository {
  readonly client: GitHubClient;
  readonly owner: string;
  readonly repo: string;
  readonly patience: Patience;
  /** Fetches what lies elsewhere than the API, for tests; the client's own way (which knows the runner's proxy) if not given. */
  readonly fetch?: typeof fetch | undefined;
}

/** The repository that a run is of. Asks nothing yet. */
export function openRepository(
  { apiUrl, owner, repo }: Pick<RunContext, 'apiUrl' | 'owner' | 'repo'>,
  token: string,
  patience: Patience = usualPatience,
): GitHubRepository {
  return { client: openOctokit({ apiUrl, token }), owner, repo, patience };
}
