import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from '../../host/cleanup.ts';
import { messageOf } from '../../host/error.ts';
import { endMarkedProcesses } from '../../host/marked.ts';
import { killGroup, startProcess, waitForExit } from '../../host/process.ts';
import type { Run } from '../../host/run.ts';
import { userShell } from '../../host/shell.ts';
import type { CommandSettings } from '../settings.ts';
import { type CommandName, environmentOf, type Values } from './environment.ts';
import { accessFailure, type Ended, failureOf } from './failure.ts';
import { type OutputLog, openOutputLog } from './output-log.ts';

/** Where the machines of one boot are: one after another, at the same paths, which may be in a snapshot. */
export interface BootHome {
  readonly dir: string;
  readonly checkout: string;
  /** What every command of this boot is told. */
  readonly values: Values;
}

export const workDirOf = (home: BootHome): string => join(home.dir, 'work');
export const outDirOf = (home: BootHome): string => join(home.dir, 'out');

/** What the commands of one machine, from its start to its end, have in common. */
export interface Machine {
  /**
   * Runs a command to its end. What it leaves running stays until the end of the machine.
   *
   * @throws SnapgateError `guest` or `scenario` unless it exits 0
   */
  command(name: 'prepare' | 'resume' | 'pause', values: Values, scenario?: string): Promise<Ended>;
}

export interface Commands {
  readonly run: Run;
  readonly settings: CommandSettings;
}

/**
 * Makes a boot's folder. From here on whoever closes the run ends the boot's machine too, by the cleanup-command, if there is one then.
 * Short, since sockets' paths are: 107 bytes.
 */
export function openHome({ run, settings }: Commands, checkout: string, values: Values): BootHome {
  const dir = mkdtempSync(join(run.dir, 'b-'));
  const own: Values = {
    ...values,
    SNAPGATE_ID: `snapgate-${run.id.slice(0, 8)}-${dir.slice(-6)}`,
    SNAPGATE_CHECKOUT: checkout,
    SNAPGATE_WORK: join(dir, 'work'),
    SNAPGATE_OUT: join(dir, 'out'),
  };
  const home: BootHome = { dir, checkout, values: own };
  if (settings.cleanup !== undefined) {
    const shell = userShell();
    run.ledger.add({
      kind: 'cleanup-command',
      work: workDirOf(home),
      cwd: checkout,
      command: shell.command,
      args: shell.argumentsFor(settings.cleanup),
      env: environmentOf('cleanup', own),
      timeoutMs: settings.timeoutMs,
    });
  }
  return home;
}

/**
 * Gives `use` a machine of the boot's, and ends it: by the cleanup-command, and by SIGKILL to all that its commands have left running.
 * `measure` then finds in the boot's `out` what they have left, and nobody writes to it any more. Folders are removed in the end.
 *
 * @throws SnapgateError `guest` or `scenario` where a command fails, the first of them, or leaves what this user may not read or remove
 */
export async function withMachine<T, R>(
  commands: Commands,
  home: BootHome,
  use: (machine: Machine) => Promise<T>,
  measure: (used: T) => Promise<R>,
): Promise<R> {
  const { run } = commands;
  const [work, out] = [workDirOf(home), outDirOf(home)];
  for (const dir of [work, out]) mkdirSync(dir, { mode: 0o700 });
  const output = openOutputLog(join(home.dir, 'output'), run.log);
  const close = () => {
    output.close();
    rmSync(join(home.dir, 'output'), { force: true });
    // What is still there is for whoever closes the run, which is over.
    if (run.signal.aborted) return;
    for (const dir of [work, out]) removeTree(dir, run.id);
  };
  let measured: R;
  try {
    measured = await measure(await useAndEnd(commands, home, output, use));
  } catch (error) {
    closeAfter(close, run, home);
    throw accessFailure(error, home.dir);
  }
  try {
    close();
  } catch (error) {
    throw accessFailure(error, home.dir);
  }
  return measured;
}

/** The first error is what is said. */
function closeAfter(close: () => void, run: Run, home: BootHome): void {
  try {
    close();
  } catch (error) {
    run.log.warning(`${messageOf(accessFailure(error, home.dir))}, after another error`);
  }
}

async function useAndEnd<T>(
  commands: Commands,
  home: BootHome,
  output: OutputLog,
  use: (machine: Machine) => Promise<T>,
): Promise<T> {
  const { run, settings } = commands;
  const machine: Machine = {
    command: (name, values, scenario) =>
      mustEndWell(commands, home, output, { name, line: settings[name], values, scenario }),
  };
  let used: T;
  try {
    used = await use(machine);
  } catch (error) {
    await cleanUp(commands, home, output).catch((second: unknown) => {
      if (!run.signal.aborted) run.log.warning(`${messageOf(second)}, after another command had failed`);
    });
    throw error;
  }
  await cleanUp(commands, home, output);
  return used;
}

/** The cleanup-command, and then whatever is left. */
async function cleanUp(commands: Commands, home: BootHome, output: OutputLog): Promise<void> {
  commands.run.signal.throwIfAborted();
  const line = commands.settings.cleanup;
  try {
    if (line !== undefined) await mustEndWell(commands, home, output, { name: 'cleanup', line, values: {} });
  } finally {
    if (!commands.run.signal.aborted) endMarkedProcesses('SNAPGATE_WORK', workDirOf(home));
  }
}

interface Step {
  readonly name: CommandName;
  readonly line: string;
  readonly values: Values;
  readonly scenario?: string | undefined;
}

async function mustEndWell(
  commands: Commands,
  home: BootHome,
  output: OutputLog,
  step: Step,
): Promise<Ended> {
  const ended = await runStep(commands, home, output, step);
  const failure = failureOf(ended);
  if (failure !== undefined) throw failure;
  return ended;
}

async function runStep(
  { run, settings }: Commands,
  home: BootHome,
  output: OutputLog,
  { name, line, values, scenario }: Step,
): Promise<Ended> {
  run.signal.throwIfAborted();
  output.begin();
  const shell = userShell();
  const begin = performance.now();
  const child = startProcess(run, shell.command, shell.argumentsFor(line), {
    cwd: home.checkout,
    env: environmentOf(name, { ...home.values, ...values }),
    stdio: ['ignore', output.fd, output.fd],
    // A group of its own, which is what the limit ends; what it has started before is not in it.
    detached: true,
  });
  let limitMs: number | undefined;
  const stop = () => killGroup(child);
  const timer = setTimeout(() => {
    limitMs = settings.timeoutMs;
    stop();
  }, settings.timeoutMs);
  run.signal.addEventListener('abort', stop, { once: true });
  try {
    const { code: status, signal } = await waitForExit(child);
    run.signal.throwIfAborted();
    return {
      command: name,
      scenario,
      status,
      signal,
      limitMs,
      tookMs: performance.now() - begin,
      lines: output.lines(),
    };
  } finally {
    clearTimeout(timer);
    run.signal.removeEventListener('abort', stop);
  }
}
