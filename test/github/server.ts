import { type ApiRequest, apiError, type Forward, type Route } from './api.ts';
import type { GraphQl } from './graphql.ts';
import { type Answer, type Incoming, type LoopbackService, serveLoopback } from './loopback.ts';
import { refusalOf, type TokenRegistry } from './tokens.ts';

/** A request that was received, whatever became of it. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path with query, without the prefix of an Enterprise Server. */
  readonly path: string;
  readonly isAuthorized: boolean;
  /** Whose token it was; undefined without one, and for one that is not known. */
  readonly login: string | undefined;
  readonly token: string | undefined;
  readonly body: unknown;
}

export interface ServerParts {
  readonly tokens: TokenRegistry;
  readonly graphql: GraphQl;
  readonly isPrivate: boolean;
  /** Asked in this order before the emulator. */
  readonly routes: () => readonly Route[];
  readonly forward: Forward;
  readonly requests: ReceivedRequest[];
}

/** An Enterprise Server has its REST API below this (docs.github.com, "Getting started with the REST API"). */
const enterprisePrefix = '/api/v3';
const maxBodyChars = 65_536;

/**
 * GitHub's API in front of the emulator: knows tokens and what each may, answers what the emulator lacks, and can be told to fail. Both
 * at its root, as api.github.com, and below /api/v3 and /api/graphql, as an Enterprise Server.
 */
export function serveGitHub(parts: ServerParts): Promise<LoopbackService> {
  return serveLoopback({
    errorBody: (status) => Object(apiError(status).body),
    faultPath: (incoming) => pathOf(incoming) + incoming.url.search,
    observe: (incoming) => parts.requests.push(received(incoming, parts.tokens)),
    answer: async (incoming) => {
      const token = tokenOf(incoming);
      const request = toApiRequest(incoming, parts.tokens, token);
      if (token !== undefined && request.identity === undefined) return apiError(401);
      return await answerApi(request, parts);
    },
  });
}

function received(incoming: Incoming, tokens: TokenRegistry): ReceivedRequest {
  const token = tokenOf(incoming);
  const { method, path, identity, body } = toApiRequest(incoming, tokens, token);
  return {
    method,
    path: path + incoming.url.search,
    isAuthorized: token !== undefined,
    login: identity?.login,
    token,
    body,
  };
}

async function answerApi(request: ApiRequest, parts: ServerParts): Promise<Answer> {
  const { method, path, identity } = request;
  if (path === '/graphql') return parts.graphql.answer(request.body, identity);
  const refusal = refusalOf({ method, path, identity, isPrivate: parts.isPrivate });
  if (refusal) return refusal;
  if (path === '/user' && identity?.login.endsWith('[bot]')) return apiError(403);
  if (isTooLong(request.body))
    return apiError(422, `Validation Failed: body is too long (maximum is 65536 characters)`);
  for (const route of parts.routes()) {
    const captured = route.method === method ? route.path.exec(path) : null;
    const answer = captured && (await route.answer(request, ...captured.slice(1)));
    if (answer) return answer;
  }
  return await parts.forward(request);
}

/** A comment's limit, which the emulator does not know. */
function isTooLong(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || !('body' in body)) return false;
  return typeof body.body === 'string' && body.body.length > maxBodyChars;
}

function tokenOf({ headers }: Incoming): string | undefined {
  return /^(?:token|bearer) (.+)$/i.exec(headers.authorization ?? '')?.[1];
}

function pathOf({ url }: Incoming): string {
  if (url.pathname === '/api/graphql') return '/graphql';
  return url.pathname.startsWith(`${enterprisePrefix}/`)
    ? url.pathname.slice(enterprisePrefix.length)
    : url.pathname;
}

function toApiRequest(incoming: Incoming, tokens: TokenRegistry, token: string | undefined): ApiRequest {
  const path = pathOf(incoming);
  const prefix = incoming.url.pathname.startsWith(`${enterprisePrefix}/`) ? enterprisePrefix : '';
  return {
    method: incoming.method,
    path,
    query: incoming.url.searchParams,
    body: parseBody(incoming.body),
    identity: token === undefined ? undefined : tokens.find(token),
    apiUrl: `${incoming.url.origin}${prefix}`,
  };
}

function parseBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
