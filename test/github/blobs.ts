import { createHash, randomUUID } from 'node:crypto';
import type { Answer, Incoming } from './loopback.ts';

/** Blobs behind signed addresses, as a cache's archives and artifacts are kept. */
export interface BlobStore {
  /** A new blob's name; without content until something is uploaded. */
  create(content?: Buffer): string;
  read(name: string): Buffer | undefined;
  replace(name: string, content: Buffer): void;
  /** Address that is good for what the caller may do with it; `.zip` and such at its end tells a client what it is. */
  signedUrl(baseUrl: string, name: string, suffix?: string): string;
  /** Undefined for a path that is none of a blob. */
  answer(incoming: Incoming): Answer | undefined;
}

/**
 * The part of Azure's block blobs that the toolkit uses (learn.microsoft.com, "Put Blob", "Put Block", "Put Block List"): one PUT, or blocks
 * and a list of them; GET with ranges. As with Azure, a request that carries somebody's token beside the signature is refused.
 */
export function createBlobStore(): BlobStore {
  const blobs = new Map<string, Buffer>();
  const blocks = new Map<string, Buffer>();
  const signature = randomUUID();
  const put = (name: string, { url, body }: Incoming): Answer => {
    const kind = url.searchParams.get('comp');
    if (kind === 'block') blocks.set(`${name} ${url.searchParams.get('blockid')}`, body);
    else blobs.set(name, kind === 'blocklist' ? joined(name, body.toString('utf8'), blocks) : body);
    return {
      status: 201,
      headers: { etag: '"1"', 'last-modified': new Date(0).toUTCString(), 'x-ms-request-id': 'r' },
    };
  };
  return {
    create: (content) => {
      const name = randomUUID();
      if (content) blobs.set(name, content);
      return name;
    },
    read: (name) => blobs.get(name),
    replace: (name, content) => blobs.set(name, content),
    signedUrl: (baseUrl, name, suffix = '') =>
      `${baseUrl}/blob/${name}${suffix}?sig=${signature}&se=2099-01-01`,
    answer: (incoming) => {
      const [, name] = /^\/blob\/([0-9a-f-]{36})(?:\.\w+)?$/.exec(incoming.url.pathname) ?? [];
      if (name === undefined) return undefined;
      if (incoming.headers.authorization !== undefined)
        return { status: 400, body: 'InvalidAuthenticationInfo' };
      if (incoming.url.searchParams.get('sig') !== signature)
        return { status: 403, body: 'AuthenticationFailed' };
      if (incoming.method === 'PUT') return put(name, incoming);
      const content = blobs.get(name);
      return content === undefined ? { status: 404, body: 'BlobNotFound' } : ranged(content, incoming);
    },
  };
}

function joined(name: string, list: string, blocks: ReadonlyMap<string, Buffer>): Buffer {
  const ids = [...list.matchAll(/<Latest>([^<]+)<\/Latest>/g)].map(([, id]) => id);
  return Buffer.concat(ids.flatMap((id) => blocks.get(`${name} ${id}`) ?? []));
}

function ranged(content: Buffer, { method, url, headers }: Incoming): Answer {
  const type = url.pathname.endsWith('.zip') ? 'application/zip' : 'application/octet-stream';
  const common = { 'content-type': type, 'accept-ranges': 'bytes', etag: '"1"' };
  if (method === 'HEAD') return { status: 200, headers: common };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
  if (from === undefined) return { status: 200, headers: common, body: content };
  const end = Math.min(to ? Number(to) : content.length - 1, content.length - 1);
  return {
    status: 206,
    headers: { ...common, 'content-range': `bytes ${from}-${end}/${content.length}` },
    body: content.subarray(Number(from), end + 1),
  };
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
