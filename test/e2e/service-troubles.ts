import type { Fault } from '../github/faults.ts';

/** How a service fails. */
export type Failure = Omit<Fault, 'path' | 'method'>;

/** A way in which GitHub's API fails, and what a warning must say of it. */
export interface ApiTrouble {
  readonly name: string;
  readonly failure: Failure;
  readonly cause: RegExp;
  /** All of GitHub has it, or everybody with this token. */
  readonly isGeneral: boolean;
}

const anHourMs = 3_600_000;
const secondaryLimit = {
  message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
};

export const silence: Failure = { hangMs: Number.POSITIVE_INFINITY };
export const dropped: Failure = { dropConnection: true };
export const badGateway: Failure = {
  status: 502,
  headers: { 'content-type': 'text/html' },
  body: '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n</html>',
};
export const cut: Failure = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: '[{"id":1,"body":"',
};
export const tooFast: Failure = { status: 403, headers: { 'retry-after': '1' }, body: secondaryLimit };

/**
 * docs.github.com, "Rate limits for the REST API" and "Troubleshooting the REST API"; and what networks and proxies do. What is waited
 * for longest comes first.
 */
export const apiTroubles: readonly ApiTrouble[] = [
  trouble('silence', silence, /The API did not answer in time/, true),
  trouble('500', { status: 500 }, /The API itself failed/, true),
  trouble('502 with HTML', badGateway, /The API itself failed/, true),
  trouble('429', { status: 429, headers: { 'retry-after': '1' } }, /Too many requests in a short/, true),
  trouble('a secondary rate limit for a second', tooFast, /Too many requests in a short time/, true),
  trouble('an answer that is cut', cut, /answer was cut/, true),
  trouble(
    "a proxy's page in place of an answer",
    { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Please log in</html>' },
    /is none of GitHub's/,
    true,
  ),
  trouble('a dropped connection', dropped, /The API could not be reached/, true),
  trouble(
    'a secondary rate limit for an hour',
    { status: 403, headers: { 'retry-after': '3600' }, body: secondaryLimit },
    /Too many requests in a short time/,
    true,
  ),
  trouble(
    'the primary rate limit',
    {
      status: 403,
      headers: {
        'x-ratelimit-limit': '1000',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(Math.floor((Date.now() + anHourMs) / 1000)),
      },
      body: { message: 'API rate limit exceeded for installation ID 1.' },
    },
    /The token's requests are used up until \d\d:\d\d UTC/,
    true,
  ),
  trouble('401', { status: 401 }, /GitHub did not accept github-token/, true),
  trouble('403', { status: 403 }, /The job needs/, false),
  trouble('404', { status: 404 }, /It is gone, or the token may not see it/, false),
  trouble('409', { status: 409 }, /Something else was changed at the same time/, false),
  trouble('410', { status: 410 }, /It has been deleted or switched off/, false),
  trouble('422', { status: 422 }, /GitHub did not accept the request/, false),
];

function trouble(name: string, failure: Failure, cause: RegExp, isGeneral: boolean): ApiTrouble {
  return { name, failure, cause, isGeneral };
}
