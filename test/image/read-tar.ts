import { readTar, type TarEntry } from '../../src/image/tar-reader.ts';

export interface ReadMember extends TarEntry {
  readonly body: Buffer;
}

/** All members of a tar with their contents, read in chunks of `chunkBytes`. */
export async function readAll(
  archive: Buffer,
  chunkBytes = 65_536,
): Promise<{ members: ReadMember[]; hasEnd: boolean }> {
  const members: ReadMember[] = [];
  const hasEnd = await readTar(inChunks(archive, chunkBytes), 'the tar', (entry) => {
    const body = Buffer.alloc(Math.min(entry.sizeBytes, 16 * 1024 ** 2));
    members.push({ ...entry, body });
    return { write: (chunk, position) => void chunk.copy(body, position), close: () => {} };
  });
  return { members, hasEnd };
}

export async function* inChunks(data: Buffer, chunkBytes: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < data.length; start += chunkBytes)
    yield data.subarray(start, start + chunkBytes);
}
