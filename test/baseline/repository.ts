import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Files by path; an executable one is `{ text, mode }`. */
export type Files = Readonly<Record<string, string | { readonly text: string; readonly mode: number }>>;

const identity = {
  GIT_AUTHOR_NAME: 'test',
  GIT_AUTHOR_EMAIL: 'test@example.invalid',
  GIT_COMMITTER_NAME: 'test',
  GIT_COMMITTER_EMAIL: 'test@example.invalid',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
};

/** A folder that is removed when the test file's scope ends. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'snapgate-test-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Runs git in a folder; its trimmed stdout. */
export function git(folder: string, ...args: string[]): string {
  return execFileSync('git', ['-C', folder, '-c', 'init.defaultBranch=main', ...args], {
    env: { ...process.env, ...identity },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

export function writeFiles(folder: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    if (typeof content === 'string') writeFileSync(path, content);
    else writeFileSync(path, content.text, { mode: content.mode });
  }
}

/** Writes files and commits everything; the commit's hash. */
export function commitFiles(folder: string, files: Files, message = 'change'): string {
  writeFiles(folder, files);
  git(folder, 'add', '--all');
  git(folder, 'commit', '--quiet', '--allow-empty', '-m', message);
  return git(folder, 'rev-parse', 'HEAD');
}

/** A repository at `<folder>/origin.git`, that serves any commit by its hash as GitHub does, and a full clone of it that pushes. */
export function createOrigin(folder: string): { readonly url: string; readonly clone: string } {
  const bare = join(folder, 'origin.git');
  const clone = join(folder, 'author');
  git(folder, 'init', '--quiet', '--bare', bare);
  git(bare, 'config', 'uploadpack.allowReachableSHA1InWant', 'true');
  git(folder, 'clone', '--quiet', `file://${bare}`, clone);
  return { url: `file://${bare}`, clone };
}

export interface PullRequest {
  readonly number: number;
  readonly baseSha: string;
  readonly headSha: string;
  readonly mergeSha: string;
}

/**
 * Pushes what GitHub makes of a pull request: the branch's commit on `base` (or an older commit, `forkPoint`), and their merge at
 * refs/pull/N/merge, whose first parent is the base.
 */
export function pushPullRequest(
  clone: string,
  number: number,
  base: string,
  files: Files,
  forkPoint = base,
): PullRequest {
  git(clone, 'checkout', '--quiet', '--detach', forkPoint);
  const headSha = commitFiles(clone, files, `pull request ${number}`);
  git(clone, 'checkout', '--quiet', '--detach', base);
  git(clone, 'merge', '--quiet', '--no-ff', '-m', 'merge', headSha);
  const mergeSha = git(clone, 'rev-parse', 'HEAD');
  git(
    clone,
    'push',
    '--quiet',
    '--force',
    'origin',
    `${mergeSha}:refs/pull/${number}/merge`,
    `${headSha}:refs/heads/feature`,
  );
  return { number, baseSha: base, headSha, mergeSha };
}

/** What actions/checkout leaves by default: the merge commit alone, detached, its origin known. */
export function shallowCheckout(folder: string, url: string, pull: PullRequest): string {
  mkdirSync(folder, { recursive: true });
  git(folder, 'init', '--quiet');
  git(folder, 'remote', 'add', 'origin', url);
  const remoteRef = `refs/remotes/pull/${pull.number}/merge`;
  git(folder, 'fetch', '--quiet', '--no-tags', '--depth=1', 'origin', `+${pull.mergeSha}:${remoteRef}`);
  git(folder, 'checkout', '--quiet', '--force', remoteRef);
  return folder;
}
