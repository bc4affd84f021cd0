import { SnapgateError } from '../host/error.ts';

/** Where this run is, by the runner's variables (docs.github.com, "Default environment variables"). */
export interface RunContext {
  readonly apiUrl: string;
  readonly serverUrl: string;
  /** `OWNER/NAME`. */
  readonly repository: string;
  readonly owner: string;
  readonly repo: string;
  /** `https://github.com/OWNER/NAME`, for links. */
  readonly repositoryUrl: string;
  /** Grows from run to run; 0 where the runner does not say. */
  readonly runId: number;
  /** Grows with each time that the run is run again; from 1. */
  readonly attempt: number;
  readonly runUrl: string;
  /** The commit that the event is about. */
  readonly sha: string | undefined;
  /** Short name of the branch or tag: `main`, `7/merge`. */
  readonly refName: string | undefined;
  readonly actor: string;
  /** Only this is known to be thrown away after the job. */
  readonly githubHosted: boolean;
}

/** @throws SnapgateError('usage') where this is no runner, or its variables are not what they should be. */
export function readRunContext(env: NodeJS.ProcessEnv): RunContext {
  const serverUrl = address(env, 'GITHUB_SERVER_URL', 'https://github.com');
  const [repository, owner, repo] = readRepository(env['GITHUB_REPOSITORY'] ?? '');
  const repositoryUrl = `${serverUrl}/${repository}`;
  const runId = counted(env['GITHUB_RUN_ID'], 0);
  const attempt = counted(env['GITHUB_RUN_ATTEMPT'], 1);
  return {
    apiUrl: address(env, 'GITHUB_API_URL', 'https://api.github.com'),
    serverUrl,
    repository,
    owner,
    repo,
    repositoryUrl,
    runId,
    attempt,
    runUrl: `${repositoryUrl}/actions/runs/${runId}/attempts/${attempt}`,
    sha: /^[0-9a-f]{40}$/.exec(env['GITHUB_SHA'] ?? '')?.[0],
    refName: env['GITHUB_REF_NAME'] || undefined,
    actor: env['GITHUB_ACTOR'] ?? '',
    githubHosted: env['RUNNER_ENVIRONMENT'] === 'github-hosted',
  };
}

function readRepository(text: string): [string, string, string] {
  const [, owner, repo] = /^([\w.-]+)\/([\w.-]+)$/.exec(text) ?? [];
  if (owner !== undefined && repo !== undefined) return [text, owner, repo];
  throw new SnapgateError(
    'usage',
    `GITHUB_REPOSITORY is ${JSON.stringify(text.slice(0, 100))}: this is not a run on a GitHub Actions runner`,
    'On a terminal, use the command: npx snapgate --help.',
  );
}

function address(env: NodeJS.ProcessEnv, name: string, standard: string): string {
  const text = (env[name] || standard).replace(/\/+$/, '');
  if (/^https?:\/\/[^\s<>"'()]+$/.test(text)) return text;
  throw new SnapgateError(
    'usage',
    `${name} is ${JSON.stringify(text.slice(0, 100))}, which is no address`,
    'Leave the variables of the runner as it sets them.',
  );
}

function counted(text: string | undefined, standard: number): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : standard;
}
