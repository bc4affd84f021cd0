import { readUpTo } from '../pages/whole-io.ts';

/** Bytes that are read where they lie: a header may be hundreds of megabytes, and is not to be in memory whole. */
export interface ByteSource {
  readonly length: number;
  /** The `length` bytes at `offset`, which lie within the source; a view that the caller must not write to. */
  read(offset: number, length: number): Uint8Array;
}

export function bytesInMemory(bytes: Uint8Array): ByteSource {
  return { length: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

/** Part of an open file. A file that shrinks meanwhile gives fewer bytes than were asked for. */
export function bytesInFile(fd: number, length: number): ByteSource {
  return {
    length,
    read(offset, count) {
      const bytes = new Uint8Array(count);
      return bytes.subarray(0, readUpTo(fd, bytes, offset));
    },
  };
}
