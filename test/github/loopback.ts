import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createFaultBook, type Fault, type InjectedFault } from './faults.ts';

export interface Incoming {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON if it is neither text nor bytes; nothing if undefined. */
  readonly body?: unknown;
}

export interface LoopbackService extends AsyncDisposable {
  /** Without a slash at its end. */
  readonly url: string;
  fault(fault: Fault): InjectedFault;
}

export interface ServiceParts {
  /** Sees every request, also one that a fault then keeps from the service. */
  observe?(incoming: Incoming): void;
  answer(incoming: Incoming): Promise<Answer>;
  /** Path and query as faults see them; what was asked for if not given. */
  faultPath?(incoming: Incoming): string;
  /** What a fault's status answers with where it names no body. */
  errorBody(status: number): object;
}

/** An HTTP service on a free port of the loopback that can be told to fail. */
export async function serveLoopback(parts: ServiceParts): Promise<LoopbackService> {
  const faults = createFaultBook();
  const closing = new AbortController();
  const server = createServer(async (request, response) => {
    try {
      const incoming = await readIncoming(request);
      parts.observe?.(incoming);
      const path = parts.faultPath?.(incoming) ?? incoming.url.pathname + incoming.url.search;
      const fault = faults.take(incoming.method, path);
      if (fault) await failAs(fault, parts, incoming, response, closing.signal);
      else send(response, await parts.answer(incoming));
    } catch (error) {
      if (!response.headersSent) send(response, { status: 500, body: { message: String(error) } });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    fault: faults.inject,
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readIncoming(request: IncomingMessage): Promise<Incoming> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return {
    method: request.method ?? 'GET',
    url: new URL(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`),
    headers: request.headers,
    body: Buffer.concat(chunks),
  };
}

async function failAs(
  fault: Fault,
  parts: ServiceParts,
  incoming: Incoming,
  response: ServerResponse,
  closing: AbortSignal,
): Promise<void> {
  if (fault.hangMs !== undefined && !(await passed(fault.hangMs, response, closing))) return;
  if (fault.dropConnection === 'after') await parts.answer(incoming);
  if (fault.dropConnection) {
    response.destroy();
  } else if (fault.status === undefined) {
    send(response, await parts.answer(incoming));
  } else {
    const { status, headers = {}, body = parts.errorBody(status) } = fault;
    send(response, { status, headers, body });
  }
}

/** False when the other side, or the test, has gone before the time has passed. */
function passed(ms: number, response: ServerResponse, closing: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = Number.isFinite(ms) ? setTimeout(() => resolve(true), ms) : undefined;
    const end = () => {
      clearTimeout(timer);
      resolve(false);
    };
    response.once('close', end);
    closing.addEventListener('abort', end, { once: true });
  });
}

function send(response: ServerResponse, { status, headers = {}, body }: Answer): void {
  if (response.destroyed) return;
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
  const bytes = isRaw ? body : body === undefined ? '' : JSON.stringify(body);
  const type = isRaw || body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' };
  response.writeHead(status, { ...type, ...headers, 'content-length': String(Buffer.byteLength(bytes)) });
  response.end(bytes);
}
