import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export interface DiskContent {
  /** SHA-256 over the disk's size and each block that is not all zero, with its place: equal for equal disks, holes or not. */
  readonly sha256: string;
  /** Bytes in blocks of 4 KiB that are not all zero. */
  readonly usedBytes: number;
}

/** What a disk image holds, passing over its zeros, of which it mostly consists. */
export function readDiskContent(path: string): DiskContent {
  const fd = openSync(path, 'r');
  try {
    return hashDisk(fd, fstatSync(fd).size);
  } finally {
    closeSync(fd);
  }
}

const chunkBytes = 1024 ** 2;
const blockBytes = 4096;
const zeros = Buffer.alloc(chunkBytes);

function hashDisk(fd: number, sizeBytes: number): DiskContent {
  const hash = createHash('sha256').update(`disk ${sizeBytes}\n`);
  const chunk = Buffer.alloc(chunkBytes);
  let usedBytes = 0;
  for (let start = 0; start < sizeBytes; start += chunkBytes) {
    const data = chunk.subarray(0, readSync(fd, chunk, 0, chunkBytes, start));
    if (isZero(data)) continue;
    for (let at = 0; at < data.length; at += blockBytes) {
      const block = data.subarray(at, at + blockBytes);
      if (isZero(block)) continue;
      usedBytes += block.length;
      hash.update(`${start + at}\n`).update(block);
    }
  }
  return { sha256: hash.digest('hex'), usedBytes };
}

function isZero(data: Buffer): boolean {
  return data.equals(zeros.subarray(0, data.length));
}
