import { z } from 'zod';
import { messageOf } from '../host/error.ts';

/** Why a service did not do what it was asked. */
export type TroubleKind =
  /** No answer: the connection failed, or it took too long. */
  | 'network'
  | 'time-out'
  /** An answer that is cut, or not what the API describes. */
  | 'unreadable'
  | 'server'
  /** Too fast; or all requests of the hour used up. */
  | 'secondary-rate-limit'
  | 'primary-rate-limit'
  | 'token'
  | 'permission'
  | 'locked'
  | 'not-found'
  | 'conflict'
  | 'gone'
  | 'refused'
  /** Nothing that a service says. */
  | 'unknown';

export interface Trouble {
  readonly kind: TroubleKind;
  readonly status: number | undefined;
  /** What the service said, on one line of 200 characters at most. Foreign text. */
  readonly said: string;
  /** When the service wants to be asked again: after so many milliseconds, or at a time since 1970. */
  readonly retryAfterMs: number | undefined;
  readonly resetAt: number | undefined;
}

/** Why a token cannot write, as far as the event tells. */
export type ReadOnlyReason = 'fork' | 'dependabot';

export interface FailedService {
  /** The beginning of the sentence: `The comment could not be written`. */
  readonly what: string;
  /** What the token needs for it, as a workflow says it: `pull-requests: write`. */
  readonly scope: string;
  readonly readOnly?: ReadOnlyReason | undefined;
  /** What follows from it; that the verdict stands, if not given. */
  readonly consequence?: string;
}

/** GitHub wants a minute after a secondary limit that names no time (docs.github.com, "Rate limits for the REST API"). */
const secondaryPauseMs = 60_000;

const headersSchema = z.record(z.string(), z.unknown()).catch({});
/** What octokit throws, as far as it is read here; without a response there was none. */
const httpErrorSchema = z.object({
  status: z.int(),
  response: z.object({ headers: headersSchema }).optional().catch(undefined),
});
const graphqlErrorSchema = z.object({
  headers: headersSchema,
  errors: z.array(z.object({ type: z.string().optional() })).min(1),
});

/** What a caught value says about the service that it is from. */
export function troubleOf(error: unknown): Trouble {
  const said = firstLine(error);
  const http = httpErrorSchema.safeParse(error);
  if (http.success) return httpTrouble(http.data.status, http.data.response?.headers, said, error);
  const graphql = graphqlErrorSchema.safeParse(error);
  const plain = { status: undefined, said, retryAfterMs: undefined, resetAt: undefined };
  if (graphql.success)
    return { ...plain, kind: graphqlKind(graphql.data.errors[0]?.type), ...times(graphql.data.headers) };
  return { ...plain, kind: plainKind(error) };
}

/** Milliseconds to wait before the same is asked again; undefined where that cannot help. */
export function pauseAsked(trouble: Trouble, now: number): number | undefined {
  switch (trouble.kind) {
    case 'network':
    case 'time-out':
    case 'unreadable':
    case 'server':
      return trouble.retryAfterMs ?? 0;
    case 'secondary-rate-limit':
    case 'primary-rate-limit':
      return (
        trouble.retryAfterMs ??
        (trouble.resetAt === undefined ? secondaryPauseMs : Math.max(0, trouble.resetAt - now))
      );
    default:
      return undefined;
  }
}

/** Whether the service may have done what it was asked, although it did not say so. */
export function mayHaveHappened(error: unknown): boolean {
  return ['network', 'time-out', 'unreadable', 'server'].includes(troubleOf(error).kind);
}

/** Whether the same may succeed some minutes later. */
export function passes(error: unknown): boolean {
  return pauseAsked(troubleOf(error), 0) !== undefined;
}

/** Trouble that everything else with this token will have too, for a while. */
export function isGeneral({ kind }: Trouble): boolean {
  return [
    'network',
    'time-out',
    'unreadable',
    'server',
    'token',
    'secondary-rate-limit',
    'primary-rate-limit',
  ].includes(kind);
}

/** One line: what failed, why, what to do about it, and what follows. The service's own words in it are foreign. */
export function explainFailure(error: unknown, service: FailedService): string {
  const trouble = troubleOf(error);
  const status = trouble.status === undefined ? trouble.said : `${trouble.status}: ${trouble.said}`;
  const consequence = service.consequence ?? 'The verdict stands; the report is in the job summary.';
  return `${service.what} (${status}). ${causeOf(trouble, service)} ${consequence}`;
}

function causeOf(trouble: Trouble, { scope, readOnly }: FailedService): string {
  const needs = `It needs \`permissions: ${scope}\`.`;
  switch (trouble.kind) {
    case 'network':
      return `The API could not be reached; check the runner's network and proxy. ${needs}`;
    case 'time-out':
      return `The API did not answer in time. ${needs}`;
    case 'unreadable':
      return `The API's answer was cut or is none of GitHub's; check GITHUB_API_URL and what is between. ${needs}`;
    case 'server':
      return `The API itself failed: see githubstatus.com, and run the job again later. ${needs}`;
    case 'secondary-rate-limit':
      return `Too many requests in a short time, of this token's user: run fewer jobs at once. ${needs}`;
    case 'primary-rate-limit':
      return `The token's requests are used up${resetWords(trouble.resetAt)}. ${needs}`;
    case 'token':
      return `GitHub did not accept github-token: it is wrong, revoked or expired. ${needs}`;
    case 'permission':
      return permissionCause(scope, readOnly);
    case 'locked':
      return `The conversation is locked: unlock it, or set \`comment: never\`. ${needs}`;
    case 'not-found':
      return `It is gone, or the token may not see it: check that it is of this repository. ${needs}`;
    case 'conflict':
      return `Something else was changed at the same time: run the job again. ${needs}`;
    case 'gone':
      return `It has been deleted or switched off. ${needs}`;
    case 'refused':
      return `GitHub did not accept the request. ${needs}`;
    case 'unknown':
      return needs;
  }
}

/** A token that lacks a scope looks the same whatever it lacks it for: the event tells some of the reasons apart. */
function permissionCause(scope: string, readOnly: ReadOnlyReason | undefined): string {
  const isWrite = scope.endsWith(': write');
  if (readOnly === 'fork' && isWrite)
    return `A pull request from a fork has a read-only token, whatever the job asks for (\`permissions: ${scope}\`): a second workflow on workflow_run with \`mode: comment\` can write.`;
  const asks = `The job needs \`permissions: ${scope}\``;
  return readOnly === 'dependabot' && isWrite
    ? `${asks}: a run of Dependabot's has a read-only token where the workflow does not say so itself.`
    : `${asks}: without it the token has what the organisation or the repository gives by default, often read alone. A workflow that is called gets no more than its caller.`;
}

function resetWords(resetAt: number | undefined): string {
  return resetAt === undefined ? '' : ` until ${new Date(resetAt).toISOString().slice(11, 16)} UTC`;
}

function httpTrouble(
  status: number,
  headers: Readonly<Record<string, unknown>> | undefined,
  said: string,
  error: unknown,
): Trouble {
  if (headers === undefined && status === 500) {
    const kinds = [error, error instanceof Error ? error.cause : undefined].map(plainKind);
    const noAnswer = { status: undefined, said, retryAfterMs: undefined, resetAt: undefined };
    return { ...noAnswer, kind: kinds.includes('time-out') ? 'time-out' : 'network' };
  }
  return { kind: httpKind(status, headers ?? {}, said), status, said, ...times(headers ?? {}) };
}

function httpKind(status: number, headers: Readonly<Record<string, unknown>>, said: string): TroubleKind {
  if (status >= 500 || status === 408) return 'server';
  if (status === 429 || status === 403) {
    if (/secondary rate|abuse/i.test(said)) return 'secondary-rate-limit';
    if (numberIn(headers['x-ratelimit-remaining']) === 0) return 'primary-rate-limit';
    if (status === 429 || headers['retry-after'] !== undefined) return 'secondary-rate-limit';
  }
  if ((status === 403 || status === 422) && /\blocked\b/i.test(said)) return 'locked';
  return kindsByStatus[status] ?? 'refused';
}

const kindsByStatus: Readonly<Record<number, TroubleKind>> = {
  401: 'token',
  403: 'permission',
  404: 'not-found',
  409: 'conflict',
  410: 'gone',
};

function graphqlKind(type: string | undefined): TroubleKind {
  const kinds: Readonly<Record<string, TroubleKind>> = {
    FORBIDDEN: 'permission',
    NOT_FOUND: 'not-found',
    RATE_LIMITED: 'primary-rate-limit',
  };
  return (type !== undefined && Object.hasOwn(kinds, type) ? kinds[type] : undefined) ?? 'refused';
}

function plainKind(error: unknown): TroubleKind {
  if (error instanceof z.ZodError) return 'unreadable';
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'time-out';
  return error.message === 'fetch failed' || 'code' in error ? 'network' : 'unknown';
}

function times(headers: Readonly<Record<string, unknown>>): Pick<Trouble, 'retryAfterMs' | 'resetAt'> {
  const after = numberIn(headers['retry-after']);
  const reset = numberIn(headers['x-ratelimit-reset']);
  const isUsedUp = numberIn(headers['x-ratelimit-remaining']) === 0;
  return {
    retryAfterMs: after === undefined ? undefined : after * 1000,
    resetAt: reset === undefined || !isUsedUp ? undefined : reset * 1000,
  };
}

/** A whole number of at most a date's size, as headers hold them. */
function numberIn(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && /^\d{1,11}$/.test(text) ? Number(text) : undefined;
}

function firstLine(error: unknown): string {
  if (error instanceof z.ZodError) return 'an answer that is not what the API describes';
  const text = messageOf(error);
  return text.split(/[\r\n\u2028\u2029]/, 1)[0]?.slice(0, 200) ?? '';
}
