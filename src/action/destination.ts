import { readConfig } from '../config/config.ts';
import type { GitHubConfig } from '../config/types.ts';
import { headShaOf, type TriggerEvent } from '../github/event.ts';
import { readRunContext } from '../github/run-context.ts';
import type { Told } from './announcer-of.ts';
import { pullRequestNumber, readTrigger } from './request.ts';

/** Who is told of a run of which nothing else is known. */
export interface Destination extends Told {
  readonly headSha: string | undefined;
}

/**
 * Where a gate is told that it could not even begin: what is wrong in another input or in snapgate.yml is no matter here, and a wrong
 * `check` or `comment` is taken for the default. A wrong `comment-key` or `dry-run` is not: nobody knows then what may be written.
 *
 * @returns undefined where nothing is to be told: on an event that is not known, on pull_request_target, and for forks.
 */
export function readDestination(
  env: NodeJS.ProcessEnv,
  getInput: (name: string) => string,
): Destination | undefined {
  const github = readTelling(getInput);
  const event = attempt(() => readTrigger(env));
  const context = attempt(() => readRunContext(env));
  if (github === undefined || event === undefined || context === undefined || !mayTell(event))
    return undefined;
  return {
    config: { github },
    context,
    event,
    token: getInput('github-token'),
    pullRequest: attempt(() => pullRequestNumber(event, getInput('pr-number'))),
    headSha: headShaOf(event) ?? context.sha,
  };
}

function mayTell(event: TriggerEvent): boolean {
  const isFork = (event.name === 'pull_request' || event.name === 'workflow_run') && event.isFork;
  return event.name !== 'pull_request_target' && !isFork;
}

function readTelling(getInput: (name: string) => string): Told['config']['github'] | undefined {
  const read = (name: string): GitHubConfig | undefined =>
    attempt(() => readConfig({ [name]: getInput(name) }, undefined).github);
  const [keyed, dry] = [read('comment-key'), read('dry-run')];
  if (keyed === undefined || dry === undefined) return undefined;
  return {
    comment: { policy: (read('comment') ?? keyed).comment.policy, key: keyed.comment.key },
    check: (read('check') ?? keyed).check,
    dryRun: dry.dryRun,
  };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
