import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { oneWarning } from '../baseline/one-warning.ts';
import { errnoOf, isInterruption, SnapgateError } from '../host/error.ts';
import { printable } from '../host/printable.ts';
import { type CommandResult, runCommand } from '../host/process.ts';
import type { Run } from '../host/run.ts';
import { formatBytes } from '../host/units.ts';
import { maxRecordBytes } from '../measure/parse.ts';
import { type CacheAnswer, type CacheRequest, cacheAnswerSchema } from './cache-call.ts';

export interface CacheOptions {
  /** What starts `src/cache.ts`, or what is built of it: the path of node, and that of the script. */
  readonly command: readonly [string, ...string[]];
  /** The runner's variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Limit of one call, in ms. */
  readonly timeoutMs?: number;
}

export interface CacheEntry {
  readonly kind: 'entry';
  readonly key: string;
  readonly text: string;
}

/** `trouble`: whether there is something is not known. */
export type Restored = CacheEntry | { readonly kind: 'nothing' } | { readonly kind: 'trouble' };

/** The cache of GitHub Actions: texts by key. It never throws, but for the end of the run; its first trouble is one warning. */
export interface Cache {
  /** The newest entry of the first key that has one: a key is looked for whole, then as the beginning of others. At most ten keys. */
  restore(keys: readonly string[]): Promise<Restored>;
  /** Keeps a text under a key. Where there is one already, that one stays, and nothing is said. */
  save(key: string, text: string): Promise<void>;
}

/**
 * The cache by `@actions/cache`, each call in a process of its own, for four reasons. The library is told by variables where it is, and
 * archives paths below the workspace: here the workspace is a folder of this call, not the user's. It writes annotations, retries for
 * as long as it likes, and leaves connections open: here its output is read by us, and the process is killed when its time is over. And
 * what it restores is another run's: see `confinement`.
 */
export function openCache(run: Run, options: CacheOptions): Cache {
  const ask = asking(run, options);
  const warn = oneWarning(run.log);
  return {
    restore: (keys) => inFolder(run, (folder) => restore(ask, warn, folder, keys)),
    save: (key, text) => inFolder(run, (folder) => save(ask, warn, folder, key, text)),
  };
}

/** Undefined when the service is not asked, for it has failed before. */
type Ask = (folder: string, request: CacheRequest) => Promise<CacheAnswer | undefined>;

async function restore(
  ask: Ask,
  warn: (message: string) => void,
  folder: string,
  keys: readonly string[],
): Promise<Restored> {
  const answer = await ask(folder, { call: 'restore', file: recordFile, keys: [...keys] });
  if (answer?.outcome === 'nothing') return { kind: 'nothing' };
  if (answer?.outcome !== 'restored' && answer?.outcome !== 'unreadable') return { kind: 'trouble' };
  const text = answer.outcome === 'restored' ? readRecord(join(folder, recordFile)) : undefined;
  if (answer.outcome === 'restored' && text !== undefined) return { kind: 'entry', key: answer.key, text };
  warn(
    `An entry of the cache under ${keys[0]} is ignored: it is damaged, or not one record of at most ${formatBytes(maxRecordBytes)}. It can be deleted under Actions, Caches in the repository.`,
  );
  return { kind: 'nothing' };
}

async function save(
  ask: Ask,
  warn: (message: string) => void,
  folder: string,
  key: string,
  text: string,
): Promise<void> {
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxRecordBytes) {
    writeFileSync(join(folder, recordFile), text);
    await ask(folder, { call: 'save', file: recordFile, key });
  } else warn(`A record of ${formatBytes(bytes)} is too large for the cache and is not kept.`);
}

/** Asks the service. One that failed is not asked again in this direction, and waited for a short time in the other. */
function asking(run: Run, options: CacheOptions): Ask {
  const warn = oneWarning(run.log);
  const gone = new Set<CacheRequest['call']>();
  let { timeoutMs = usualTimeoutMs } = options;
  return async (folder, request) => {
    if (gone.has(request.call)) return undefined;
    const answer = await callCache(run, { ...options, timeoutMs }, folder, request);
    if (!('reason' in answer)) return answer;
    gone.add(request.call);
    if (answer.outcome === 'failed') timeoutMs = Math.min(timeoutMs, impatientMs);
    if (answer.outcome !== 'unavailable') warn(explain(request.call, answer.outcome, answer.reason));
    else {
      gone.add('restore').add('save');
      run.log.info(`No measurements are kept in the cache of GitHub Actions: ${oneLine(answer.reason)}.`);
    }
    return answer;
  };
}

const mebi = 1024 ** 2;

/** The one path in an entry, which is part of what the service finds it by: the same on every runner. */
const recordFile = 'snapgate-record.json';

/** The library tries five times within some 30 s. */
const usualTimeoutMs = 45_000;
/** Of a service that has failed in the other direction. */
const impatientMs = 15_000;

async function inFolder<T>(run: Run, job: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(run.dir, 'cache-'));
  try {
    return await job(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function callCache(
  run: Run,
  { command, env, timeoutMs }: CacheOptions & { readonly timeoutMs: number },
  folder: string,
  request: CacheRequest,
): Promise<CacheAnswer> {
  const [program, args] = confinement(command);
  const options = {
    cwd: folder,
    env: environment(env, folder),
    input: JSON.stringify(request),
    timeoutMs,
  };
  try {
    const result = await runCommand(run, program, args, options);
    return readAnswer(result) ?? { outcome: 'failed', reason: endOf(result, timeoutMs) };
  } catch (error) {
    if (!(error instanceof SnapgateError) || isInterruption(error)) throw error;
    return { outcome: 'failed', reason: error.message };
  }
}

/**
 * No process of a call may write a file that is larger than a record (setrlimit(2), RLIMIT_FSIZE), whatever an archive unpacks to. And tar,
 * which the library runs with -P, writes every member of an archive to the one path that is asked for, whatever its name (`TAR_OPTIONS` of
 * GNU tar, in `environment`). An archive comes from a run that could write to the same cache: GitHub keeps those of a pull request from
 * all others, and one that a run of the same branch has forged can hold wrong numbers, which is for the record's reader to find.
 */
function confinement(command: readonly string[]): [string, readonly string[]] {
  return ['prlimit', [`--fsize=${maxRecordBytes + mebi}`, '--', ...command]];
}

function environment(env: CacheOptions['env'], folder: string): NodeJS.ProcessEnv {
  const temporary = join(folder, 'temporary');
  mkdirSync(temporary);
  const names = [
    'ACTIONS_CACHE_MODE',
    'ACTIONS_CACHE_SERVICE_V2',
    'ACTIONS_CACHE_URL',
    'ACTIONS_RESULTS_URL',
    'ACTIONS_RUNTIME_TOKEN',
    'GITHUB_SERVER_URL',
  ];
  return {
    ...Object.fromEntries(names.map((name) => [name, env[name]])),
    GITHUB_WORKSPACE: folder,
    RUNNER_TEMP: temporary,
    // Debugging would list archives, which is one more program that reads them.
    RUNNER_DEBUG: undefined,
    NODE_OPTIONS: undefined,
    TAR_OPTIONS: `--transform=s,.*,${recordFile},`,
  };
}

function readAnswer({ code, stdout }: CommandResult): CacheAnswer | undefined {
  if (code !== 0) return undefined;
  try {
    return cacheAnswerSchema.parse(JSON.parse(stdout));
  } catch {
    return undefined;
  }
}

function endOf({ timedOut, code, signal, tail }: CommandResult, timeoutMs: number): string {
  if (timedOut) return `no answer within ${timeoutMs / 1000} s`;
  return `its process ended with ${signal ?? code}: ${tail.at(-1) ?? 'it said nothing'}`;
}

function readRecord(path: string): string | undefined {
  try {
    const status = lstatSync(path);
    return status.isFile() && status.size <= maxRecordBytes ? readFileSync(path, 'utf8') : undefined;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

function explain(call: CacheRequest['call'], outcome: 'denied' | 'failed', reason: string): string {
  const lost =
    call === 'restore' ? 'stored measurements are not used' : 'nothing of this run is kept for others';
  const cause = outcome === 'denied' ? 'may not be used by this run' : 'failed';
  const remedy =
    outcome === 'denied'
      ? 'What a run may do with it is up to the event, `cache-mode` and the settings of the repository; no permission of the job adds to it.'
      : 'It needs no permission of the job; where this lasts, see the status of GitHub Actions, or keep measurements on a branch with `baseline-branch`.';
  return `The cache of GitHub Actions ${cause} (${oneLine(reason)}): ${lost}. The verdict stands. ${remedy}`;
}

/** What the library said, without what signs an address. */
function oneLine(reason: string): string {
  const line = reason.split(/[\r\n]/, 1)[0] ?? '';
  return printable(line.replaceAll(/\?[^\s'"]*/g, ''), 300);
}
