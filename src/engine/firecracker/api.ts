import { Agent, type IncomingMessage, request } from 'node:http';
import { z } from 'zod';
import { connectSocket } from '../../host/connect-socket.ts';
import { plainWords } from '../vm/guest-failure.ts';

/** Firecracker's API (src/firecracker/swagger/firecracker.yaml of its sources): one request at a time, in the order of calls. */
export interface FirecrackerApi {
  /** Rejects with an ApiRefusal, an ApiSilence or an ApiBreak. */
  put(path: string, body: object, limitMs?: number): Promise<void>;
  patch(path: string, body: object, limitMs?: number): Promise<void>;
  /** The parsed answer. */
  get(path: string, limitMs?: number): Promise<unknown>;
  /** Ends its connection. */
  close(): void;
}

/** Firecracker has said no. `fault` is what it said. */
export class ApiRefusal extends Error {
  readonly call: string;
  readonly fault: string;

  constructor(call: string, fault: string) {
    super(`${call}: ${fault}`);
    this.call = call;
    this.fault = fault;
  }
}

/** Firecracker has not answered in time. */
export class ApiSilence extends Error {
  readonly call: string;
  readonly limitMs: number;

  constructor(call: string, limitMs: number) {
    super(`${call}: no answer within ${limitMs} ms`);
    this.call = call;
    this.limitMs = limitMs;
  }
}

/** There is no connection, or it has ended before the answer: as a rule, since the process has. */
export class ApiBreak extends Error {
  readonly call: string;

  constructor(call: string, cause: Error) {
    super(`${call}: ${cause.message}`, { cause });
    this.call = call;
  }
}

/** Of the API server (HTTP_MAX_PAYLOAD_SIZE); what is longer would be read as further requests. */
export const maxBodyBytes = 51_200;
const maxAnswerBytes = 64 * 1024;

const faultSchema = z.union([
  z.object({ fault_message: z.string() }).transform((answer) => answer.fault_message),
  // Of the HTTP layer, before the API is asked.
  z.object({ error: z.string() }).transform((answer) => answer.error),
]);

/**
 * The API behind a Unix socket. Nothing is connected yet.
 *
 * @param answerMs limit of each call that has none of its own
 */
export function openApi(socketPath: string, answerMs: number): FirecrackerApi {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agent.createConnection = () => connectSocket(socketPath);
  const call = async (method: string, path: string, body: object | undefined, limitMs = answerMs) => {
    const name = `${method} ${path}`;
    const text = body === undefined ? undefined : JSON.stringify(body);
    if (text !== undefined && Buffer.byteLength(text) > maxBodyBytes)
      throw new ApiRefusal(name, `the request is longer than the ${maxBodyBytes} bytes that the API takes`);
    const answer = await exchange({ agent, socketPath, method, path, text, limitMs });
    if (answer.status === (method === 'GET' ? 200 : 204)) return answer.text;
    throw new ApiRefusal(name, faultOf(answer));
  };
  return {
    put: async (path, body, limitMs) => {
      await call('PUT', path, body, limitMs);
    },
    patch: async (path, body, limitMs) => {
      await call('PATCH', path, body, limitMs);
    },
    get: async (path, limitMs) => parseJson(await call('GET', path, undefined, limitMs)),
    close: () => agent.destroy(),
  };
}

interface Exchange {
  readonly agent: Agent;
  readonly socketPath: string;
  readonly method: string;
  readonly path: string;
  readonly text: string | undefined;
  readonly limitMs: number;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function exchange(wanted: Exchange): Promise<Answer> {
  const { agent, socketPath, method, path, text, limitMs } = wanted;
  const call = `${method} ${path}`;
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  // Chunked bodies are not read by its server, hence the length.
  const body = text === undefined ? {} : { 'Content-Length': Buffer.byteLength(text) };
  const headers = {
    Host: 'localhost',
    Accept: 'application/json',
    'Content-Type': 'application/json',
    ...body,
  };
  const sent = request({ agent, socketPath, method, path, headers, maxHeaderSize: 8192 });
  const late = setTimeout(() => {
    reject(new ApiSilence(call, limitMs));
    sent.destroy();
  }, limitMs);
  sent.on('response', (response) => {
    readAnswer(response).then(resolve, (error: Error) => {
      reject(new ApiBreak(call, error));
      sent.destroy();
    });
  });
  sent.on('error', (error) => reject(new ApiBreak(call, error)));
  sent.end(text);
  return promise.finally(() => clearTimeout(late));
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) throw new Error('an answer that is no bytes');
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new Error(`an answer of more than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
}

function faultOf({ status, text }: Answer): string {
  const fault = faultSchema.safeParse(parseJson(text));
  return fault.success ? fault.data : `an answer with status ${status}: ${plainWords(text, 200)}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
