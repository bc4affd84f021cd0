import { spawnSync } from 'node:child_process';
import { apiError, type Route } from './api.ts';
import type { Answer } from './loopback.ts';

/**
 * The commits of a real repository, as GitHub tells of them: the emulator's own git has none of a fixture's. Whatever this does not know is
 * left to the emulator.
 */
export function createCommits(gitFolder: string): { readonly routes: readonly Route[] } {
  const git = (...args: string[]) => {
    const { status, stdout } = spawnSync('git', ['-C', gitFolder, ...args], { encoding: 'utf8' });
    return status === 0 ? stdout.trim() : undefined;
  };
  const commitOf = (name: string) =>
    git('rev-parse', '--verify', '--quiet', '--end-of-options', `${decodeURIComponent(name)}^{commit}`);
  const known = (body: unknown): Answer => ({ status: 200, body });
  return {
    routes: [
      {
        method: 'GET',
        path: /\/git\/commits\/([0-9a-f]{40})$/,
        answer: (_, sha = '') => {
          const parents = commitOf(sha) && git('show', '--no-patch', '--format=%P', sha);
          if (parents === undefined) return undefined;
          return known({
            sha,
            parents: parents
              .split(' ')
              .filter(Boolean)
              .map((parent) => ({ sha: parent })),
          });
        },
      },
      {
        method: 'GET',
        path: /\/compare\/([^/]+?)\.\.\.([^/]+)$/,
        answer: (_, base = '', head = '') => {
          const [one, other] = [commitOf(base), commitOf(head)];
          if (one === undefined || other === undefined) return apiError(404);
          const merged = git('merge-base', one, other);
          const status =
            one === other ? 'identical' : merged === other ? 'behind' : merged === one ? 'ahead' : 'diverged';
          return known({ status, merge_base_commit: { sha: merged }, commits: [], files: [] });
        },
      },
    ],
  };
}
