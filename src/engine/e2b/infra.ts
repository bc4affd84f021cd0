import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { SnapgateError } from '../../host/error.ts';

/** The tools, by the names of their folders in a checkout of e2b's infra. */
export const toolNames = ['create-build', 'resume-build'] as const;
export type ToolName = (typeof toolNames)[number];

/** Where the tools' sources are, and where they expect to be started: relative paths of theirs begin there. */
export function orchestratorOf(infra: string): string {
  return join(infra, 'packages/orchestrator');
}

/**
 * The checkout of e2b's infra that a folder is in, or is.
 * @throws SnapgateError `usage` where there is none
 */
export function needInfra(start: string, name: string): string {
  const found = findInfra(start);
  if (found !== undefined) return found;
  throw new SnapgateError(
    'usage',
    `${name}: ${start} is no checkout of e2b's infra, and in none: it has no packages/orchestrator/cmd/create-build`,
    'Check out e2b-dev/infra, and give its path as e2b-infra; or give a folder of built tools as e2b-tools.',
  );
}

export function findInfra(start: string): string | undefined {
  for (let dir = start; ; dir = dirname(dir)) {
    if (existsSync(join(orchestratorOf(dir), 'cmd/create-build'))) return dir;
    if (dirname(dir) === dir) return undefined;
  }
}

/**
 * What a path that the user wrote is for one side: a path within the checkout is within each side's own, any other is the same for both.
 *
 * @param checkout absolute path that a relative path starts at
 */
export function pathForSide(path: string, checkout: string, sideCheckout: string): string {
  const whole = resolve(checkout, path);
  const within = relative(checkout, whole);
  return isAbsolute(within) || /^\.\.(\/|$)/.test(within) ? whole : join(sideCheckout, within);
}
