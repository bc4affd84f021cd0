import { setTimeout as sleep } from 'node:timers/promises';
import { getOctokit } from '@actions/github';
import { mayHaveHappened, pauseAsked, troubleOf } from './service-failure.ts';

export type GitHubClient = ReturnType<typeof getOctokit>;

/** Whom to ask, as whom. */
export interface GitHubConnection {
  /** GITHUB_API_URL: of an Enterprise Server it ends in /api/v3, and its GraphQL is found from it. */
  readonly apiUrl: string;
  /** Not empty. */
  readonly token: string;
  /** For tests; the action's own (which knows the runner's proxy) if not given. */
  readonly fetch?: typeof fetch | undefined;
}

/** How long GitHub is waited for, and how often it is asked. Times in milliseconds. */
export interface Patience {
  /** Limit of one request. */
  readonly requestMs: number;
  readonly tries: number;
  /** Pauses before the second try and those after it, where GitHub names none; the last one repeats. */
  readonly pausesMs: readonly number[];
  /** Limit of all tries with their pauses. */
  readonly totalMs: number;
  /** A limit that several calls share: a time of `now`. */
  readonly deadline?: number;
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<unknown>;
}

export const usualPatience: Patience = {
  requestMs: 30_000,
  tries: 3,
  pausesMs: [1000, 5000],
  totalMs: 90_000,
  now: Date.now,
  wait: (ms) => sleep(ms),
};

/** What goes into a request of octokit's, so that it ends in time. */
export type RequestLimit = { readonly request: { readonly signal: AbortSignal } };

export function openOctokit({ apiUrl, token, fetch }: GitHubConnection): GitHubClient {
  return getOctokit(token, {
    baseUrl: apiUrl.replace(/\/+$/, ''),
    ...(fetch === undefined ? {} : { request: { fetch } }),
  });
}

/**
 * Asks GitHub, and again where it failed in a way that passes: see `pauseAsked`. For what may be done twice without harm; a create needs
 * `createOnce`.
 * @throws what the last try failed with.
 */
export function callGitHub<T>(
  request: (limit: RequestLimit) => Promise<T>,
  patience: Patience = usualPatience,
): Promise<T> {
  return keepTrying((within) => requestGitHub(request, within), patience);
}

/**
 * Makes something that must not be made twice. Where the answer to a try got lost, it is looked for before it is made again.
 * @param find what an earlier try made after all.
 * @param mayBeThere it is looked for before the first try too.
 */
export function createOnce<T>(
  create: (limit: RequestLimit) => Promise<T>,
  find: (limit: RequestLimit) => Promise<T | undefined>,
  patience: Patience = usualPatience,
  mayBeThere = false,
): Promise<T> {
  let lost = mayBeThere;
  return keepTrying(async (within) => {
    const found = lost ? await requestGitHub(find, within) : undefined;
    if (found !== undefined) return found;
    try {
      return await requestGitHub(create, within);
    } catch (error) {
      lost ||= mayHaveHappened(error);
      throw error;
    }
  }, patience);
}

/** One request within its limit, also where the connection does not care for the signal. */
export async function requestGitHub<T>(
  request: (limit: RequestLimit) => Promise<T>,
  patience: Patience = usualPatience,
): Promise<T> {
  const limitMs = Math.min(patience.requestMs, deadlineOf(patience) - patience.now());
  if (limitMs <= 0) throw tooLate(0);
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(tooLate(limitMs));
      controller.abort();
    }, limitMs);
  });
  try {
    return await Promise.race([request({ request: { signal: controller.signal } }), late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Tries again what consists of several requests, as a whole: whatever was read before is read anew.
 * @param attempt is given what is left of the patience.
 */
export async function keepTrying<T>(
  attempt: (within: Patience) => Promise<T>,
  patience: Patience = usualPatience,
): Promise<T> {
  const within = startPatience(patience);
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt(within);
    } catch (error) {
      const pauseMs = pauseBefore(error, tried, within);
      if (pauseMs === undefined || within.now() + pauseMs >= deadlineOf(within)) throw error;
      await within.wait(pauseMs);
    }
  }
}

/** From now on: the limit of all is a deadline, which calls that are given the result share. */
export function startPatience(patience: Patience, totalMs: number = patience.totalMs): Patience {
  return { ...patience, deadline: Math.min(deadlineOf(patience), patience.now() + totalMs) };
}

function deadlineOf(patience: Patience): number {
  return patience.deadline ?? Number.POSITIVE_INFINITY;
}

function pauseBefore(error: unknown, tried: number, patience: Patience): number | undefined {
  if (tried >= patience.tries) return undefined;
  const asked = pauseAsked(troubleOf(error), patience.now());
  const own = patience.pausesMs[Math.min(tried, patience.pausesMs.length) - 1] ?? 0;
  return asked === undefined ? undefined : Math.max(asked, own);
}

function tooLate(limitMs: number): Error {
  const error = new Error(`no answer within ${Math.ceil(limitMs / 1000)} s`);
  error.name = 'TimeoutError';
  return error;
}
