import type { Fault } from '../github/faults.ts';

/** A way in which GitHub's API fails, and what a warning must say of it. */
export interface ApiTrouble {
  readonly name: string;
  readonly fault: Omit<Fault, 'path' | 'method'>;
  readonly cause: RegExp;
}

const anHourMs = 3_600_000;

/** docs.github.com, "Rate limits for the REST API" and "Troubleshooting the REST API"; and what networks and proxies do. */
export const apiTroubles: readonly ApiTrouble[] = [
  { name: '401', fault: { status: 401 }, cause: /GitHub did not accept github-token/ },
  { name: '403, no permission', fault: { status: 403 }, cause: /The job needs/ },
  {
    name: '403, secondary rate limit for a second',
    fault: { status: 403, headers: { 'retry-after': '1' }, body: secondaryLimit() },
    cause: /Too many requests in a short time/,
  },
  {
    name: '403, secondary rate limit for an hour',
    fault: { status: 403, headers: { 'retry-after': '3600' }, body: secondaryLimit() },
    cause: /Too many requests in a short time/,
  },
  {
    name: '403, primary rate limit',
    fault: {
      status: 403,
      headers: {
        'x-ratelimit-limit': '1000',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(Math.floor((Date.now() + anHourMs) / 1000)),
      },
      body: { message: 'API rate limit exceeded for installation ID 1.' },
    },
    cause: /The token's requests are used up until \d\d:\d\d UTC/,
  },
  { name: '404', fault: { status: 404 }, cause: /It is gone, or the token may not see it/ },
  { name: '409', fault: { status: 409 }, cause: /Something else was changed at the same time/ },
  { name: '410', fault: { status: 410 }, cause: /It has been deleted or switched off/ },
  { name: '422', fault: { status: 422 }, cause: /GitHub did not accept the request/ },
  {
    name: '429',
    fault: { status: 429, headers: { 'retry-after': '1' } },
    cause: /Too many requests in a short time/,
  },
  { name: '500', fault: { status: 500 }, cause: /The API itself failed/ },
  {
    name: '502 with HTML',
    fault: {
      status: 502,
      headers: { 'content-type': 'text/html' },
      body: '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n</html>',
    },
    cause: /The API itself failed/,
  },
  {
    name: 'a page of a proxy in place of an answer',
    fault: { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Please log in</html>' },
    cause: /is none of GitHub's/,
  },
  { name: 'a dropped connection', fault: { dropConnection: true }, cause: /The API could not be reached/ },
  {
    name: 'an answer that is cut',
    fault: { status: 200, headers: { 'content-type': 'application/json' }, body: '[{"id":1,"body":"' },
    cause: /answer was cut/,
  },
];

/** Silence: waited for to the limit. */
export const silence: ApiTrouble = {
  name: 'silence',
  fault: { hangMs: Number.POSITIVE_INFINITY },
  cause: /The API did not answer in time/,
};

/** Trouble that passes, so that a second or third try has an answer. */
export const passingTroubles: readonly ApiTrouble[] = apiTroubles.filter(({ name }) =>
  ['403, secondary rate limit for a second', '429', '500', '502 with HTML', 'a dropped connection', 'an answer that is cut'].includes(name),
);

function secondaryLimit(): object {
  return { message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.' };
}
