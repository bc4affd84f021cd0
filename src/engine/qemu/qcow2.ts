import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import type { Extent } from '../../pages/data-extents.ts';

/*
 * Just enough of QEMU's docs/interop/qcow2.txt to make an empty overlay and to list what was written to one, without starting
 * qemu-img twice a cycle.
 */

/** Granularity of the disk's diff: a block of ext4. */
export const clusterBytes = 4096;

const sectorBytes = 512;
const clusterBits = 12;
const magic = 0x5146_49fb;
const headerBytes = 104;
const backingFormatExtension = 0xe279_2aca;
const l2Entries = clusterBytes / 8;
const firstL1Cluster = 3;
/** What one refcount block of 16-bit counts covers. */
const maxClusters = clusterBytes / 2;
const offsetMask = 0x00ff_ffff_ffff_fe00n;
const zeroFlag = 1n;

/**
 * Makes `path` an overlay of `bytes` bytes in which nothing is written yet; what is not is read from `backing`. A last part of a sector
 * counts as one: QEMU would leave it out.
 */
export function createOverlay(
  path: string,
  bytes: number,
  backing: { readonly path: string; readonly format: 'raw' | 'qcow2' },
): void {
  const l1Size = Math.ceil(bytes / (clusterBytes * l2Entries));
  const clusters = firstL1Cluster + Math.ceil((l1Size * 8) / clusterBytes);
  if (clusters > maxClusters) throw new RangeError(`a disk of ${bytes} bytes is too large for an overlay`);
  const file = Buffer.alloc(clusters * clusterBytes);
  writeHeader(file, Math.ceil(bytes / sectorBytes) * sectorBytes, l1Size, backing);
  file.writeBigUInt64BE(BigInt(2 * clusterBytes), clusterBytes);
  for (let cluster = 0; cluster < clusters; cluster += 1)
    file.writeUInt16BE(1, 2 * clusterBytes + cluster * 2);
  writeFileSync(path, file, { mode: 0o600 });
}

/** What was written to an overlay of this module's making, ascending; clusters that were zeroed count. */
export function writtenExtents(path: string): Extent[] {
  const fd = openSync(path, 'r');
  try {
    const header = readAt(fd, 0, headerBytes);
    if (header.readUInt32BE(0) !== magic || header.readUInt32BE(20) !== clusterBits)
      throw new Error(`${path} is not an overlay of ${clusterBytes}-byte clusters`);
    const l1 = readAt(fd, Number(header.readBigUInt64BE(40)), header.readUInt32BE(36) * 8);
    return mergeClusters(writtenClusters(fd, l1));
  } finally {
    closeSync(fd);
  }
}

function writeHeader(
  file: Buffer,
  bytes: number,
  l1Size: number,
  backing: { readonly path: string; readonly format: string },
): void {
  const name = Buffer.from(backing.path);
  const nameOffset = headerBytes + 24;
  if (name.length > 1023) throw new RangeError(`the path of the disk is too long: ${backing.path}`);
  file.writeUInt32BE(magic, 0);
  file.writeUInt32BE(3, 4);
  file.writeBigUInt64BE(BigInt(nameOffset), 8);
  file.writeUInt32BE(name.length, 16);
  file.writeUInt32BE(clusterBits, 20);
  file.writeBigUInt64BE(BigInt(bytes), 24);
  file.writeUInt32BE(l1Size, 36);
  file.writeBigUInt64BE(BigInt(firstL1Cluster * clusterBytes), 40);
  file.writeBigUInt64BE(BigInt(clusterBytes), 48);
  file.writeUInt32BE(1, 56);
  file.writeUInt32BE(4, 96);
  file.writeUInt32BE(headerBytes, 100);
  file.writeUInt32BE(backingFormatExtension, headerBytes);
  file.writeUInt32BE(backing.format.length, headerBytes + 4);
  file.write(backing.format, headerBytes + 8, 'latin1');
  name.copy(file, nameOffset);
}

function* writtenClusters(fd: number, l1: Buffer): Generator<number> {
  for (let index = 0; index < l1.length / 8; index += 1) {
    const table = Number(l1.readBigUInt64BE(index * 8) & offsetMask);
    if (table === 0) continue;
    const l2 = readAt(fd, table, clusterBytes);
    for (let entry = 0; entry < l2Entries; entry += 1)
      if ((l2.readBigUInt64BE(entry * 8) & (offsetMask | zeroFlag)) !== 0n) yield index * l2Entries + entry;
  }
}

function mergeClusters(clusters: Iterable<number>): Extent[] {
  const extents: { offset: number; bytes: number }[] = [];
  for (const cluster of clusters) {
    const offset = cluster * clusterBytes;
    const last = extents.at(-1);
    if (last && last.offset + last.bytes === offset) last.bytes += clusterBytes;
    else extents.push({ offset, bytes: clusterBytes });
  }
  return extents;
}

function readAt(fd: number, position: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  // A table at the end of the file may be sparse or cut short: what is not there is zero.
  readSync(fd, buffer, 0, bytes, position);
  return buffer;
}
