import { constants, zstdCompressSync } from 'node:zlib';
import { pageBytes } from './page-set.ts';

/** Pages under zstd level 1, cut into frames of 1,024 pages. */
export interface PageFrames {
  add(page: Uint8Array): void;
  /** Bytes of all frames together. */
  finish(): number;
}

const framePages = 1024;
const levelOne = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export function createPageFrames(): PageFrames {
  let buffer = new Uint8Array(64 * pageBytes);
  let pages = 0;
  let bytes = 0;
  const flush = () => {
    if (pages > 0) bytes += zstdCompressSync(buffer.subarray(0, pages * pageBytes), levelOne).length;
    pages = 0;
  };
  return {
    add(page) {
      if (pages * pageBytes === buffer.length) buffer = doubled(buffer);
      buffer.set(page, pages * pageBytes);
      pages += 1;
      if (pages === framePages) flush();
    },
    finish() {
      flush();
      return bytes;
    },
  };
}

function doubled(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(buffer.length * 2);
  larger.set(buffer);
  return larger;
}
