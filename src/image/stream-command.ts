import type { ChildProcess } from 'node:child_process';
import { pipeline, type Readable } from 'node:stream';
import { SnapgateError } from '../host/error.ts';
import { killGroup, packageOf, startProcess, waitForExit } from '../host/process.ts';
import type { Run } from '../host/run.ts';

export interface StreamedCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: Readable;
  /** The error for an exit status other than 0, of the last lines that it said on stderr. */
  readonly failure: (lines: readonly string[]) => SnapgateError;
}

/**
 * Runs a command and passes its stdout to `use`, which must read it to its end. It fails where the command does, even where `use`
 * was content.
 */
export async function streamCommand<T>(
  run: Run,
  streamed: StreamedCommand,
  use: (content: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
  run.signal.throwIfAborted();
  const { child, stdout, requireSuccess } = start(run, streamed);
  const stop = () => killGroup(child);
  run.signal.addEventListener('abort', stop, { once: true });
  try {
    const result = await use(stdout);
    await requireSuccess();
    return result;
  } catch (error) {
    // What the command says of its broken output tells more than what was made of it.
    if (stdout.readableEnded) await requireSuccess();
    throw error;
  } finally {
    stop();
    run.signal.removeEventListener('abort', stop);
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly stdout: Readable;
  /** Waits for its end, and throws for one that is none of a success. */
  readonly requireSuccess: () => Promise<void>;
}

function start(run: Run, { command, args, env, input, failure }: StreamedCommand): Started {
  const child = startProcess(run, command, args, {
    stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    detached: true,
    ...(env && { env }),
  });
  const { stdin, stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error(`a pipe from ${command} is missing`);
  const exit = waitForExit(child);
  exit.catch(() => {});
  const lines = keepLastLines(stderr);
  if (input && stdin) pipeline(input, stdin, () => {});
  const requireSuccess = async () => {
    const { code } = await exit;
    run.signal.throwIfAborted();
    if (code === 127 && lines().some((line) => line.startsWith('setpriv: failed to execute')))
      throw missing(command);
    if (code !== 0) throw failure(lines());
  };
  return { child, stdout, requireSuccess };
}

const keptBytes = 64 * 1024;
const keptLines = 40;

function keepLastLines(stream: Readable): () => string[] {
  let tail = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-keptBytes);
  });
  return () =>
    tail
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .slice(-keptLines);
}

function missing(command: string): SnapgateError {
  return new SnapgateError(
    'host',
    `the command ${command} is not on this machine`,
    `Install it: ${packageOf(command)}.`,
  );
}
