import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { git } from '../baseline/repository.ts';

/** What a run must not leave behind, in words; empty when it left nothing. */
export function leftoversOf(runId: string, temp: string, workspace: string): string[] {
  return [
    ...processesOf(runId).map(({ pid, command }) => `process ${pid}: ${command}`),
    ...linesWith('/proc/mounts', temp).map((line) => `mount: ${line}`),
    ...linesWith('/proc/net/unix', temp).map((line) => `socket: ${line}`),
    ...loopDevices(temp).map((line) => `loop device: ${line}`),
    ...largeFiles(temp),
    ...otherWorktrees(workspace).map((line) => `worktree: ${line}`),
  ];
}

export interface RunProcess {
  readonly pid: number;
  readonly command: string;
}

/** Processes that carry the run's id in their environment. */
export function processesOf(runId: string): RunProcess[] {
  return allProcesses().filter(({ pid }) =>
    read(`/proc/${pid}/environ`).includes(`SNAPGATE_RUN_ID=${runId}\0`),
  );
}

/** Processes of this machine; what a builder runs in a container has an environment of its own. */
export function allProcesses(): RunProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), command: read(`/proc/${name}/cmdline`).replaceAll('\0', ' ') }));
}

function linesWith(path: string, part: string): string[] {
  return read(path)
    .split('\n')
    .filter((line) => line.includes(part));
}

function loopDevices(part: string): string[] {
  return readdirSync('/sys/block')
    .filter((name) => name.startsWith('loop'))
    .map((name) => read(`/sys/block/${name}/loop/backing_file`).trim())
    .filter((file) => file.includes(part));
}

function largeFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    const path = join(folder, name);
    const status = lstatSync(path);
    if (status.isSocket()) return [`socket: ${path}`];
    return status.isFile() && status.size > 2 ** 20 ? [`file of ${status.size} bytes: ${path}`] : [];
  });
}

function otherWorktrees(workspace: string): string[] {
  const admin = join(workspace, '.git/worktrees');
  const known = existsSync(admin) ? readdirSync(admin) : [];
  return [...git(workspace, 'worktree', 'list').split('\n').slice(1), ...known];
}

/** A file of a process or device that may be gone at any time. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
