import type { ChildProcess, StdioOptions } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type Duplex, Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { agentVsockPort } from '../../guest/protocol.ts';
import { connectVsock } from '../../guest/vsock-connect.ts';
import { SnapgateError } from '../../host/error.ts';
import { killGroup, startProcess, waitForExit } from '../../host/process.ts';
import type { Run } from '../../host/run.ts';
import { watchConsole } from '../vm/console-watch.ts';
import { findPanic, guestError, withConsole } from '../vm/guest-failure.ts';
import { createOutputTail, type OutputTail } from '../vm/output-tail.ts';
import type { RunningVm } from '../vm/running-vm.ts';
import { ApiBreak, ApiRefusal, ApiSilence, type FirecrackerApi, openApi } from './api.ts';
import { isEndLine, machineEndError, refusalError, silenceError } from './errors.ts';
import type { FirecrackerHost } from './host.ts';
import { type MachineLog, openMachineLog } from './machine-log.ts';
import { logName, openPlace, type Place, socketName, vsockName } from './place.ts';

export interface MachineSpec {
  /** Folder of the snapshot that the machine makes or resumes. */
  readonly dir: string;
  /** For errors, what the machine is there for: `while it booted`, `in a cycle of idle-2s`. */
  readonly activity: string;
  /** A FIFO, open for reading and writing, that the guest's serial line reads from; Firecracker polls no other kind of file. None: it hears nothing. */
  readonly serialInput?: number | undefined;
}

/** A Firecracker in a process of its own. Whoever starts one closes it, in a `finally`. */
export interface Machine extends RunningVm {
  readonly api: FirecrackerApi;
  readonly place: Place;
  /**
   * What the guest prints on its serial line, which is Firecracker's stdout, and is also kept for `consoleLines`. Not a file (PUT /serial): that would
   * grow as long as the guest prints, it is not there before 1.14, and a pipe that nobody drains only loses what is printed.
   */
  readonly serial: Readable;
  /** Connects to the agent in the guest: the machine with its channel. It rejects where nobody listens there until `deadlineMs` (performance.now()). */
  connectAgent(deadlineMs: number): Promise<Machine & { readonly agent: Duplex }>;
  /** The end of the agent's connection, to which both sides agree: what is left of one would be work of the next resume. */
  hangUp(): Promise<void>;
  /** Ends Firecracker in any case and removes its folder; safe to call twice, and after its own end. */
  close(): Promise<void>;
}

/** How long Firecracker may take until its API is there. */
const startMs = 15_000;
/** From the end of the agent to the end of a guest that shuts itself down. */
const shutdownMs = 3_000;
/** How long the guest may take to close its end of the agent's connection. */
const hangUpMs = 1_000;

/** Starts a Firecracker without a machine in it; resolves when its API answers. */
export async function startMachine(run: Run, host: FirecrackerHost, spec: MachineSpec): Promise<Machine> {
  run.signal.throwIfAborted();
  const startedAtMs = performance.now();
  const place = openPlace(host, spec.dir, `snapgate-${randomUUID()}`);
  place.touch(logName);
  const ownLog = openMachineLog(join(place.root, logName));
  const stdio: StdioOptions = [spec.serialInput ?? 'ignore', 'pipe', 'pipe'];
  const [command, ...args] = place.command;
  const child = startProcess(run, command, args, { stdio, detached: true, cwd: place.root });
  const api = openApi(join(place.root, socketName), host.answerMs);
  const machine = watchMachine({ run, spec, place, ownLog, child, api, startedAtMs });
  try {
    await machine.guard(waitForApi(api, host));
    return machine;
  } catch (error) {
    await machine.close();
    throw error;
  }
}

interface Started {
  readonly run: Run;
  readonly spec: MachineSpec;
  readonly place: Place;
  readonly ownLog: MachineLog;
  readonly child: ChildProcess;
  readonly api: FirecrackerApi;
  readonly startedAtMs: number;
}

function watchMachine(started: Started): Machine {
  const { run, spec, place, ownLog, child, api, startedAtMs } = started;
  const serial = child.stdout ?? Readable.from([]);
  const console = createOutputTail();
  const stderr = createOutputTail();
  serial.on('data', (chunk: Buffer) => console.add(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.add(chunk));
  const exit = waitForExit(child);
  const log = () => [...ownLog.lines(), ...stderr.lines(40)].slice(-40);
  const ended = watchEnd({ ...started, serial, console, log, exit });
  const guard = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await Promise.race([work.catch((error) => ended.clarify(error)), ended.failure]);
    } catch (error) {
      throw withConsole(error, spec.activity, console.lines(40));
    }
  };
  const agents: Duplex[] = [];
  const logWatch = setInterval(() => ownLog.bound(), 1_000).unref();
  const machine: Machine = {
    get pid() {
      return child.pid === undefined ? -1 : innermost(child.pid);
    },
    api,
    place,
    serial,
    agent: undefined,
    startedAtMs,
    consoleLines: (count) => console.lines(count),
    guard,
    connectAgent: async (deadlineMs) => {
      const signal = AbortSignal.any([run.signal, ended.signal]);
      const path = join(place.root, vsockName);
      const agent = await guard(connectVsock(path, agentVsockPort, { signal, deadlineMs }));
      agents.push(agent);
      agent.once('close', () => ended.agentClosed(agent));
      return { ...machine, agent };
    },
    hangUp: async () => {
      for (const agent of agents.splice(0)) await guard(hangUpOn(agent, () => ended.release(agent)));
    },
    close: async () => {
      ended.expect();
      clearInterval(logWatch);
      api.close();
      for (const agent of agents.splice(0)) agent.destroy();
      killGroup(child);
      await exit.catch(() => {});
      ownLog.close();
      place.remove();
    },
  };
  return machine;
}

interface Watched extends Started {
  readonly serial: Readable;
  readonly console: OutputTail;
  readonly log: () => readonly string[];
  readonly exit: ReturnType<typeof waitForExit>;
}

interface EndWatch {
  /** Rejects when the machine ends by itself, its guest does, or the run is aborted; not after `expect`. */
  readonly failure: Promise<never>;
  /** Aborted when `failure` is rejected, or the end is expected. */
  readonly signal: AbortSignal;
  readonly expect: () => void;
  readonly agentClosed: (agent: Duplex) => void;
  /** This agent's connection may end. */
  readonly release: (agent: Duplex) => void;
  /** An error of the API as a sentence; of a connection that broke since the process died, the reason of its death. */
  readonly clarify: (error: unknown) => Promise<never>;
}

function watchEnd(watched: Watched): EndWatch {
  const { run, spec, child, serial, console, log, exit } = watched;
  const { promise: failure, reject } = Promise.withResolvers<never>();
  failure.catch(() => {});
  const over = new AbortController();
  const released = new Set<Duplex>();
  let expected = false;
  const fail = (error: unknown) => {
    if (expected) return;
    reject(error);
    over.abort(error);
  };
  const { activity, dir } = spec;
  const explain = (code: number | null, signal: string | null) =>
    machineEndError({ activity, dir, console: console.lines(400), log: log(), code, signal });
  const isLast = (line: string) => findPanic([line]) !== undefined || isEndLine(line);
  watchConsole(serial, isLast, () => fail(explain(0, null)));
  const abort = () => {
    fail(run.signal.reason);
    killGroup(child);
  };
  run.signal.addEventListener('abort', abort, { once: true });
  exit
    .then(({ code, signal }) => fail(explain(code, signal)))
    .catch(fail)
    .finally(() => run.signal.removeEventListener('abort', abort));
  return {
    failure,
    signal: over.signal,
    expect: () => {
      expected = true;
      over.abort();
    },
    release: (agent) => released.add(agent),
    agentClosed: (agent) => {
      // A guest that shuts down ends its agent first: wait for the better explanation.
      if (!released.has(agent))
        setTimeout(() => fail(agentGone(spec, console.lines(40))), shutdownMs).unref();
    },
    clarify: async (error) => {
      const where = { activity, dir, log: log() };
      if (error instanceof ApiRefusal) throw refusalError(error, where);
      if (error instanceof ApiSilence) throw silenceError(error, where);
      if (!(error instanceof SnapgateError)) await Promise.race([failure, delay(1_000)]);
      throw error instanceof ApiBreak ? brokenError(error, spec, log()) : error;
    },
  };
}

function agentGone(spec: MachineSpec, lines: readonly string[]): SnapgateError {
  return guestError(
    `the snapgate agent in the guest ended ${spec.activity}`,
    'Something in the guest ended it, as a shutdown does, or it could not fork for want of memory: the console may say what. Leave the process alone, or raise `memory-size`.',
    lines,
  );
}

function brokenError(
  { call, message }: ApiBreak,
  spec: MachineSpec,
  lines: readonly string[],
): SnapgateError {
  return new SnapgateError(
    'host',
    `the API of Firecracker broke off at ${call} ${spec.activity}, and its process lives`,
    'Its last lines may say why: something that is no Firecracker may answer in its place.',
    { details: { title: 'last lines of Firecracker', lines: [message, ...lines].slice(0, 40) } },
  );
}

/** Asks until it answers: the socket is made a little after the start. */
async function waitForApi(api: FirecrackerApi, host: FirecrackerHost): Promise<void> {
  const deadlineMs = performance.now() + Math.min(startMs, host.answerMs);
  for (;;) {
    try {
      await api.get('/version', Math.max(1, deadlineMs - performance.now()));
      return;
    } catch (error) {
      if (!(error instanceof ApiBreak)) throw error;
      if (performance.now() > deadlineMs) throw new ApiSilence(error.call, startMs);
      await delay(5);
    }
  }
}

async function hangUpOn(agent: Duplex, release: () => void): Promise<void> {
  release();
  if (agent.closed) return;
  const closed = new Promise<void>((resolve) => agent.once('close', () => resolve()));
  agent.end();
  // Whatever the guest still says is not waited for.
  agent.resume();
  await Promise.race([closed, delay(hangUpMs, undefined, { ref: false })]);
  agent.destroy();
}

/** The process that has the guest: the started one, or what it has started, as in a jail: unshare, a shell and the jailer, which becomes Firecracker. */
function innermost(pid: number): number {
  const child = Number(childrenOf(pid).split(' ')[0]);
  return child > 0 ? innermost(child) : pid;
}

/** By number; none of a process that is gone. */
function childrenOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  } catch {
    return '';
  }
}
