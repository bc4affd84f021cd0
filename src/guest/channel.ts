import { randomInt } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { SnapgateError } from '../host/error.ts';
import { agentProtocol, maxLineBytes } from './protocol.ts';

const helloKinds = ['systemd', 'init', 'none'] as const;
export type HelloKind = (typeof helloKinds)[number];

/** What came of a command in the guest. */
export interface CommandOutcome {
  /** Exit status; 137 where the limit ended it. */
  readonly status: number;
  /** The end of its output, as it came: untrusted. */
  readonly output: Buffer;
}

/** The host's end of the agent's port. See protocol.ts. */
export interface Channel {
  /** The agent's first word after power-on: who is PID 1. Never settles on a resumed guest, whose agent said it long ago. */
  readonly hello: Promise<HelloKind>;
  /**
   * Runs a shell command in the guest as root, for at most `limitMs` (rounded up to whole seconds), one command at a time. Rejects with a SnapgateError
   * when the guest breaks the protocol or does not answer in time.
   */
  run(command: string, limitMs: number): Promise<CommandOutcome>;
}

/** A command longer than this does not fit in a line once it is in base64. */
const maxCommandBytes = 48 * 1024 - 256;

/** What the agent may need beyond a command's limit on a slow host: to notice, to collect the output, to be scheduled. */
const graceMs = 20_000;

const doneSchema = z
  .tuple([
    z.string().regex(/^\d{1,10}$/),
    z.string().regex(/^\d{1,3}$/),
    z.string().regex(/^(-|[A-Za-z0-9+/]*={0,2})$/),
  ])
  .transform(([id, status, output]) => ({
    id: Number(id),
    status: Number(status),
    output: output === '-' ? Buffer.alloc(0) : Buffer.from(output, 'base64'),
  }));

interface Pending {
  readonly id: number;
  readonly resolve: (outcome: CommandOutcome) => void;
  readonly reject: (error: SnapgateError) => void;
}

/** Listens on a connected stream. `resumed`: the agent has said hello before the pause. */
export function openChannel(stream: Duplex, resumed: boolean): Channel {
  const hello = Promise.withResolvers<HelloKind>();
  hello.promise.catch(() => {});
  let greeted = resumed;
  let pending: Pending | undefined;
  let broken: SnapgateError | undefined;
  const fail = (what: string) => {
    broken ??= protocolError(what);
    hello.reject(broken);
    pending?.reject(broken);
  };
  const onLine = (line: string) => {
    const [name, version, word, ...fields] = line.split(' ');
    const ours = name === 'snapgate' && version === String(agentProtocol);
    const kind = helloKinds.find((known) => known === fields[0]);
    if (ours && word === 'hello' && kind !== undefined) {
      if (greeted) return fail('its agent started a second time');
      greeted = true;
      return hello.resolve(kind);
    }
    const done = ours && word === 'done' ? doneSchema.safeParse(fields) : undefined;
    if (pending && done?.success && done.data.id === pending.id) {
      pending.resolve(done.data);
      pending = undefined;
    } else if (greeted) fail('its agent said what is no answer');
  };
  stream.on(
    'data',
    lineReader(onLine, () => fail('its agent said an endless line')),
  );
  return {
    hello: hello.promise,
    run: async (command, limitMs) => {
      if (broken) throw broken;
      if (pending) throw new Error('the guest runs one command at a time');
      const seconds = Math.max(1, Math.ceil(limitMs / 1000));
      const line = encodeCommand(command, seconds);
      const { promise, resolve, reject } = Promise.withResolvers<CommandOutcome>();
      pending = { id: line.id, resolve, reject };
      const late = setTimeout(() => fail(silence(seconds)), seconds * 1000 + graceMs).unref();
      stream.write(line.text);
      return promise.finally(() => clearTimeout(late));
    },
  };
}

function encodeCommand(command: string, seconds: number): { id: number; text: string } {
  const bytes = Buffer.from(command);
  if (bytes.length > maxCommandBytes)
    throw new SnapgateError(
      'usage',
      `a command of ${bytes.length} bytes is too long for the guest`,
      `Put it in a script inside the image; the limit is ${maxCommandBytes} bytes.`,
    );
  // As long each time, so that it costs the guest the same; unlike the last one, which a process left behind may still answer.
  const id = randomInt(1_000_000_000, 2_000_000_000);
  return { id, text: `run ${id} ${seconds} ${bytes.toString('base64')}\n` };
}

function silence(seconds: number): string {
  return `its agent did not answer within the ${seconds} s of a command and ${graceMs / 1000} s more`;
}

function protocolError(what: string): SnapgateError {
  return new SnapgateError(
    'guest',
    `the guest cannot be driven any more: ${what}`,
    'Nothing in the image may use the port snapgate.agent, or stop the process `busybox sh /.snapgate/agent`; a guest that is out of memory needs `memory-size`.',
  );
}

function lineReader(onLine: (line: string) => void, onEndless: () => void): (chunk: Buffer) => void {
  let rest = '';
  let endless = false;
  return (chunk) => {
    if (endless) return;
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    endless = [rest, ...lines].some((line) => line.length > maxLineBytes);
    if (endless) return onEndless();
    for (const line of lines) onLine(line.replace(/\r$/, ''));
  };
}
