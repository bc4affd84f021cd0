import type { ActionsServices, StoredArtifact } from './actions-services.ts';
import { type ApiRequest, apiError, apiTime, onePage, type Route } from './api.ts';
import type { Answer } from './loopback.ts';
import { accountJson, forkJson } from './pulls.ts';

/** A run of a workflow, as far as a test decides it. */
export interface RunOptions {
  /** As GITHUB_RUN_ID; the next free one if not given. */
  readonly id?: number;
  readonly event?: string;
  readonly headSha: string;
  readonly headBranch?: string;
  /** Account of the fork that the head is in. */
  readonly fork?: string;
  readonly status?: 'queued' | 'in_progress' | 'completed';
  readonly conclusion?: string | null;
  readonly attempt?: number;
  readonly name?: string;
  readonly path?: string;
  /** Numbers that GitHub knows the run by; none for a fork's, as on GitHub. */
  readonly pullRequests?: readonly { readonly number: number; readonly headSha: string }[];
  readonly jobs?: readonly { readonly name: string; readonly conclusion: string | null }[];
}

export interface WorkflowRuns {
  readonly routes: readonly Route[];
  /** Makes a run known, or a known one different; its `workflow_run` object, as events and the API show it. */
  put(run: RunOptions): { readonly id: number };
}

interface RunParts {
  readonly repository: string;
  readonly services: ActionsServices | undefined;
  readonly now: () => Date;
}

/** Runs, their jobs and their artifacts (docs.github.com, "REST API endpoints for GitHub Actions"). */
export function createWorkflowRuns(parts: RunParts): WorkflowRuns {
  const runs = new Map<number, RunOptions>();
  const jsonOf = (id: number, run: RunOptions) => runJson(id, run, parts);
  const list = (request: ApiRequest) => {
    const of = [...runs].filter(([, run]) => isAsked(request.query, run)).toReversed();
    return onePage(request, of, (page) => ({
      total_count: of.length,
      workflow_runs: page.map(([id, run]) => jsonOf(id, run)),
    }));
  };
  const one = (_: ApiRequest, id = '') => {
    const run = runs.get(Number(id));
    return run === undefined ? apiError(404) : { status: 200, body: jsonOf(Number(id), run) };
  };
  return {
    put: (run) => {
      const id = run.id ?? 500_001 + runs.size;
      runs.set(id, run);
      return jsonOf(id, run);
    },
    routes: [
      { method: 'GET', path: /\/actions\/runs$/, answer: list },
      { method: 'GET', path: /\/actions\/workflows\/[^/]+\/runs$/, answer: list },
      { method: 'GET', path: /\/actions\/runs\/(\d+)$/, answer: one },
      { method: 'GET', path: /\/actions\/runs\/(\d+)\/attempts\/\d+$/, answer: one },
      {
        method: 'GET',
        path: /\/actions\/runs\/(\d+)(?:\/attempts\/\d+)?\/jobs$/,
        answer: (request, id = '') => jobsPage(request, Number(id), runs.get(Number(id))),
      },
      ...artifactRoutes(parts, runs),
      ...cacheRoutes(parts.services),
    ],
  };
}

function artifactRoutes(parts: RunParts, runs: ReadonlyMap<number, RunOptions>): Route[] {
  const all = () => parts.services?.artifacts.all() ?? [];
  const json = (request: ApiRequest, artifact: StoredArtifact) =>
    artifactJson(request, artifact, runs.get(artifact.runId), parts);
  const page = (request: ApiRequest, artifacts: readonly StoredArtifact[]) => {
    const name = request.query.get('name');
    const found = artifacts.filter((artifact) => name === null || artifact.name === name).toReversed();
    return onePage(request, found, (items) => ({
      total_count: found.length,
      artifacts: items.map((artifact) => json(request, artifact)),
    }));
  };
  const withId = (id: string) => all().find((artifact) => artifact.id === Number(id));
  return [
    {
      method: 'GET',
      path: /\/actions\/runs\/(\d+)\/artifacts$/,
      answer: (request, id = '') =>
        page(
          request,
          all().filter((artifact) => artifact.runId === Number(id)),
        ),
    },
    { method: 'GET', path: /\/actions\/artifacts$/, answer: (request) => page(request, all()) },
    {
      method: 'GET',
      path: /\/actions\/artifacts\/(\d+)$/,
      answer: (request, id = '') => {
        const artifact = withId(id);
        return artifact === undefined ? apiError(404) : { status: 200, body: json(request, artifact) };
      },
    },
    {
      method: 'GET',
      path: /\/actions\/artifacts\/(\d+)\/zip$/,
      answer: (_, id = '') => redirectToZip(withId(id)),
    },
  ];
}

function redirectToZip(artifact: StoredArtifact | undefined): Answer {
  if (artifact === undefined) return apiError(404);
  if (artifact.expired) return apiError(410, 'Artifact has expired');
  return { status: 302, headers: { location: artifact.url } };
}

function cacheRoutes(services: ActionsServices | undefined): Route[] {
  const list = (request: ApiRequest) => {
    const prefix = request.query.get('key') ?? '';
    const ref = request.query.get('ref');
    const entries = (services?.cache.entries() ?? [])
      .filter((entry) => entry.key.startsWith(prefix) && (ref === null || entry.scope === ref))
      .toReversed();
    return onePage(request, entries, (page) => ({
      total_count: entries.length,
      actions_caches: page.map(({ id, key, scope, version, size, createdAt }) => ({
        id,
        ref: scope,
        key,
        version,
        created_at: createdAt.toISOString(),
        last_accessed_at: createdAt.toISOString(),
        size_in_bytes: size,
      })),
    }));
  };
  return [{ method: 'GET', path: /\/actions\/caches$/, answer: list }];
}

function jobsPage(request: ApiRequest, id: number, run: RunOptions | undefined): Answer {
  if (run === undefined) return apiError(404);
  const jobs = run.jobs ?? [];
  return onePage(request, jobs, (page) => ({
    total_count: jobs.length,
    jobs: page.map(({ name, conclusion }, index) => ({
      id: id * 100 + index,
      run_id: id,
      name,
      status: conclusion === null ? 'in_progress' : 'completed',
      conclusion,
      run_attempt: run.attempt ?? 1,
      head_sha: run.headSha,
      html_url: `https://github.com/job/${id * 100 + index}`,
    })),
  }));
}

function isAsked(query: URLSearchParams, run: RunOptions): boolean {
  const matches = (name: string, value: string | undefined) =>
    query.get(name) === null || query.get(name) === value;
  const status = query.get('status');
  return (
    matches('head_sha', run.headSha) &&
    matches('event', run.event ?? 'pull_request') &&
    matches('branch', run.headBranch ?? 'feature') &&
    (status === null || [run.status ?? 'completed', run.conclusion ?? 'success'].includes(status))
  );
}

function repositoryJson(repository: string, fork?: string): object {
  const [owner = '', name = ''] = repository.split('/');
  if (fork !== undefined) return forkJson(fork, name);
  return {
    id: 1,
    name,
    full_name: repository,
    fork: false,
    private: false,
    default_branch: 'main',
    owner: accountJson(owner),
  };
}

function runJson(id: number, run: RunOptions, { repository, now }: RunParts) {
  const time = apiTime(now());
  return {
    id,
    node_id: `WFR_${id}`,
    name: run.name ?? 'snapgate',
    path: run.path ?? '.github/workflows/snapgate.yml',
    head_branch: run.headBranch ?? 'feature',
    head_sha: run.headSha,
    display_title: 'Change',
    run_number: 7,
    run_attempt: run.attempt ?? 1,
    event: run.event ?? 'pull_request',
    status: run.status ?? 'completed',
    conclusion: run.conclusion === undefined ? 'success' : run.conclusion,
    workflow_id: 77,
    html_url: `https://github.com/${repository}/actions/runs/${id}`,
    pull_requests: (run.pullRequests ?? []).map(({ number, headSha }) => ({
      id: number,
      number,
      head: { sha: headSha },
    })),
    created_at: time,
    updated_at: time,
    actor: accountJson(run.fork ?? 'octo'),
    triggering_actor: accountJson(run.fork ?? 'octo'),
    repository: repositoryJson(repository),
    head_repository: repositoryJson(repository, run.fork),
  };
}

function artifactJson(
  request: ApiRequest,
  artifact: StoredArtifact,
  run: RunOptions | undefined,
  { repository }: RunParts,
): object {
  const url = `${request.apiUrl}/repos/${repository}/actions/artifacts/${artifact.id}`;
  return {
    id: artifact.id,
    node_id: `ART_${artifact.id}`,
    name: artifact.name,
    size_in_bytes: artifact.size,
    url,
    archive_download_url: `${url}/zip`,
    expired: artifact.expired,
    digest: artifact.digest,
    created_at: apiTime(artifact.createdAt),
    expires_at: apiTime(new Date(artifact.createdAt.getTime() + 90 * 86_400_000)),
    updated_at: apiTime(artifact.createdAt),
    workflow_run: {
      id: artifact.runId,
      repository_id: 1,
      head_repository_id: run?.fork === undefined ? 1 : 4000 + run.fork.length,
      head_branch: run?.headBranch ?? 'feature',
      head_sha: run?.headSha ?? '0'.repeat(40),
    },
  };
}
