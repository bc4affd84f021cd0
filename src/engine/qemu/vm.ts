import type { ChildProcess, StdioOptions } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Duplex } from 'node:stream';
import { SnapgateError } from '../../host/error.ts';
import { killGroup, startProcess, waitForExit } from '../../host/process.ts';
import type { Run } from '../../host/run.ts';
import { watchConsole } from '../vm/console-watch.ts';
import { fullDiskError } from '../vm/full-disk.ts';
import { findPanic, guestError, withConsole } from '../vm/guest-failure.ts';
import { createOutputTail, type OutputTail } from '../vm/output-tail.ts';
import { qemuCommand } from '../vm/qemu-command.ts';
import type { RunningVm } from '../vm/running-vm.ts';
import { inherited, qemuArguments, type VmSpec } from './arguments.ts';
import { connectQmp, type Qmp } from './qmp.ts';
import { vmEndError } from './vm-end.ts';

/** A virtual machine in a process of its own. Whoever starts one closes it, in a `finally`. */
export interface Vm extends RunningVm {
  readonly qmp: Qmp;
  /** The guest's first serial line, both ways; what it prints is also kept for `consoleLines`. */
  readonly serial: Duplex;
  /** Stops the guest and saves its devices' state; ms that it took. Memory is then final. */
  pause(statePath: string): Promise<number>;
  /** Ends QEMU and throws unless it has written all of its disk: what it leaves is whole only then. */
  finish(): Promise<void>;
  /** Ends QEMU in any case; safe to call twice, and after the machine's own end. */
  close(): Promise<void>;
}

/** How long QEMU may take to answer or to quit when the guest is stopped. */
const qemuAnswerMs = 60_000;
/** From the end of the agent to the end of a guest that shuts itself down. */
const shutdownMs = 3_000;
/** QEMU misses the description that only a migration ends with. */
const saidAtEachResume = 'Expected vmdescription section';

/** Starts a machine that boots. */
export async function startVm(run: Run, spec: VmSpec): Promise<Vm> {
  run.signal.throwIfAborted();
  const stateFd = spec.statePath === undefined ? undefined : openSync(spec.statePath, 'r');
  try {
    const startedAtMs = performance.now();
    const stdio: StdioOptions = ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', spec.agent ? 'pipe' : 'ignore'];
    if (stateFd !== undefined) stdio[inherited.state] = stateFd;
    const child = startProcess(run, qemuCommand, qemuArguments(spec), { stdio, detached: true });
    return watchVm(run, spec, child, startedAtMs);
  } finally {
    if (stateFd !== undefined) closeSync(stateFd);
  }
}

/** Starts a machine from saved memory and state; resolves when its processors run, with the ms since the start. */
export async function resumeVm(
  run: Run,
  spec: VmSpec & { readonly statePath: string },
): Promise<{ vm: Vm; resumeMs: number }> {
  const vm = await startVm(run, spec);
  try {
    const running = new Promise<number>((resolve) => {
      vm.qmp.onEvent(({ name }) => {
        if (name === 'RESUME') resolve(performance.now() - vm.startedAtMs);
      });
    });
    await vm.guard(vm.qmp.execute('migrate-incoming', { uri: `fd:${inherited.state}` }));
    return { vm, resumeMs: await vm.guard(withLimit(running, qemuAnswerMs, 'resume the guest')) };
  } catch (error) {
    await vm.close();
    throw error;
  }
}

function watchVm(run: Run, spec: VmSpec, child: ChildProcess, startedAtMs: number): Vm {
  const serial = pipeOf(child, inherited.serial);
  const agent = spec.agent ? pipeOf(child, inherited.agent) : undefined;
  const qmp = connectQmp(pipeOf(child, inherited.qmp));
  const console = createOutputTail();
  const stderr = createOutputTail();
  serial.on('data', (chunk: Buffer) => console.add(chunk));
  serial.on('error', () => {});
  agent?.on('error', () => {});
  child.stderr?.on('data', (chunk: Buffer) => stderr.add(chunk));
  const exit = waitForExit(child);
  const ended = watchEnd({ run, spec, child, exit, qmp, serial, console, stderr });
  const guard = async <T>(work: Promise<T>): Promise<T> => {
    // A connection that breaks because QEMU died: the reason of its death says more.
    const patient = work.catch((error: unknown) => waitBriefly(ended.failure, error));
    try {
      return await Promise.race([patient, ended.failure]);
    } catch (error) {
      throw withConsole(error, spec.activity, console.lines(40));
    }
  };
  return {
    pid: child.pid ?? -1,
    qmp,
    serial,
    agent,
    startedAtMs,
    consoleLines: (count) => console.lines(count),
    guard,
    pause: (statePath) => guard(pauseAndSave(qmp, statePath)),
    finish: async () => {
      ended.expect();
      qmp.execute('quit').catch(() => {});
      const end = await withLimit(exit, qemuAnswerMs, 'write its disk and quit');
      run.signal.throwIfAborted();
      if (end.code !== 0) throw ended.explain(end);
    },
    close: async () => {
      ended.expect();
      await quit(child, qmp, exit);
    },
  };
}

interface Watched {
  readonly run: Run;
  readonly spec: VmSpec;
  readonly child: ChildProcess;
  readonly exit: ReturnType<typeof waitForExit>;
  readonly qmp: Qmp;
  readonly serial: Duplex;
  readonly console: OutputTail;
  readonly stderr: OutputTail;
}

interface End {
  readonly code: number | null;
  readonly signal: string | null;
}

interface EndWatch {
  /** Rejects when the machine ends by itself, panics, or the run is aborted; not after `expect`. */
  readonly failure: Promise<never>;
  readonly expect: () => void;
  readonly explain: (end: End) => SnapgateError;
}

function watchEnd(watched: Watched): EndWatch {
  const { run, spec, child, exit, qmp, serial, console, stderr } = watched;
  const { promise: failure, reject } = Promise.withResolvers<never>();
  failure.catch(() => {});
  let expected = false;
  let shutdown: string | undefined;
  const fail = (error: unknown) => {
    if (!expected) reject(error);
  };
  qmp.onEvent(({ name, data }) => {
    if (name === 'SHUTDOWN' && data['guest'] === true) shutdown = String(data['reason']);
    // QEMU stops a guest whose disk it cannot grow.
    if (name === 'BLOCK_IO_ERROR' && data['nospace'] === true) fail(fullDiskError(dirname(spec.ram.path)));
    // A guest that shuts down ends its agent first: wait for the better explanation.
    if (name === 'VSERPORT_CHANGE' && data['open'] === false)
      setTimeout(() => fail(agentGone(spec, console.lines(40))), shutdownMs).unref();
  });
  const explain = ({ code, signal }: End) =>
    vmEndError({
      activity: spec.activity,
      boots: spec.boot !== undefined,
      console: console.lines(400),
      stderr: stderr.lines(40).filter((line) => !line.includes(saidAtEachResume)),
      shutdown,
      code,
      signal,
    });
  const panics = (line: string) => findPanic([line]) !== undefined;
  watchConsole(serial, panics, () => fail(explain({ code: null, signal: null })));
  const abort = () => {
    fail(run.signal.reason);
    killGroup(child);
  };
  run.signal.addEventListener('abort', abort, { once: true });
  exit
    .then((end) => fail(explain(end)))
    .catch(fail)
    .finally(() => run.signal.removeEventListener('abort', abort));
  return { failure, expect: () => (expected = true), explain };
}

function agentGone(spec: VmSpec, lines: readonly string[]): SnapgateError {
  return guestError(
    `the snapgate agent in the guest ended ${spec.activity}`,
    'Something in the guest ended it, as a shutdown does, or it could not fork for want of memory: the console may say what. Leave the process alone, or raise `memory-size`.',
    lines,
  );
}

async function pauseAndSave(qmp: Qmp, statePath: string): Promise<number> {
  const begin = performance.now();
  const stopped = qmp.execute('stop');
  const saved = qmp.execute('xen-save-devices-state', { filename: statePath });
  await withLimit(Promise.all([stopped, saved]), qemuAnswerMs, 'pause the guest');
  return performance.now() - begin;
}

async function quit(child: ChildProcess, qmp: Qmp, exit: Promise<unknown>): Promise<void> {
  const done = exit.catch(() => {});
  qmp.execute('quit').catch(() => {});
  const timer = setTimeout(() => killGroup(child), 5_000);
  await done;
  clearTimeout(timer);
}

/** Gives `failure` a moment to explain `error`, else throws `error` itself. */
async function waitBriefly(failure: Promise<never>, error: unknown): Promise<never> {
  if (error instanceof SnapgateError) throw error;
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(error), 1_000);
  try {
    return await Promise.race([promise, failure]);
  } finally {
    clearTimeout(timer);
  }
}

async function withLimit<T>(work: Promise<T>, limitMs: number, what: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = () =>
    reject(
      new SnapgateError(
        'host',
        `QEMU did not ${what} within ${limitMs / 1000} s`,
        'The machine may be overloaded: give snapgate fewer guests at a time.',
      ),
    );
  const timer = setTimeout(late, limitMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function pipeOf(child: ChildProcess, fd: number): Duplex {
  const stream = child.stdio[fd];
  if (stream instanceof Duplex) return stream;
  throw new Error(`descriptor ${fd} of the child is not a socket`);
}
