import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** SHA-256 of a file's content, or of a part of it, in hex; the file is streamed. */
export async function sha256OfFile(
  path: string,
  part?: { readonly start: number; readonly bytes: number },
): Promise<string> {
  const hash = createHash('sha256');
  if (part?.bytes === 0) return hash.digest('hex');
  const range = part && { start: part.start, end: part.start + part.bytes - 1 };
  await pipeline(createReadStream(path, { ...range, highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}
