import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cloudEnvironment, removeFromBucket } from './cloud-environment.ts';
import { errnoOf } from './error.ts';
import { openFolder } from './folder.ts';
import { gitSafety } from './git-safety.ts';
import { openLedger, type Resource, readLedger } from './ledger.ts';
import { awaitMarkedProcesses, endMarkedProcesses } from './marked.ts';
import { putBack } from './moved.ts';
import { childEnvironment, graceMark } from './process.ts';
import type { Log, Run } from './run.ts';

const runPrefix = 'snapgate-run-';
const ledgerFile = 'ledger.jsonl';
const ownerFile = 'owner';

/** Makes the folder and ledger of a new run below `workDir`, after removing what dead runs left there. */
export function openRun(workDir: string, cacheDir: string, log: Log, signal: AbortSignal): Run {
  const parent = openFolder(workDir, 'work-dir');
  const cache = openFolder(cacheDir, 'cache-dir');
  sweepDeadRuns(parent, log);
  const id = randomUUID();
  const dir = join(parent, `${runPrefix}${id}`);
  mkdirSync(dir, { mode: 0o700 });
  writeFileSync(join(dir, ownerFile), `${process.pid} ${startTimeOf(process.pid) ?? ''}`);
  return { id, dir, cacheDir: cache, log, signal, ledger: openLedger(join(dir, ledgerFile)) };
}

/** Removes everything that a run made, in the reverse of the order it was made in. Safe to call twice, and after a SIGKILL of the run. */
export function closeRun(dir: string): void {
  const id = dir.slice(dir.lastIndexOf(runPrefix) + runPrefix.length);
  awaitMarkedProcesses(graceMark, id, graceLimitMs);
  endProcessesOfRun(id);
  const resources = readLedger(join(dir, ledgerFile));
  removeBucketFolders(foldersInBuckets(resources), id);
  for (const resource of resources) removeResource(resource, id);
  if (resources.some(({ kind }) => kind === 'cleanup-command')) endProcessesOfRun(id);
  removeTree(dir, id);
}

/** As `closeRun`; what cannot be removed, such as files of another user's, is said, and hides no error of the job's: the next run tries again. */
export function closeOrSay(dir: string, log: Log, whose = 'this run'): void {
  try {
    closeRun(dir);
  } catch (error) {
    log.warning(`What ${whose} left in ${dir} cannot be removed (${errnoOf(error) ?? error}).`);
  }
}

/** For commands that were told to end and undo what they did; a cancelled job of GitHub's has 7.5 s before its next signal. */
const graceLimitMs = 5000;

function endProcessesOfRun(id: string): void {
  endMarkedProcesses('SNAPGATE_RUN_ID', id);
}

/** Runs whose owner is gone (a SIGKILL, a power cut) are closed by the next run on the machine. */
function sweepDeadRuns(workDir: string, log: Log): void {
  for (const name of readdirSync(workDir)) {
    if (!name.startsWith(runPrefix)) continue;
    const dir = join(workDir, name);
    if (isOwn(dir) && !ownerLives(dir)) closeOrSay(dir, log, 'a run that was killed');
  }
}

/** In a folder that others may write to, such as /tmp, anybody can put one of that name, with a ledger that names any file. */
function isOwn(dir: string): boolean {
  const stat = lstatSync(dir, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && stat.uid === process.getuid?.();
}

function ownerLives(dir: string): boolean {
  try {
    const [pid, started] = readFileSync(join(dir, ownerFile), 'utf8').split(' ');
    return startTimeOf(Number(pid)) === started;
  } catch (error) {
    // Another user's run, or one that is being made this instant.
    return errnoOf(error) === 'EACCES' || errnoOf(error) === 'ENOENT';
  }
}

/** Start time of a process in clock ticks since boot (proc(5), field 22), which tells a pid from its reuse. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** A command of the clean-up, which gets no token either; whether it exited 0, about which mostly nothing could be done. */
function runQuietly(
  id: string,
  command: string,
  args: readonly string[],
  options: Pick<SpawnSyncOptions, 'cwd' | 'env' | 'timeout' | 'killSignal'> = {},
): boolean {
  const env = childEnvironment({ id }, options.env);
  return spawnSync(command, args, { timeout: 60_000, ...options, stdio: 'ignore', env }).status === 0;
}

function removeResource(resource: Resource, id: string): void {
  switch (resource.kind) {
    case 'bucket-folder':
      return;
    case 'path':
      removeTree(resource.path, id);
      return;
    case 'moved':
      putBack(resource);
      return;
    case 'worktree':
      removeTree(resource.path, id);
      runQuietly(id, 'git', [...gitSafety, '-C', resource.repository, ...forgetWorktree(resource.path)], {
        timeout: 30_000,
      });
      return;
    case 'buildah-build':
      endBuildahBuild(resource, id);
      return;
    case 'cleanup-command':
      runCleanupCommand(resource, id);
  }
}

/** Arguments of git that let it forget one worktree, whose folder may be gone already, or be locked by a git that was killed. */
export function forgetWorktree(path: string): readonly string[] {
  return ['worktree', 'remove', '--force', '--force', path];
}

/** Those that are not known to be gone already. */
function foldersInBuckets(resources: readonly Resource[]): string[] {
  const known = resources.flatMap((resource) => (resource.kind === 'bucket-folder' ? [resource] : []));
  const gone = new Set(known.flatMap(({ url, gone: isGone }) => (isGone ? [url] : [])));
  return [...new Set(known.map(({ url }) => url))].filter((url) => !gone.has(url));
}

/** Many addresses in one call, which takes seconds; one that is not there may keep it from the others, which then come one by one. */
function removeBucketFolders(urls: readonly string[], id: string): void {
  const deadline = Date.now() + bucketLimitMs;
  for (let at = 0; at < urls.length; at += urlsAtOnce) {
    const part = urls.slice(at, at + urlsAtOnce);
    if (removeAtOnce(part, id, deadline)) continue;
    for (const url of part) removeAtOnce([url], id, deadline);
  }
}

const urlsAtOnce = 100;
const bucketLimitMs = 300_000;

function removeAtOnce(urls: readonly string[], id: string, deadline: number): boolean {
  const leftMs = deadline - Date.now();
  if (leftMs <= 0) return false;
  const [command, ...words] = removeFromBucket();
  return runQuietly(id, command, [...words, ...urls], { timeout: leftMs, env: cloudEnvironment() });
}

/** A build may leave folders that their owner may not write to (Go's module cache) or look into. Throws the system's error for another's. */
export function removeTree(path: string, id: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error;
    runQuietly(id, 'chmod', ['-R', 'u+rwX', '--', path]);
    rmSync(path, { recursive: true, force: true });
  }
}

/** Unless the run has done so itself: the folder goes with it. */
function runCleanupCommand(
  { work, cwd, command, args, env, timeoutMs }: Extract<Resource, { kind: 'cleanup-command' }>,
  id: string,
): void {
  if (!existsSync(work)) return;
  runQuietly(id, command, args, {
    cwd: existsSync(cwd) ? cwd : work,
    env,
    timeout: Math.min(timeoutMs, 60_000),
    killSignal: 'SIGKILL',
  });
}

/** While no other run builds in the same storage: what is left there is then of builds that were killed. */
function endBuildahBuild(
  { root, runRoot, temporaryDir }: Extract<Resource, { kind: 'buildah-build' }>,
  id: string,
): void {
  if (hasProcessWith(root)) return;
  const storage = ['--root', root, '--runroot', runRoot, '--storage-driver', 'vfs'];
  runQuietly(id, 'buildah', [...storage, 'rm', '--all']);
  // In a user name space its files have ids that only the same name space may remove.
  const remove = ['rm', '-rf', '--', temporaryDir];
  if (process.getuid?.() === 0) rmSync(temporaryDir, { recursive: true, force: true });
  else runQuietly(id, 'buildah', ['unshare', ...remove]);
}

/** Whether `argument` is a word of some process's command line. */
function hasProcessWith(argument: string): boolean {
  const word = Buffer.from(`\0${argument}\0`);
  return readdirSync('/proc').some((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`).includes(word);
    } catch {
      return false;
    }
  });
}
