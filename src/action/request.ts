import { readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ConfigText, readConfig, readInstall, readMode } from '../config/config.ts';
import { inputs, type Mode } from '../config/inputs.ts';
import { locateConfig } from '../config/locate.ts';
import { reproduceOptions } from '../config/reproduce.ts';
import type { Config, GitHubConfig } from '../config/types.ts';
import { readEvent, type TriggerEvent } from '../github/event.ts';
import { type RunContext, readRunContext } from '../github/run-context.ts';
import { messageOf, SnapgateError } from '../host/error.ts';

/** Everything that the runner asks for: read once, checked, passed down. */
export interface ActionRequest {
  readonly mode: Mode;
  /** Whether to install first what the runner lacks. */
  readonly install: boolean;
  readonly config: Config;
  readonly event: TriggerEvent;
  readonly context: RunContext;
  readonly workspace: string;
  readonly workDir: string;
  readonly cacheDir: string;
  readonly token: string;
  readonly reproduce: readonly string[];
  /** Path of snapgate.yml as it was given; undefined where it is looked for. */
  readonly configPath: string | undefined;
  /** The snapgate.yml that this run goes by; undefined where there is none. */
  readonly configFile: ConfigText | undefined;
  /** The runner's variables, for the services that a library finds by them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The pull request that is told; undefined where there is none. */
  readonly pullRequest: number | undefined;
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
  const configFile = locateConfig(workspace, getInput('config'));
  const config = readConfig(raw, configFile, { fileIsForeign: true });
  const mode = readMode(raw);
  const event = readTrigger(env);
  requireFitting(mode, event, { ...config.github.matrix, side: getInput('side') || undefined });
  return {
    mode,
    install: readInstall(raw),
    config: { ...config, outputDir: resolve(workspace, config.outputDir) },
    event,
    context: readRunContext(env),
    workspace,
    workDir: resolve(workspace, config.workDir ?? env['RUNNER_TEMP'] ?? tmpdir()),
    cacheDir: resolve(workspace, config.cacheDir ?? defaultCacheDir(env)),
    token: getInput('github-token'),
    reproduce: reproduceOptions(raw, { hideText: true }),
    configPath: getInput('config') || undefined,
    configFile,
    env,
    pullRequest: pullRequestNumber(event, getInput('pr-number')),
  };
}

/** What started this run. */
export function readTrigger(env: NodeJS.ProcessEnv): TriggerEvent {
  return readEvent(env['GITHUB_EVENT_NAME'] ?? '', readEventPayload(env));
}

function defaultCacheDir(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'snapgate');
}

function readEventPayload(env: NodeJS.ProcessEnv): string {
  const path = env['GITHUB_EVENT_PATH'];
  if (path === undefined || path === '') {
    throw new SnapgateError(
      'usage',
      'GITHUB_EVENT_PATH is not set: this is not a run on a GitHub Actions runner',
      'On a terminal, use the command: npx snapgate --help.',
    );
  }
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SnapgateError(
      'usage',
      `the event cannot be read: ${messageOf(error)}`,
      'GITHUB_EVENT_PATH must name the file that the runner wrote; in a container of your own, it must be mounted there.',
      { cause: error },
    );
  }
}

type GivenOfMatrix = Pick<GitHubConfig['matrix'], 'entries' | 'entry' | 'shard'> & {
  readonly side: string | undefined;
};

/** Inputs that mean nothing in this mode are a mistake that would be found out late. */
function requireFitting(mode: Mode, event: TriggerEvent, given: GivenOfMatrix): void {
  if (mode === 'comment' && event.name !== 'workflow_run') {
    throw new SnapgateError(
      'usage',
      `mode: comment was run on ${event.name}`,
      'Run it on workflow_run of the workflow that measures; on every other event mode: gate comments itself.',
    );
  }
  const alien = (
    [
      ['entries', 'gate', given.entries],
      ['entry', 'measure', given.entry],
      ['shard', 'measure', given.shard],
      ['side', 'measure', given.side],
    ] as const
  ).find(([, only, text]) => text !== undefined && mode !== only);
  if (alien !== undefined) {
    throw new SnapgateError(
      'usage',
      `${alien[0]} is given in mode: ${mode}`,
      `It belongs to mode: ${alien[1]}: jobs of a matrix measure an entry each, and one job decides on all entries; mode: gate alone measures both sides.`,
    );
  }
  if (given.shard !== undefined && given.entry === undefined)
    throw new SnapgateError('usage', 'shard is given without entry', 'Name the entry that it is a part of.');
}

/**
 * The pull request that is told: of its own event, or what `pr-number` names where the event is about none.
 * @throws SnapgateError('usage') for what is no number, and on an event that tells somebody else or nobody.
 */
export function pullRequestNumber(event: TriggerEvent, given: string): number | undefined {
  const own = event.name === 'pull_request' ? event.number : undefined;
  if (given === '') return own;
  if (!/^[1-9]\d{0,8}$/.test(given))
    throw new SnapgateError(
      'usage',
      `pr-number: ${JSON.stringify(given.slice(0, 60))} is not the number of a pull request`,
      'Write digits only.',
    );
  const isNamed = event.name === 'workflow_dispatch' || event.name === 'workflow_call';
  if (isNamed || Number(given) === own) return Number(given);
  throw new SnapgateError(
    'usage',
    `pr-number is given on ${event.name}`,
    'It is for workflow_dispatch: a pull request is told by its own event, and other events are not about one.',
  );
}
