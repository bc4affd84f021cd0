import { setTimeout as wait } from 'node:timers/promises';
import { SnapgateError } from '../host/error.ts';
import type { CommandResult } from '../host/process.ts';
import type { Git } from './git.ts';

const fullSha = /^[0-9a-f]{40}$/;

/**
 * What a person may write for a commit: a branch, a tag, a hash, `origin/main`, `HEAD~2`. First a letter, digit, underscore, dot or slash,
 * so that nothing becomes an option; no colon, blank or glob, so that nothing becomes a refspec, a path or a search.
 */
const refPattern = /^[\p{L}\p{N}_./][\p{L}\p{N}_./@{}~^+=#%,-]{0,254}$/u;

/** What is checked out, as far as git tells. */
export interface Checkout {
  /** Undefined where there is none. */
  readonly commit: string | undefined;
  /** In the order that the commit names them. */
  readonly parents: readonly string[];
}

export async function readCheckout(git: Git): Promise<Checkout> {
  const commit = await headCommit(git);
  return { commit, parents: commit === undefined ? [] : await parentsOf(git, commit) };
}

/** The commit that the checkout's HEAD is at; undefined where there is none. */
export async function headCommit(git: Git): Promise<string | undefined> {
  return await git.ask(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
}

/**
 * Parents of a commit that is present, as the commit itself names them: a shallow clone hides parents from everything but the raw
 * object.
 */
async function parentsOf(git: Git, commit: string): Promise<readonly string[]> {
  const raw = (await git.ask(['cat-file', 'commit', commit])) ?? '';
  const header = raw.split('\n\n', 1)[0] ?? '';
  return header.split('\n').flatMap((line) => /^parent ([0-9a-f]{40})$/.exec(line)?.[1] ?? []);
}

/** Best common ancestor of two commits, as far as the clone's history goes. */
export async function mergeBase(git: Git, one: string, other: string): Promise<string | undefined> {
  return await git.ask(['merge-base', one, other]);
}

/**
 * The commit that `ref` names, present in the repository afterwards. Names are looked up here, then at `origin`, then among what was
 * fetched of it, for a checkout may have no credentials to ask a private one; of a commit that a shallow clone lacks, that one commit is
 * fetched.
 * @param side what it is for, in errors: `base`, `GOOD`
 * @throws SnapgateError('base') for what is no ref, or is found nowhere.
 */
export async function resolveRef(git: Git, side: string, ref: string): Promise<string> {
  if (!refPattern.test(ref) || ref.includes('..')) {
    throw new SnapgateError(
      'base',
      `${side}: ${JSON.stringify(ref.slice(0, 80))} is not the name of a commit`,
      'Name a branch, a tag or a commit: ref:main, ref:v1.2.0 or ref:<hash>.',
    );
  }
  if (fullSha.test(ref)) return await ensureCommit(git, side, ref);
  const here = await git.ask(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
  if (here !== undefined) return here;
  const there = await askOrigin(git, ref);
  if (there !== undefined) return await ensureCommit(git, side, there);
  const fetched = await git.ask(['rev-parse', '--verify', '--quiet', `refs/remotes/origin/${ref}^{commit}`]);
  if (fetched !== undefined) return fetched;
  throw new SnapgateError(
    'base',
    `${side}: there is no commit ${JSON.stringify(ref)} in the checkout, nor a branch or tag of that name at origin`,
    'Check the name. A short hash or HEAD~1 needs history: give actions/checkout `fetch-depth: 0`, or write the whole hash.',
  );
}

/**
 * Makes sure that a commit (40 hex digits, or an annotated tag's object) is present, and returns it; a shallow clone is deepened by
 * exactly it.
 */
export async function ensureCommit(git: Git, side: string, sha: string): Promise<string> {
  const present = await peel(git, sha);
  if (present !== undefined) return present;
  const fetched = await fetchCommit(git, sha);
  const arrived = await peel(git, sha);
  if (arrived !== undefined) return arrived;
  throw new SnapgateError(
    'base',
    `${side}: commit ${sha} is not in the checkout and could not be fetched from origin`,
    'Check that it still exists there and that the checkout kept its credentials (persist-credentials), or give actions/checkout `fetch-depth: 0`.',
    { details: { title: 'last lines of git fetch', lines: fetched.tail.slice(-20) } },
  );
}

/** Tries of a fetch that meets another one in the same clone, and the pause after each. */
const fetchTries = 20;
const fetchPauseMs = 250;

/** Fetches one commit, and waits for its turn where another run is deepening the same clone (git's `shallow.lock`). */
async function fetchCommit(git: Git, sha: string): Promise<CommandResult> {
  const depth = (await isShallow(git)) ? ['--depth=1'] : [];
  const quietly = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules'];
  const fetch = () => git.run(['fetch', ...quietly, ...depth, 'origin', sha]);
  let result = await fetch();
  for (let tries = 1; tries < fetchTries && meetsAnother(result); tries += 1) {
    await wait(fetchPauseMs);
    result = await fetch();
  }
  return result;
}

function meetsAnother({ code, tail }: CommandResult): boolean {
  return code !== 0 && /shallow\.lock|shallow file has changed/.test(tail.join('\n'));
}

/** The commit that an object is, or that an annotated tag's object points to; undefined where it is not present. */
async function peel(git: Git, sha: string): Promise<string | undefined> {
  return await git.ask(['rev-parse', '--verify', '--quiet', `${sha}^{commit}`]);
}

/** Whether the clone's history ends somewhere. */
export async function isShallow(git: Git): Promise<boolean> {
  return (await git.ask(['rev-parse', '--is-shallow-repository'])) === 'true';
}

/** Hash of the branch or tag `name` at origin; names are compared whole, since ls-remote matches their ends. */
async function askOrigin(git: Git, name: string): Promise<string | undefined> {
  const short = name.replace(/^(refs\/remotes\/)?origin\//, '');
  const listed = await git.ask(['ls-remote', '--quiet', 'origin', short]);
  const refs = new Map<string, string>();
  for (const line of (listed ?? '').split('\n')) {
    const [sha, ref] = line.split('\t');
    if (sha !== undefined && ref !== undefined && fullSha.test(sha)) refs.set(ref, sha);
  }
  const wanted = [short, `refs/${short}`, `refs/tags/${short}`, `refs/heads/${short}`];
  return wanted.map((ref) => refs.get(ref)).find((sha) => sha !== undefined);
}
