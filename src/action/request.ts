import { readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readConfig, readInstall, readMode } from '../config/config.ts';
import { inputs, type Mode } from '../config/inputs.ts';
import { locateConfig } from '../config/locate.ts';
import { reproduceOptions } from '../config/reproduce.ts';
import type { Config } from '../config/types.ts';
import { readEvent, type TriggerEvent } from '../github/event.ts';
import { SnapgateError } from '../host/error.ts';

/** Where the pull request is told, and with what. */
export interface CommentDestination {
  readonly apiUrl: string;
  readonly token: string;
  readonly owner: string;
  readonly repo: string;
  readonly number: number;
}

/** Everything that the runner asks for: read once, checked, passed down. */
export interface ActionRequest {
  readonly mode: Mode;
  /** Whether to install first what the runner lacks. */
  readonly install: boolean;
  readonly config: Config;
  readonly event: TriggerEvent;
  readonly workspace: string;
  readonly workDir: string;
  readonly cacheDir: string;
  readonly token: string;
  readonly reproduce: readonly string[];
  /** Undefined where no pull request is to be told. */
  readonly comment: CommentDestination | undefined;
}

/**
 * Reads inputs, snapgate.yml of the workspace, and the event.
 * @param env the runner's variables (docs.github.com, "Default environment variables").
 * @param getInput text of an input, empty where it is not given.
 * @throws SnapgateError('usage') for whatever cannot be used.
 */
export function readRequest(env: NodeJS.ProcessEnv, getInput: (name: string) => string): ActionRequest {
  const raw = Object.fromEntries(inputs.map(({ name }) => [name, getInput(name)]));
  const workspace = resolve(env['GITHUB_WORKSPACE'] ?? '.');
  const config = readConfig(raw, locateConfig(workspace, getInput('config')));
  const event = readEvent(env['GITHUB_EVENT_NAME'] ?? '', readEventPayload(env));
  const token = getInput('github-token');
  return {
    mode: readMode(raw),
    install: readInstall(raw),
    config: { ...config, outputDir: resolve(workspace, config.outputDir) },
    event,
    workspace,
    workDir: resolve(workspace, config.workDir ?? env['RUNNER_TEMP'] ?? tmpdir()),
    cacheDir: resolve(workspace, config.cacheDir ?? defaultCacheDir(env)),
    token,
    reproduce: reproduceOptions(raw, { hideText: true }),
    comment: config.comment.post
      ? destinationOf(env, token, pullRequestNumber(event, getInput('pr-number')))
      : undefined,
  };
}

function defaultCacheDir(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'snapgate');
}

function readEventPayload(env: NodeJS.ProcessEnv): string {
  const path = env['GITHUB_EVENT_PATH'];
  if (path === undefined) {
    throw new SnapgateError(
      'usage',
      'GITHUB_EVENT_PATH is not set: this is not a run on a GitHub Actions runner',
      'On a terminal, use the command: npx snapgate --help.',
    );
  }
  return readFileSync(path, 'utf8');
}

function pullRequestNumber(event: TriggerEvent, given: string): number | undefined {
  if (event.name === 'pull_request') return event.number;
  if (given === '') return undefined;
  if (/^[1-9]\d{0,8}$/.test(given)) return Number(given);
  throw new SnapgateError(
    'usage',
    `pr-number: ${JSON.stringify(given.slice(0, 60))} is not the number of a pull request`,
    'Write digits only.',
  );
}

function destinationOf(
  env: NodeJS.ProcessEnv,
  token: string,
  number: number | undefined,
): CommentDestination | undefined {
  const [owner, repo] = (env['GITHUB_REPOSITORY'] ?? '').split('/');
  if (number === undefined || !owner || !repo) return undefined;
  return { apiUrl: env['GITHUB_API_URL'] ?? 'https://api.github.com', token, owner, repo, number };
}
