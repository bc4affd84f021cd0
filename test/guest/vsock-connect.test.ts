import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openChannel } from '../../src/guest/channel.ts';
import { connectVsock } from '../../src/guest/vsock-connect.ts';
import { refusal } from '../host/refusal.ts';

let dir: string;
let path: string;
const open: (Server | Duplex)[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'snapgate-vsock-'));
  path = join(dir, 'v.sock');
});
afterEach(() => {
  for (const item of open.splice(0)) 'close' in item ? item.close() : item.destroy();
  rmSync(dir, { recursive: true });
});

/** A fake of a machine's Unix socket: what it was asked on each connection goes to `onAsked`. */
async function fakeMachine(onAsked: (asked: string, socket: Socket, count: number) => void): Promise<void> {
  let count = 0;
  const server = createServer((socket) => {
    open.push(socket);
    socket.on('error', () => {});
    socket.once('data', (chunk: Buffer) => {
      count += 1;
      onAsked(chunk.toString(), socket, count);
    });
  });
  server.listen(path);
  open.push(server);
  await once(server, 'listening');
}

async function dial(limitMs = 10_000, signal = new AbortController().signal): Promise<Duplex> {
  const stream = await connectVsock(path, 870, { signal, deadlineMs: performance.now() + limitMs });
  open.push(stream);
  return stream;
}

test('asks for the port, and then it is the channel', async () => {
  const asked: string[] = [];
  await fakeMachine((text, socket) => {
    asked.push(text);
    socket.write('OK 1073741824\n');
    socket.on('data', (chunk: Buffer) => {
      const id = /^run (\d+) 5 ZWNobyBoaQ==\n$/.exec(chunk.toString())?.[1];
      socket.write(`snapgate 1 done ${id} 3 aGkK\n`);
    });
  });
  const channel = openChannel(await dial(), true);
  expect(await channel.run('echo hi', 5000)).toMatchObject({ status: 3, output: Buffer.from('hi\n') });
  expect(asked).toEqual(['CONNECT 870\n']);
});

describe('what the guest says at once is kept for its reader', () => {
  const hello = 'snapgate 1 hello systemd\n';
  test.each<[string, (socket: Socket) => void]>([
    ['in one piece with the answer', (socket) => socket.write(`OK 1\n${hello}`)],
    [
      'byte for byte',
      (socket) => {
        const bytes = [...`OK 4294967295\n${hello}`];
        const timer = setInterval(() => {
          const byte = bytes.shift();
          if (byte === undefined) clearInterval(timer);
          else socket.write(byte);
        }, 1);
      },
    ],
  ])('%s', async (_, answer) => {
    await fakeMachine((_asked, socket) => answer(socket));
    const stream = await dial();
    await delay(50);
    expect(await openChannel(stream, false).hello).toBe('systemd');
  });
});

describe('a guest that is not there yet is asked again', () => {
  test('its machine has no socket', async () => {
    const dialled = dial();
    await delay(120);
    await fakeMachine((_, socket) => socket.write('OK 1\n'));
    expect((await dialled).destroyed).toBe(false);
  });

  test('it does not listen: the connection ends', async () => {
    const counts: number[] = [];
    await fakeMachine((_, socket, count) => {
      counts.push(count);
      if (count < 3) socket.destroy();
      else socket.write('OK 1\n');
    });
    await dial();
    expect(counts).toEqual([1, 2, 3]);
  });
});

describe('no connection', () => {
  test.each<[string, (socket: Socket) => void, RegExp]>([
    [
      'the guest never listens',
      (socket) => socket.destroy(),
      /port 870 of the guest's vsock: the connection is/,
    ],
    ['the guest never answers', () => {}, /no answer/],
    ['another server', (socket) => socket.write('220 mail ESMTP\r\n'), /what is no vsock/],
    ['an endless line', (socket) => socket.write('OK 11111111111111111111'), /what is no vsock/],
    ['a line without a port', (socket) => socket.write('OK \n'), /what is no vsock/],
  ])('%s', async (_, answer, message) => {
    await fakeMachine((_asked, socket) => answer(socket));
    const error = await refusal(dial(200));
    expect(error.code).toBe('guest');
    expect(error.message).toMatch(message);
  });

  test('no machine at all', async () => {
    expect((await refusal(dial(200))).message).toContain('ENOENT');
  });

  test('a link to a socket', async () => {
    const asked: string[] = [];
    await fakeMachine((text) => asked.push(text));
    const real = path;
    path = join(dir, 'link.sock');
    symlinkSync(real, path);
    expect((await refusal(dial(200))).message).toContain('link.sock is no socket');
    expect(asked).toEqual([]);
  });

  test('the run is over', async () => {
    const abort = new AbortController();
    const reason = new Error('interrupted');
    await fakeMachine(() => abort.abort(reason));
    await expect(dial(10_000, abort.signal)).rejects.toBe(reason);
    await expect(dial(10_000, abort.signal)).rejects.toBe(reason);
  });
});

test('a connection that breaks is closed, and is no error of the process', async () => {
  await fakeMachine((_, socket) => socket.write('OK 1\n'));
  const stream = await dial();
  const closed = new Promise((resolve) => stream.once('close', resolve));
  stream.destroy(new Error('broken'));
  await closed;
  expect(stream.errored?.message).toBe('broken');
});

test('one that the machine ends is closed too', async () => {
  await fakeMachine((_, socket) => socket.end('OK 1\n'));
  const stream = await dial();
  const closed = once(stream, 'close');
  stream.resume();
  await closed;
  expect(stream.destroyed).toBe(true);
});
