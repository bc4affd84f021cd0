import { type ArtifactService, createArtifactService } from './artifact-service.ts';
import { createBlobStore } from './blobs.ts';
import { type CacheService, createCacheService } from './cache-service.ts';
import type { Fault, InjectedFault } from './faults.ts';
import { type Answer, type Incoming, serveLoopback } from './loopback.ts';
import { runtimeIdentity, runtimeToken, twirpError } from './runtime-token.ts';

export type { StoredArtifact } from './artifact-service.ts';
export type { CacheEntry } from './cache-service.ts';

/** The job that a set of variables is for. */
export interface ServiceJob {
  /** GITHUB_RUN_ID. */
  readonly runId: number;
  /** GITHUB_RUN_ATTEMPT; 1 if not given. */
  readonly attempt?: number;
  readonly job?: string;
  /** GITHUB_REF, which is the cache's scope; the default branch if not given. */
  readonly ref?: string;
  readonly defaultBranch?: string;
}

/** The services beside the API that a runner gives to an action: the cache, and the artifacts. */
export interface ActionsServices extends AsyncDisposable {
  readonly url: string;
  readonly cache: CacheService;
  readonly artifacts: ArtifactService;
  /**
   * Makes requests fail: `path` is tested against `/twirp/…CacheService/METHOD`, `/twirp/…ArtifactService/METHOD` and `/blob/…`. The
   * toolkit tries a 5xx five times with pauses of 3 s and more.
   */
  fault(fault: Fault): InjectedFault;
  /** Method and path of everything received, oldest first. */
  readonly requests: readonly { readonly method: string; readonly path: string }[];
  /** What the runner tells an action of them. */
  environment(job: ServiceJob): Readonly<Record<string, string>>;
}

/** A cache and an artifact service on the loopback, with which the real @actions/cache and @actions/artifact work. */
export async function startActionsServices(): Promise<ActionsServices> {
  const requests: { method: string; path: string }[] = [];
  const blobs = createBlobStore();
  let url = '';
  const cache = createCacheService(blobs, (blob) => blobs.signedUrl(url, blob));
  const artifacts = createArtifactService(blobs, (blob) => blobs.signedUrl(url, blob, '.zip'));
  const server = await serveLoopback({
    observe: (incoming) => requests.push({ method: incoming.method, path: incoming.url.pathname }),
    errorBody: (status) => ({
      code: status >= 500 ? 'internal' : 'permission_denied',
      msg: `status ${status}`,
    }),
    answer: async (incoming) => blobs.answer(incoming) ?? answerTwirp(incoming, cache, artifacts),
  });
  url = server.url;
  return {
    url,
    cache,
    artifacts,
    requests,
    fault: server.fault,
    environment: (job) => environmentOf(url, job),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function answerTwirp(incoming: Incoming, cache: CacheService, artifacts: ArtifactService): Answer {
  const [, service, method = ''] =
    /^\/twirp\/github\.actions\.results\.api\.v1\.(CacheService|ArtifactService)\/(\w+)$/.exec(
      incoming.url.pathname,
    ) ?? [];
  const identity = runtimeIdentity(incoming);
  if (service === undefined) return twirpError(404, 'bad_route', incoming.url.pathname);
  if (identity === undefined) return twirpError(401, 'unauthenticated', 'no token of a runner');
  const body: unknown = JSON.parse(incoming.body.toString('utf8'));
  return (service === 'CacheService' ? cache : artifacts).answer(method, body, identity);
}

/** GITHUB_SERVER_URL must be github.com's for the cache: elsewhere the toolkit takes it for an Enterprise Server, which has another service. */
function environmentOf(url: string, job: ServiceJob): Record<string, string> {
  const { runId, attempt = 1, defaultBranch = 'main', ref = `refs/heads/${defaultBranch}` } = job;
  return {
    ACTIONS_RESULTS_URL: `${url}/`,
    ACTIONS_RUNTIME_URL: `${url}/`,
    ACTIONS_RUNTIME_TOKEN: runtimeToken({ runId, attempt, job: job.job ?? 'snapshots', ref, defaultBranch }),
    ACTIONS_CACHE_SERVICE_V2: 'true',
  };
}
