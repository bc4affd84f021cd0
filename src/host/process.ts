import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { errnoOf, SnapgateError } from './error.ts';
import type { Run } from './run.ts';

/** How much of a process's output is kept: its end. */
const keptBytes = 64 * 1024;

/** Names of variables that a child never inherits: nothing that snapgate starts needs a token. */
const secretName = [
  /TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIAL|APIKEY/i,
  // Whole words between underscores: PATH, KEYBOARD, AUTHOR and PWD are none of them.
  /(^|_)(KEYS?|PATS?|AUTH|PASS|PASSWD|CREDS?|DSN|COOKIES?)(_|$)|._PWD$/i,
  // An address that as a rule has a password in it.
  /(^|_)(DATABASE|DB|POSTGRES(QL)?|PG|MYSQL|MONGO(DB)?|REDIS|AMQP|RABBITMQ)_(URL|URI)$|CONNECTION_?STRING/i,
  /^(ACTIONS_|INPUT_|GITHUB_(ENV|OUTPUT|PATH|STATE|STEP_SUMMARY)$)/i,
];

/** The environment of every child: the caller's without its tokens, with the run's id by which clean-up finds it. */
export function childEnvironment(run: Pick<Run, 'id'>, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !secretName.some((pattern) => pattern.test(name)),
  );
  return { ...Object.fromEntries(kept), PATH: searchPath(), ...more, SNAPGATE_RUN_ID: run.id };
}

/** Where commands are looked for: the caller's PATH, then where Debian keeps mke2fs, which an ordinary user's PATH leaves out. */
function searchPath(): string {
  const dirs = (process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin').split(':');
  const more = ['/usr/sbin', '/sbin'].filter((dir) => !dirs.includes(dir));
  return [...dirs, ...more].join(':');
}

/**
 * Starts a process that dies with this one: the kernel sends it SIGKILL when snapgate ends, however it ends (PR_SET_PDEATHSIG,
 * by util-linux's setpriv, which every Debian has).
 */
export function startProcess(
  run: Run,
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): ChildProcess {
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
    ...options,
    env: childEnvironment(run, options.env),
  });
}

/** In the environment of commands with `graceMs`, with the run's id: whoever closes the run waits for them a little. */
export const graceMark = 'SNAPGATE_GRACE';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Written to its standard input, which is empty otherwise. */
  readonly input?: string | Uint8Array;
  readonly timeoutMs?: number;
  /** For a command that undoes what it did to the machine: how long it may take after SIGINT, before it is killed. */
  readonly graceMs?: number;
  /** Called with each chunk of stdout instead of keeping it. */
  readonly onStdout?: (chunk: Buffer) => void;
}

export interface CommandResult {
  /** Exit status; 128 + signal number is not used: see `signal`. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whole stdout, unless `onStdout` took it. */
  readonly stdout: string;
  /** The last lines of stdout and stderr together, as they came; untrusted. */
  readonly tail: readonly string[];
  readonly timedOut: boolean;
}

/** Runs a command to its end, without a shell. Never throws for its exit status; a command that is not there is a SnapgateError. */
export async function runCommand(
  run: Run,
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  run.signal.throwIfAborted();
  const child = startProcess(run, command, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...options.env, ...(options.graceMs === undefined ? {} : { [graceMark]: run.id }) },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const output = collectOutput(child, options.onStdout);
  const ended = waitForExit(child);
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.input);
  let timedOut = false;
  let killTimer: NodeJS.Timeout | undefined;
  const stop = () => {
    if (options.graceMs === undefined) return killGroup(child);
    if (killTimer !== undefined) return;
    // Once only: a second one is often taken as impatience.
    signalGroup(child, 'SIGINT');
    killTimer = setTimeout(() => killGroup(child), options.graceMs);
  };
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          stop();
        }, options.timeoutMs);
  run.signal.addEventListener('abort', stop, { once: true });
  child.once('exit', () => setTimeout(() => letGo(child), heldOutputMs).unref());
  try {
    const { code, signal } = await ended;
    run.signal.throwIfAborted();
    const result = { code, signal, timedOut, ...output() };
    if (code === 127 && result.tail.some((line) => line.startsWith('setpriv: failed to execute')))
      throw missingCommand(command);
    return result;
  } finally {
    clearTimeout(timer);
    clearTimeout(killTimer);
    run.signal.removeEventListener('abort', stop);
  }
}

/** Runs a command that must exit 0; its whole stdout. The error shows its last lines. */
export async function mustRun(
  run: Run,
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await runCommand(run, command, args, options);
  if (result.code === 0) return result.stdout;
  throw new SnapgateError(
    'host',
    `${command} ${result.timedOut ? 'took too long' : endOf(result)}`,
    `Its last lines say why. The command was: ${[command, ...args].join(' ')}`,
    {
      details: { title: `last lines of ${command}`, lines: result.tail.slice(-40) },
    },
  );
}

/** How a process ended, as what follows its name in a sentence. */
export function endOf(ended: { readonly code: number | null; readonly signal: string | null }): string {
  return ended.signal === null ? `exited ${ended.code}` : `was ended by ${ended.signal}`;
}

/** How long a process that a command left behind may hold the command's output open. */
const heldOutputMs = 2_000;

/** Ends the wait for the output of a command that is over: a daemon of a build's would hold it for good. */
function letGo(child: ChildProcess): void {
  for (const stream of [child.stdout, child.stderr]) stream?.destroy();
}

/** Ends a child and all its descendants of the same group. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  for (const target of [-child.pid, child.pid]) signalQuietly(target, 'SIGKILL');
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid !== undefined) signalQuietly(-child.pid, signal);
}

function signalQuietly(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}

export function waitForExit(
  child: ChildProcess,
): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(errnoOf(error) === 'ENOENT' ? missingCommand('setpriv') : error));
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

function missingCommand(command: string): SnapgateError {
  return new SnapgateError(
    'host',
    `the command ${command} is not on this machine`,
    `Install it: ${packageOf(command)}.`,
    { ofMachine: true },
  );
}

const debianPackages: Readonly<Record<string, string>> = {
  'qemu-system-x86_64': 'qemu-system-x86',
  'qemu-img': 'qemu-utils',
  mke2fs: 'e2fsprogs',
  debugfs: 'e2fsprogs',
  e2fsck: 'e2fsprogs',
  resize2fs: 'e2fsprogs',
  fakeroot: 'fakeroot',
  cpio: 'cpio',
  busybox: 'busybox-static',
  modprobe: 'kmod',
  depmod: 'kmod',
  zstd: 'zstd',
  xz: 'xz-utils',
  setpriv: 'util-linux',
  perl: 'perl-base',
  buildah: 'buildah',
  newuidmap: 'uidmap',
  git: 'git',
};

/** Whether a command is where `searchPath` looks. */
export function hasCommand(name: string): boolean {
  return findCommand(name) !== undefined;
}

/** The path of a command, where `searchPath` looks; undefined: it is not there. */
export function findCommand(name: string): string | undefined {
  return searchPath()
    .split(delimiter)
    .map((dir) => join(dir, name))
    .find(isExecutable);
}

/** Whether there is a file at a path that this user may execute. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The Debian packages of those commands that are not on this machine. */
export function missingPackages(commands: readonly string[]): string[] {
  const missing = commands.filter((command) => !hasCommand(command));
  return [...new Set(missing.map((command) => debianPackages[command] ?? command))];
}

/** What to type on Debian and Ubuntu for a missing command. */
export function packageOf(command: string): string {
  const name = debianPackages[command];
  return name === undefined
    ? `a package that holds ${command}`
    : `sudo apt-get install -y --no-install-recommends ${name}`;
}

function collectOutput(child: ChildProcess, onStdout: ((chunk: Buffer) => void) | undefined) {
  const stdout: Buffer[] = [];
  let tail = Buffer.alloc(0);
  const keepTail = (chunk: Buffer) => {
    const joined = Buffer.concat([tail, chunk]);
    tail = joined.subarray(Math.max(0, joined.length - keptBytes));
  };
  child.stdout?.on('data', (chunk: Buffer) => {
    if (onStdout) onStdout(chunk);
    else {
      stdout.push(chunk);
      keepTail(chunk);
    }
  });
  child.stderr?.on('data', keepTail);
  return () => ({
    stdout: Buffer.concat(stdout).toString('utf8'),
    tail: tail
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== ''),
  });
}
