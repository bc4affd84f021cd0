import type { GitHubClient, Patience } from './client.ts';

/** A repository on GitHub, and how it is asked. */
export interface GitHubRepository {
  readonly client: GitHubClient;
  readonly owner: string;
  readonly repo: string;
  readonly patience: Patience;
  /** Fetches what lies elsewhere than the API, for tests; the client's own way (which knows the runner's proxy) if not given. */
  readonly fetch?: typeof fetch | undefined;
}
