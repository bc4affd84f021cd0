import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { connectSocket } from '../host/connect-socket.ts';
import { SnapgateError } from '../host/error.ts';

export interface VsockConnectOptions {
  /** Aborted: the promise rejects with its reason. An established connection is the caller's own. */
  readonly signal: AbortSignal;
  /** performance.now() until which a guest that does not listen yet is asked again. */
  readonly deadlineMs: number;
}

/**
 * Connects to a port of the guest's through the Unix socket of its virtual machine (Firecracker's docs/vsock.md; Cloud Hypervisor and vhost-device-vsock speak
 * the same): `CONNECT <port>\n`, answered by `OK <host port>\n` when the guest has accepted, and by an end where nobody listens there. The machine or its
 * guest may not be there yet: asked again until the deadline.
 *
 * The stream's errors are silenced, since its `close` follows each of them. A connection does not outlive a snapshot of its guest.
 *
 * @throws SnapgateError `guest` where nobody in the guest has answered in time
 */
export async function connectVsock(
  udsPath: string,
  port: number,
  { signal, deadlineMs }: VsockConnectOptions,
): Promise<Duplex> {
  let answer = await ask(udsPath, port, signal, deadlineMs);
  while (typeof answer === 'string' && performance.now() + pauseMs < deadlineMs) {
    await delay(pauseMs);
    answer = await ask(udsPath, port, signal, deadlineMs);
  }
  if (typeof answer !== 'string') return answer;
  throw new SnapgateError(
    'guest',
    `nobody answers at port ${port} of the guest's vsock: ${answer}`,
    'The guest needs a kernel with virtio-vsock (`kernel: auto` has it), and the snapgate agent in it must live: its console may say more.',
  );
}

/** Between two attempts. Each one costs a guest that does not listen an interrupt, so not less. */
const pauseMs = 50;

/** `OK 4294967295\n` and no more. */
const answerPattern = /^OK \d{1,10}\n$/;
const maxAnswerBytes = 14;

/** The connection, or why there is none. */
async function ask(
  path: string,
  port: number,
  signal: AbortSignal,
  deadlineMs: number,
): Promise<Socket | string> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Socket | string>();
  const socket = connectSocket(path);
  const abort = () => reject(signal.reason);
  const late = setTimeout(() => resolve('no answer'), Math.max(0, deadlineMs - performance.now()));
  socket.on('error', (error) => resolve(error.message));
  socket.once('close', () => resolve('the connection is refused'));
  signal.addEventListener('abort', abort, { once: true });
  socket.write(`CONNECT ${port}\n`);
  readAnswer(socket, resolve);
  try {
    const answer = await promise;
    if (typeof answer === 'string') socket.destroy();
    return answer;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', abort);
    socket.removeAllListeners('close');
  }
}

/** Resolves with the socket when its first line is a consent. Not a byte more is read, and it does not flow before it has a reader. */
function readAnswer(socket: Socket, resolve: (answer: Socket | string) => void): void {
  let line = '';
  const onReadable = () => {
    while (line.length < maxAnswerBytes && !line.endsWith('\n')) {
      const byte: unknown = socket.read(1);
      if (!Buffer.isBuffer(byte)) return;
      line += byte.toString('latin1');
    }
    socket.off('readable', onReadable);
    resolve(answerPattern.test(line) ? socket : 'its machine answers what is no vsock');
  };
  socket.on('readable', onReadable);
}
