import { mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createSocketServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  ApiBreak,
  ApiRefusal,
  ApiSilence,
  type FirecrackerApi,
  openApi,
} from '../../../src/engine/firecracker/api.ts';

let dir: string;
let socketPath: string;
let api: FirecrackerApi;
const servers: Server[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'snapgate-api-'));
  socketPath = join(dir, 'api.sock');
  api = openApi(socketPath, 2_000);
});

afterEach(() => {
  api.close();
  for (const server of servers.splice(0)) server.close();
  rmSync(dir, { recursive: true, force: true });
});

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly length: string | undefined;
  readonly body: string;
}

/** A FAKE API that answers all alike; what it was asked. */
async function serve(status: number, body: string): Promise<Seen[]> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    seen.push({ method, url, length: headers['content-length'], body: await bodyOf(request) });
    response.writeHead(status).end(body);
  });
  await listen(server);
  return seen;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

async function listen(server: Server): Promise<void> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(socketPath, () => resolve()));
}

test('a body has its length, and an answer without one is a success', async () => {
  const seen = await serve(204, '');
  await api.put('/vsock', { guest_cid: 3, uds_path: 'ü' });
  await api.patch('/vm', { state: 'Paused' });
  expect(seen).toEqual([
    { method: 'PUT', url: '/vsock', length: '31', body: '{"guest_cid":3,"uds_path":"ü"}' },
    { method: 'PATCH', url: '/vm', length: '18', body: '{"state":"Paused"}' },
  ]);
});

test('a link to a socket is not followed, be it put there between two requests', async () => {
  const seen = await serve(200, '{}');
  const elsewhere = join(dir, 'elsewhere');
  await api.get('/version');
  renameSync(socketPath, elsewhere);
  symlinkSync(elsewhere, socketPath);
  api.close();
  await expect(api.get('/version')).rejects.toThrow('api.sock is no socket');
  expect(seen).toHaveLength(1);
});

test('what is got is parsed', async () => {
  await serve(200, '{"firecracker_version":"1.16.1"}');
  expect(await api.get('/version')).toEqual({ firecracker_version: '1.16.1' });
});

test.each([
  [400, '{"fault_message":"no"}', 'no'],
  [400, '{ "error": "too long" }', 'too long'],
  [500, '<b>`oops`</b>', 'an answer with status 500: ?b??oops??/b?'],
  [200, '{}', 'an answer with status 200: ??'],
])('an answer %i %s to a PUT is a refusal', async (status, body, fault) => {
  await serve(status, body);
  const error = await api.put('/x', {}).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ApiRefusal);
  expect(error).toMatchObject({ call: 'PUT /x', fault });
});

test('a body that the API would not take whole is not sent', async () => {
  const seen = await serve(204, '');
  await expect(api.put('/boot-source', { boot_args: 'x'.repeat(51_200) })).rejects.toThrow('51200 bytes');
  await api.put('/boot-source', { boot_args: 'x'.repeat(51_200 - 16) });
  expect(seen.map(({ length }) => length)).toEqual(['51200']);
});

test('an answer without end is cut off', async () => {
  await serve(200, 'x'.repeat(1_000_000));
  const error = await api.get('/').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ApiBreak);
  expect(error).toMatchObject({ message: 'GET /: an answer of more than 65536 bytes' });
});

test('who never answers is not waited for', async () => {
  await listen(createSocketServer(() => {}));
  const error = await api.patch('/vm', { state: 'Paused' }, 100).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ApiSilence);
  expect(error).toMatchObject({ call: 'PATCH /vm', limitMs: 100 });
});

test.each<[string, (server: Server) => void]>([
  ['answers what is no HTTP', (server) => server.on('connection', (socket) => socket.end('hello\n'))],
  ['hangs up', (server) => server.on('connection', (socket) => socket.destroy())],
])('who %s breaks off', async (_what, act) => {
  const server = createSocketServer();
  act(server);
  await listen(server);
  await expect(api.get('/')).rejects.toBeInstanceOf(ApiBreak);
});

test('where nobody listens, the connection breaks', async () => {
  await expect(api.get('/')).rejects.toBeInstanceOf(ApiBreak);
});
