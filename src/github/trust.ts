import type { Checkout } from '../baseline/commit.ts';
import type { Mode } from '../config/inputs.ts';
import type { GitHubConfig } from '../config/types.ts';
import { SnapgateError } from '../host/error.ts';
import type { TriggerEvent } from './event.ts';
import type { RunContext } from './run-context.ts';

/**
 * Refuses to build and boot what a stranger has written where it would find what it must not have: the secrets of the base repository,
 * or a machine that others use after it.
 *
 * @throws SnapgateError('refused'), with the reason.
 */
export function requireTrusted(
  event: TriggerEvent,
  context: Pick<RunContext, 'githubHosted'>,
  checkout: Checkout,
  config: Pick<GitHubConfig, 'allowForks' | 'matrix'>,
  mode: Mode,
): void {
  if (event.name === 'pull_request_target') throw targetRefused(event.headSha, checkout);
  if (mode === 'comment' || config.matrix.entries !== undefined) return;
  if (event.name === 'workflow_run' && event.isFork) throw runRefused();
  if (event.name !== 'pull_request' || !event.isFork || context.githubHosted || config.allowForks) return;
  throw new SnapgateError(
    'refused',
    `pull request #${event.number} comes from a fork, and this runner is self-hosted: its build and its guest would be anybody's code on your machine`,
    'Run the job on a runner that is thrown away after it, with approval for all outside collaborators, and say so with allow-forks: true; or leave forks to a GitHub-hosted runner.',
  );
}

function holds({ commit, parents }: Checkout, sha: string): boolean {
  return commit === sha || parents.includes(sha);
}

function targetRefused(headSha: string | undefined, checkout: Checkout): SnapgateError {
  const isHead = headSha !== undefined && holds(checkout, headSha);
  return new SnapgateError(
    'refused',
    isHead
      ? 'the head of a pull request is checked out on pull_request_target: whatever it builds would run with a token that can write, and with the secrets of this repository'
      : 'pull_request_target runs on the base branch, with its secrets: there is no head to measure, and checking it out would hand them over',
    'Run snapgate on pull_request. For comments on pull requests from forks, use the pair of workflows in the README: one measures with a read-only token, one comments on workflow_run.',
  );
}

function runRefused(): SnapgateError {
  return new SnapgateError(
    'refused',
    "workflow_run of a fork's run has the secrets of this repository and a token that can write: nothing is built or booted here, whatever is checked out",
    'Measure on pull_request, and use mode: comment here, without a checkout of the head.',
  );
}
