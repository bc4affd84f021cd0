import type { Answer } from './loopback.ts';
import type { Identity } from './tokens.ts';

/** A request to GitHub's REST API. */
export interface ApiRequest {
  readonly method: string;
  /** Without the prefix of an Enterprise Server. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The parsed body; undefined where there is none. */
  readonly body: unknown;
  /** Undefined for a request without a token. */
  readonly identity: Identity | undefined;
  /** Address of the API as the caller knows it. */
  readonly apiUrl: string;
}

/** What answers one kind of request; undefined leaves it to the next. */
export interface Route {
  readonly method: string;
  readonly path: RegExp;
  answer(request: ApiRequest, ...captured: string[]): Answer | undefined | Promise<Answer | undefined>;
}

/** Passes a request on to the emulator, as the login that it comes from or as another. */
export type Forward = (request: ApiRequest, as?: string) => Promise<Answer>;

/** An error as GitHub's REST API words it (docs.github.com, "Troubleshooting the REST API"). */
export function apiError(status: number, message = apiMessages[status] ?? 'Error'): Answer {
  return {
    status,
    body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) },
  };
}

const apiMessages: Readonly<Record<number, string>> = {
  401: 'Bad credentials',
  403: 'Resource not accessible by integration',
  404: 'Not Found',
  409: 'Conflict',
  410: 'Gone',
  422: 'Validation Failed',
  429: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  500: 'Server Error',
  502: 'Server Error',
  503: 'Service Unavailable',
};

/**
 * One page of a list, with the `link` header that leads on (docs.github.com, "Using pagination in the REST API"): 30 items where the
 * caller asks for no number, and never more than 100.
 */
export function onePage<T>(
  request: ApiRequest,
  items: readonly T[],
  bodyOf: (page: readonly T[]) => unknown = (page) => page,
): Answer {
  const size = Math.min(100, positive(request.query.get('per_page'), 30));
  const page = positive(request.query.get('page'), 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  const to = (number: number, rel: string) => {
    const query = new URLSearchParams(request.query);
    query.set('page', String(number));
    return `<${request.apiUrl}${request.path}?${query}>; rel="${rel}"`;
  };
  const links = page < last ? [to(page + 1, 'next'), to(last, 'last')] : [];
  return {
    status: 200,
    headers: links.length === 0 ? {} : { link: links.join(', ') },
    body: bodyOf(items.slice((page - 1) * size, page * size)),
  };
}

function positive(text: string | null, standard: number): number {
  const number = Number(text);
  return Number.isInteger(number) && number > 0 ? number : standard;
}

/** A time as the API writes it: whole seconds, UTC. */
export function apiTime(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
