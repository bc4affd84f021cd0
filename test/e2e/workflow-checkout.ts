import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { git } from '../baseline/repository.ts';

export interface CheckoutOptions {
  readonly workspace: string;
  /** Address of the repository. */
  readonly origin: string;
  /** The step's `with:`. */
  readonly inputs: Readonly<Record<string, string>>;
  /** GITHUB_SHA and GITHUB_REF, which are checked out where the step names no ref. */
  readonly sha: string;
  readonly ref: string;
  readonly token: string;
  /** Without the credentials nothing more can be fetched. */
  readonly isPrivate: boolean;
}

const known = ['ref', 'fetch-depth', 'persist-credentials', 'path'];

/**
 * Leaves in the workspace what actions/checkout 6 does (its README, and src/ref-helper.ts): the commit alone or with as much history as asked
 * for, under the names that it gives, and the token in the configuration unless told not to.
 */
export function checkOut({ workspace, origin, inputs, sha, ref, token, isPrivate }: CheckoutOptions): void {
  for (const name of Object.keys(inputs))
    if (!known.includes(name)) throw new Error(`the checkout of this harness knows no ${name}`);
  const folder = join(workspace, inputs['path'] ?? '.');
  const depth = Number(inputs['fetch-depth'] ?? 1);
  const wanted = inputs['ref'] ? namedTarget(inputs['ref']) : eventTarget(sha, ref);
  const everything = ['+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*'];
  const limit = depth === 0 ? [] : [`--depth=${depth}`];
  mkdirSync(folder, { recursive: true });
  git(folder, 'init', '--quiet');
  git(folder, 'remote', 'add', 'origin', origin);
  git(folder, 'config', '--local', 'gc.auto', '0');
  const keepsCredentials = inputs['persist-credentials'] !== 'false';
  if (keepsCredentials) persist(folder, token);
  if (depth === 0) git(folder, 'fetch', '--quiet', 'origin', ...everything);
  git(folder, 'fetch', '--quiet', '--no-tags', ...limit, 'origin', wanted.refspec);
  git(folder, 'checkout', '--quiet', '--force', ...wanted.checkout);
  if (isPrivate && !keepsCredentials)
    git(folder, 'remote', 'set-url', 'origin', `${origin}.needs-credentials`);
}

interface Target {
  readonly refspec: string;
  readonly checkout: readonly string[];
}

function eventTarget(sha: string, ref: string): Target {
  const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1];
  if (branch !== undefined) {
    const tracking = `refs/remotes/origin/${branch}`;
    return { refspec: `+${sha}:${tracking}`, checkout: ['-B', branch, tracking] };
  }
  const pull = /^refs\/(pull\/.+)$/.exec(ref)?.[1];
  if (pull === undefined) return { refspec: sha, checkout: ['--detach', sha] };
  return { refspec: `+${sha}:refs/remotes/${pull}`, checkout: [`refs/remotes/${pull}`] };
}

function namedTarget(ref: string): Target {
  if (/^[0-9a-f]{40}$/.test(ref)) return { refspec: ref, checkout: ['--detach', ref] };
  if (ref.startsWith('refs/pull/'))
    return { refspec: `+${ref}:refs/remotes/${ref.slice(5)}`, checkout: [`refs/remotes/${ref.slice(5)}`] };
  const branch = ref.replace(/^refs\/heads\//, '');
  const tracking = `refs/remotes/origin/${branch}`;
  return { refspec: `+refs/heads/${branch}:${tracking}`, checkout: ['-B', branch, tracking] };
}

function persist(folder: string, token: string): void {
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  git(folder, 'config', '--local', 'http.https://github.com/.extraheader', `AUTHORIZATION: basic ${basic}`);
}
