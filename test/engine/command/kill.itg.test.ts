import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from '../../baseline/repository.ts';
import { run } from '../../cli/shell.ts';
import { allProcesses, processesOf, type RunProcess } from '../../e2e/leftovers.ts';
import { stillCommands } from './bench.ts';

const root = join(import.meta.dirname, '../../..');

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
/** snapgates that a test which failed has left running. */
const started: ChildProcess[] = [];
afterEach(() => {
  for (const main of started.splice(0)) main.kill('SIGKILL');
  for (const { pid } of daemons()) process.kill(pid, 'SIGKILL');
  folder[Symbol.dispose]();
});

/** A machine in the background that a file stands for, and a daemon that the run's marks are not on. */
const resume = `${stillCommands.resume}; sleep 601 & env -i sleep ${marker()} & echo $! >daemon; touch resumed`;

/** Seconds of a sleep that nothing else on this machine sleeps. */
function marker(): number {
  return 1_000_000 + process.pid;
}

function options(more: Readonly<Record<string, string>> = {}): string[] {
  const settings = {
    engine: 'command',
    'prepare-command': stillCommands.prepare,
    'resume-command': resume,
    'pause-command': stillCommands.pause,
    'cleanup-command':
      'echo "$SNAPGATE_ID" >>cleaned; if [ -e daemon ]; then kill "$(cat daemon)"; rm daemon; fi',
    'memory-size': '64MiB',
    scenarios: 'idle-5s',
    boots: '1',
    cycles: '1',
    warmup: '0',
    'work-dir': join(folder.path, 'work'),
    'cache-dir': join(folder.path, 'cache'),
    ...more,
  };
  return ['measure', ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])];
}

/** snapgate in a process of its own, in the middle of a cycle. */
async function startInCycle(
  cwd: string,
): Promise<{ main: ChildProcess; ended: Promise<number | null>; runId: string }> {
  mkdirSync(cwd);
  const main = spawn(process.execPath, [join(root, 'src/cli.ts'), ...options()], { cwd, stdio: 'ignore' });
  started.push(main);
  const ended = new Promise<number | null>((resolve) => main.once('exit', (code) => resolve(code)));
  while (!existsSync(join(cwd, 'resumed'))) {
    if (main.exitCode !== null) throw new Error(`snapgate ended before a cycle, with ${main.exitCode}`);
    await delay(20);
  }
  const [name = ''] = readdirSync(join(folder.path, 'work'));
  return { main, ended, runId: name.replace('snapgate-run-', '') };
}

/** Processes of the run, and the daemon. */
function left(runId: string): string[] {
  return [...processesOf(runId), ...daemons()].map(({ command }) => command);
}

function daemons(): RunProcess[] {
  return allProcesses().filter(({ command }) => command.startsWith(`sleep ${marker()}`));
}

it.each(['SIGTERM', 'SIGINT'] as const)(
  '%s in a cycle: the cleanup-command runs, and nothing is left',
  async (signal) => {
    const cwd = join(folder.path, 'checkout');
    const { main, ended, runId } = await startInCycle(cwd);
    expect(left(runId)).not.toEqual([]);
    main.kill(signal);
    expect(await ended).toBe(75);
    expect(left(runId)).toEqual([]);
    // Once after the boot, and once for the machine that was there.
    expect(readFileSync(join(cwd, 'cleaned'), 'utf8')).toMatch(/^(snapgate-\w{8}-\w{6})\n\1\n$/);
    expect(readdirSync(join(folder.path, 'work'))).toEqual([]);
  },
);

it('kill -9 in a cycle: the next run with the same work-dir cleans up, before its own', async () => {
  const cwd = join(folder.path, 'checkout');
  const { main, ended, runId } = await startInCycle(cwd);
  main.kill('SIGKILL');
  expect(await ended).toBe(null);
  expect(left(runId)).not.toEqual([]);
  const next = await run(options({ 'prepare-command': 'cat cleaned; exit 3', scenarios: 'pause' }), { cwd });
  expect(next.status).toBe(68);
  expect(next.stderr).toMatch(/^ {2}\| (snapgate-\w{8}-\w{6})\n {2}\| \1\n/m);
  expect(left(runId)).toEqual([]);
  expect(readdirSync(join(folder.path, 'work'))).toEqual([]);
});

it('what a command puts out cannot drive a terminal or the runner', async () => {
  const cwd = join(folder.path, 'checkout');
  mkdirSync(cwd);
  const hostile = String.raw`printf '\033]0;owned\007\033[2J::error::owned\r\n\342\200\256desrever\n::set-output name=x::y\n'`;
  const { status, stdout, stderr } = await run(
    options({ 'prepare-command': `${hostile}; exit 3`, 'cleanup-command': hostile }),
    { cwd },
  );
  expect([status, stdout]).toEqual([68, '']);
  expect(stderr).toContain('prepare-command exited 3');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
  expect(stderr).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(stderr).not.toMatch(/^::/m);
  expect(stderr).toContain('::error::owned');
});
