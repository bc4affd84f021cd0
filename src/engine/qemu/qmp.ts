import type { Duplex } from 'node:stream';
import { z } from 'zod';

/** What QEMU says of its own accord (docs/interop/qmp-spec.rst), e.g. `RESUME`, `SHUTDOWN`, `VSERPORT_CHANGE`. */
export interface QmpEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** QEMU answered a command with an error. */
export class QmpError extends Error {
  readonly command: string;
  constructor(command: string, description: string) {
    super(`QEMU refused ${command}: ${description}`);
    this.name = 'QmpError';
    this.command = command;
  }
}

/** A client of QEMU's machine protocol. Commands may be sent without awaiting those before: QEMU takes them in order. */
export interface Qmp {
  /** The `return` value; rejects with QmpError, and when the connection ends. */
  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** The listener hears every event from now on. */
  onEvent(listener: (event: QmpEvent) => void): void;
}

/** QEMU is trusted more than a guest, but not with our memory: its longest honest answer (query-commands) is 30 KiB. */
const maxLineBytes = 4 * 1024 * 1024;

const messageSchema = z.union([
  z.object({ QMP: z.unknown() }),
  z.object({ return: z.unknown(), id: z.number().optional() }),
  z.object({ error: z.object({ class: z.string(), desc: z.string() }), id: z.number().optional() }),
  z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).default({}) }),
]);

interface Pending {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Speaks QMP on a connected stream and leaves negotiation mode at once. */
export function connectQmp(stream: Duplex): Qmp {
  const pending = new Map<number, Pending>();
  const listeners: ((event: QmpEvent) => void)[] = [];
  let lastId = 0;
  let ended: Error | undefined;
  const end = (error: Error) => {
    ended ??= error;
    for (const { reject } of pending.values()) reject(ended);
    pending.clear();
  };
  const handle = (line: string) => {
    const message = messageSchema.parse(JSON.parse(line));
    if ('event' in message)
      for (const listener of listeners) listener({ name: message.event, data: message.data });
    else if (!('QMP' in message)) settle(pending, message);
  };
  stream.on(
    'data',
    lineSplitter(handle, (error) => stream.destroy(error)),
  );
  stream.on('error', end);
  for (const event of ['end', 'close'])
    stream.on(event, () => end(new Error('QEMU closed its control connection')));
  const execute = (command: string, args: Readonly<Record<string, unknown>> = {}) => {
    if (ended) return Promise.reject(ended);
    lastId += 1;
    const id = lastId;
    return new Promise<unknown>((resolve, reject) => {
      pending.set(id, { command, resolve, reject });
      stream.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    });
  };
  execute('qmp_capabilities').catch(() => {});
  return { execute, onEvent: (listener) => void listeners.push(listener) };
}

function settle(
  pending: Map<number, Pending>,
  message:
    | { id?: number | undefined; error: { desc: string } }
    | { id?: number | undefined; return: unknown },
): void {
  const call = message.id === undefined ? undefined : pending.get(message.id);
  if (call === undefined || message.id === undefined) return;
  pending.delete(message.id);
  if ('error' in message) call.reject(new QmpError(call.command, message.error.desc));
  else call.resolve(message.return);
}

function lineSplitter(
  onLine: (line: string) => void,
  onError: (error: Error) => void,
): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    rest += chunk.toString('utf8');
    if (rest.length > maxLineBytes)
      return onError(new Error('QEMU sent an endless line on its control connection'));
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    try {
      for (const line of lines) if (line.trim() !== '') onLine(line);
    } catch (error) {
      onError(new Error('QEMU sent what is not QMP', { cause: error }));
    }
  };
}
