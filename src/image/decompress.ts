import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { errnoOf, SnapgateError } from '../host/error.ts';
import { killGroup, packageOf, startProcess } from '../host/process.ts';
import type { Run } from '../host/run.ts';

/** Part of a file: from `start`, `bytes` long. */
export interface FilePart {
  readonly path: string;
  readonly start: number;
  readonly bytes: number;
}

/** Reads a part of a file, decompressed (gzip, zstd, xz) where its first bytes say that it is compressed, and passes it to `use`. */
export async function withContent<T>(
  run: Run,
  part: FilePart,
  use: (content: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
  const format = compressionOf(await readStart(part, 6));
  const raw = createReadStream(part.path, {
    start: part.start,
    end: part.start + part.bytes - 1,
    highWaterMark: 1024 ** 2,
  });
  if (format === 'none') return use(raw).finally(() => raw.destroy());
  if (format === 'xz') return withXz(run, raw, use);
  const decoder: Transform =
    format === 'gzip'
      ? createGunzip({ chunkSize: 256 * 1024 })
      : createZstdDecompress({ chunkSize: 256 * 1024 });
  const content = pipeline(raw, decoder, () => {});
  try {
    return await use(content);
  } catch (error) {
    throw damaged(error, part.path, format);
  } finally {
    content.destroy();
  }
}

/** The first bytes of a part, fewer where it is shorter. */
export async function readStart(part: FilePart, bytes: number): Promise<Buffer> {
  const file = await open(part.path);
  try {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(bytes),
      0,
      Math.min(bytes, part.bytes),
      part.start,
    );
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

export type Compression = 'none' | 'gzip' | 'zstd' | 'xz';

export function compressionOf(start: Buffer): Compression {
  if (start.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]))) return 'gzip';
  if (start.subarray(0, 4).equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))) return 'zstd';
  if (start.subarray(0, 6).equals(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]))) return 'xz';
  return 'none';
}

/** Node has no decoder for xz. */
async function withXz<T>(
  run: Run,
  raw: Readable,
  use: (content: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
  const child = startProcess(run, 'xz', ['-dc'], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  if (!child.stdin || !child.stdout) throw new Error('a pipe to xz is missing');
  const complaints: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  pipeline(raw, child.stdin, () => {});
  const stop = () => killGroup(child);
  run.signal.addEventListener('abort', stop, { once: true });
  try {
    const result = await use(child.stdout);
    child.stdout.resume();
    if ((await ended) === 0) return result;
    throw xzError(Buffer.concat(complaints).toString('utf8'));
  } catch (error) {
    child.stdout.destroy();
    stop();
    if ((await ended) !== null && complaints.length > 0)
      throw xzError(Buffer.concat(complaints).toString('utf8'));
    throw error;
  } finally {
    run.signal.removeEventListener('abort', stop);
    raw.destroy();
  }
}

function xzError(said: string): SnapgateError {
  const missing = said.includes('failed to execute');
  return missing
    ? new SnapgateError('host', 'the command xz is not on this machine', `Install it: ${packageOf('xz')}.`)
    : new SnapgateError('image', 'the archive is damaged: xz cannot read it', 'Make or download it again.', {
        details: { title: 'last lines of xz', lines: said.split('\n').slice(-10) },
      });
}

/** zlib's errors (`Z_DATA_ERROR`, `ZSTD_error_…`, an end too soon) as ours; others as they are. */
function damaged(error: unknown, path: string, format: Compression): unknown {
  const code = errnoOf(error) ?? '';
  if (!/^(Z_|ZSTD_|ERR_STREAM_PREMATURE_CLOSE)/.test(code)) return error;
  return new SnapgateError(
    'image',
    `the archive ${path} is damaged: its ${format} data end or break off (${code})`,
    'Make or download it again.',
    {
      cause: error,
    },
  );
}
