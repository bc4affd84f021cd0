import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

const blockBytes = 512;
const zstdMagic = 0xfd2fb528;

/** What a poisoner makes of a file in a cache's archive. */
export type EditFile = (name: string, content: Buffer) => Buffer;

/** A cache's archive (tar under zstd or gzip, as the toolkit makes it) with other content in its files. */
export function editArchive(archive: Buffer, edit: EditFile): Buffer {
  if (archive.length > 4 && archive.readUInt32LE(0) === zstdMagic) {
    // The toolkit compresses with a window of 2^30 bytes (`--long=30`).
    const tar = zstdDecompressSync(archive, { params: { [constants.ZSTD_d_windowLogMax]: 30 } });
    return zstdCompressSync(editTar(tar, edit));
  }
  return gzipSync(editTar(gunzipSync(archive), edit));
}

function editTar(tar: Buffer, edit: EditFile): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + blockBytes <= tar.length && tar[at] !== 0; ) {
    const header = Buffer.from(tar.subarray(at, at + blockBytes));
    const size = Number.parseInt(header.toString('latin1', 124, 135), 8);
    const content = tar.subarray(at + blockBytes, at + blockBytes + size);
    const isFile = header[156] === 0x30 || header[156] === 0;
    const next = isFile ? edit(nameIn(header), content) : content;
    parts.push(withSize(header, next.length), next, Buffer.alloc(padding(next.length)));
    at += blockBytes + size + padding(size);
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]);
}

function nameIn(header: Buffer): string {
  return header.toString('utf8', 0, 100).replace(/\0.*$/s, '');
}

function withSize(header: Buffer, size: number): Buffer {
  header.write(`${size.toString(8).padStart(11, '0')} `, 124, 'latin1');
  header.write(' '.repeat(8), 148, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

function padding(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}
