import { createServer } from 'node:http';

/** A proxy that takes down whom a process wants to reach beyond the loopback, and lets it reach nobody. */
export interface ProxyTrap extends AsyncDisposable {
  /** Variables by which a process, its libraries and Node itself, goes through it. */
  readonly env: Readonly<Record<string, string>>;
  /** `HOST:PORT` of each attempt. */
  readonly wanted: readonly string[];
}

export async function startProxyTrap(): Promise<ProxyTrap> {
  const wanted: string[] = [];
  const server = createServer((request, response) => {
    wanted.push(new URL(request.url ?? '/', 'http://unknown').host);
    response.writeHead(502).end();
  });
  server.on('connect', (request, socket) => {
    wanted.push(request.url ?? '');
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = `http://127.0.0.1:${address.port}`;
  return {
    wanted,
    env: { http_proxy: url, https_proxy: url, no_proxy: '127.0.0.1', NODE_USE_ENV_PROXY: '1' },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
