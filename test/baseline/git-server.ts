import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface GitServer extends AsyncDisposable {
  readonly url: string;
  /** The authorization of each request, in order. */
  readonly authorizations: readonly (string | undefined)[];
  /** Status that is answered instead, for a path that matches; undefined lets it pass. */
  refuse: ((path: string) => number | undefined) | undefined;
}

/** Repositories below `folder` over HTTP, by git's own http-backend, for whoever sends `authorization`; for all if it is not given. */
export async function serveGit(folder: string, authorization?: string): Promise<GitServer> {
  const authorizations: (string | undefined)[] = [];
  let refuse: GitServer['refuse'];
  const server = createServer((request, response) => {
    authorizations.push(request.headers.authorization);
    const status =
      refuse?.(request.url ?? '') ?? (request.headers.authorization === authorization ? undefined : 401);
    if (status === undefined) return serveBackend(folder, request, response);
    request.resume();
    response.writeHead(status, status === 401 ? { 'www-authenticate': 'Basic realm="git"' } : {});
    return response.end('Permission to octo/guest.git denied to github-actions[bot].');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    authorizations,
    get refuse() {
      return refuse;
    },
    set refuse(next) {
      refuse = next;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** CGI, RFC 3875: the request in the environment and on stdin, headers and body from stdout. */
function serveBackend(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      REMOTE_USER: 'x-access-token',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      ...(request.headers['content-encoding']
        ? { HTTP_CONTENT_ENCODING: String(request.headers['content-encoding']) }
        : {}),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  request.pipe(backend.stdin);
  backend.stdin.on('error', () => {});
  const chunks: Buffer[] = [];
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  backend.on('close', () => sendCgi(Buffer.concat(chunks), response));
}

function sendCgi(output: Buffer, response: ServerResponse): void {
  const end = output.indexOf('\r\n\r\n');
  const headers = output
    .toString('latin1', 0, end)
    .split('\r\n')
    .map((line) => line.split(/: (.*)/s));
  const status = headers.find(([name]) => name === 'Status')?.[1];
  response.statusCode = status === undefined ? 200 : Number.parseInt(status, 10);
  for (const [name = '', value = ''] of headers) if (name !== 'Status') response.setHeader(name, value);
  response.end(output.subarray(end + 4));
}
