import { join } from 'node:path';
import { serveGit } from '../baseline/git-server.ts';
import { createOrigin } from '../baseline/repository.ts';
import { type Answer, type Incoming, type LoopbackService, serveLoopback } from '../github/loopback.ts';

export interface FaultyGit extends LoopbackService {
  /** Address of the one repository. */
  readonly origin: string;
  /** Its folder. */
  readonly bare: string;
}

/** A repository over HTTP for whoever has the token, in front of which requests can be made to fail as those of the API. */
export async function startFaultyGit(folder: string, token: string): Promise<FaultyGit> {
  createOrigin(folder);
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  const behind = await serveGit(folder, `basic ${basic}`);
  const server = await serveLoopback({
    answer: (incoming) => forward(behind.url, incoming),
    errorBody: (status) => ({ message: `status ${status}` }),
  });
  return {
    ...server,
    origin: `${server.url}/origin.git`,
    bare: join(folder, 'origin.git'),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await behind[Symbol.asyncDispose]();
    },
  };
}

async function forward(to: string, { method, url, headers, body }: Incoming): Promise<Answer> {
  const passed = ['authorization', 'content-type', 'content-encoding', 'git-protocol', 'accept'];
  const answer = await fetch(`${to}${url.pathname}${url.search}`, {
    method,
    headers: passed.flatMap((name): [string, string][] => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
    ...(method === 'GET' ? {} : { body: new Uint8Array(body) }),
  });
  const type = answer.headers.get('content-type');
  const wanted = answer.headers.get('www-authenticate');
  return {
    status: answer.status,
    headers: {
      ...(type === null ? {} : { 'content-type': type }),
      ...(wanted === null ? {} : { 'www-authenticate': wanted }),
    },
    body: Buffer.from(await answer.arrayBuffer()),
  };
}
