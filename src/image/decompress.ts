import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { errnoOf, SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import { streamCommand } from './stream-command.ts';

/** Part of a file: from `start`, `bytes` long. */
export interface FilePart {
  readonly path: string;
  readonly start: number;
  readonly bytes: number;
}

/**
 * Reads a part of a file, decompressed (gzip, zstd, xz) where its first bytes say that it is compressed, and passes it to `use`, which
 * must read it to its end: some damage is told only there.
 */
export async function withContent<T>(
  run: Run,
  part: FilePart,
  use: (content: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
  const format = compressionOf(await readStart(part, 6));
  const raw = openPart(part);
  try {
    if (format === 'none') return await use(raw);
    if (format === 'gzip') return await withGunzip(part.path, raw, use);
    return await withCommand(run, part.path, format, raw, use);
  } finally {
    raw.destroy();
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
  if (start.subarray(0, 4).equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd])) || isSkippable(start)) return 'zstd';
  if (start.subarray(0, 6).equals(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]))) return 'xz';
  return 'none';
}

/** A frame that pzstd writes first: 0x184D2A50 to 5F (RFC 8878, 3.1.2). */
function isSkippable(start: Buffer): boolean {
  return start.length >= 4 && start.readUInt32LE(0) >>> 4 === 0x184d2a5;
}

function openPart({ path, start, bytes }: FilePart): Readable {
  if (bytes === 0) return Readable.from([]);
  return createReadStream(path, { start, end: start + bytes - 1, highWaterMark: 1024 ** 2 });
}

async function withGunzip<T>(
  path: string,
  raw: Readable,
  use: (content: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
  const content = pipeline(raw, createGunzip({ chunkSize: 256 * 1024 }), () => {});
  try {
    return await use(content);
  } catch (error) {
    throw damaged(error, path);
  } finally {
    content.destroy();
  }
}

/** Node has no decoder for xz, and its one for zstd ends after the first frame (24.21), of which a file may have many. */
function withCommand<T>(
  run: Run,
  path: string,
  command: 'xz' | 'zstd',
  raw: Readable,
  use: (content: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
  const failure = (lines: readonly string[]) =>
    new SnapgateError('image', `the archive ${path} is damaged: ${command} cannot read it`, again, {
      details: { title: `last lines of ${command}`, lines },
    });
  return streamCommand(run, { command, args: ['-dcq'], input: raw, failure }, use);
}

const again = 'Make or download it again.';

/** zlib's errors (`Z_DATA_ERROR`, an end too soon) as ours; others as they are. */
function damaged(error: unknown, path: string): unknown {
  const code = errnoOf(error) ?? '';
  if (!/^(Z_|ERR_STREAM_PREMATURE_CLOSE)/.test(code)) return error;
  return new SnapgateError(
    'image',
    `the archive ${path} is damaged: its gzip data end or break off (${code})`,
    again,
    { cause: error },
  );
}
