import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32c } from './crc32c.ts';

export interface RootAttributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
}

/**
 * Gives every inode of a file system made by `mke2fs -d` its modification time as access and change time too, which mke2fs takes
 * from the folder and nobody can set there, and the root directory its own attributes, which mke2fs passes over.
 * Layouts: https://docs.kernel.org/filesystems/ext4/ (super block, group descriptors, inode table).
 */
export function normaliseInodes(path: string, root: RootAttributes): void {
  const fd = openSync(path, 'r+');
  try {
    const layout = readLayout(fd);
    for (let group = 0; group < layout.groups; group += 1) normaliseGroup(fd, layout, group, root);
  } finally {
    closeSync(fd);
  }
}

interface Layout {
  readonly blockBytes: number;
  readonly groups: number;
  readonly inodesPerGroup: number;
  readonly inodeBytes: number;
  readonly descriptors: Buffer;
  readonly descriptorBytes: number;
  /** Undefined where the metadata carry no checksums. */
  readonly checksumSeed: number | undefined;
}

const metadataCsum = 0x400;
const csumSeed = 0x2000;
const sixtyFourBit = 0x80;
const inodeUninit = 1;
const rootInode = 2;

function readLayout(fd: number): Layout {
  const block = readAt(fd, 1024, 1024);
  const blockBytes = 1024 << block.readUInt32LE(24);
  const blocks = block.readUInt32LE(4);
  const firstBlock = block.readUInt32LE(20);
  const groups = Math.ceil((blocks - firstBlock) / block.readUInt32LE(32));
  const incompat = block.readUInt32LE(96);
  const descriptorBytes = incompat & sixtyFourBit ? block.readUInt16LE(254) : 32;
  const seed = incompat & csumSeed ? block.readUInt32LE(624) : crc32c(0xffff_ffff, block.subarray(104, 120));
  return {
    blockBytes,
    groups,
    inodesPerGroup: block.readUInt32LE(40),
    inodeBytes: block.readUInt16LE(88),
    descriptors: readAt(fd, groups * descriptorBytes, (firstBlock + 1) * blockBytes),
    descriptorBytes,
    checksumSeed: block.readUInt32LE(100) & metadataCsum ? seed : undefined,
  };
}

function normaliseGroup(fd: number, layout: Layout, group: number, root: RootAttributes): void {
  const descriptor = layout.descriptors.subarray(group * layout.descriptorBytes);
  if (descriptor.readUInt16LE(18) & inodeUninit) return;
  const used = layout.inodesPerGroup - descriptor.readUInt16LE(28);
  const high = layout.descriptorBytes >= 64 ? descriptor.readUInt32LE(40) : 0;
  const start = (high * 2 ** 32 + descriptor.readUInt32LE(8)) * layout.blockBytes;
  const inodes = readAt(fd, used * layout.inodeBytes, start);
  for (let index = 0; index < used; index += 1) {
    const inode = inodes.subarray(index * layout.inodeBytes, (index + 1) * layout.inodeBytes);
    if (inode.readUInt16LE(0) === 0) continue;
    const number = group * layout.inodesPerGroup + index + 1;
    if (number === rootInode) setAttributes(inode, root);
    copyTimes(inode);
    if (layout.checksumSeed !== undefined) setChecksum(inode, number, layout.checksumSeed);
  }
  writeSync(fd, inodes, 0, inodes.length, start);
}

function setAttributes(inode: Buffer, { mode, uid, gid, mtime }: RootAttributes): void {
  inode.writeUInt16LE(0o040000 | mode, 0);
  inode.writeUInt16LE(uid & 0xffff, 2);
  inode.writeUInt16LE(gid & 0xffff, 24);
  inode.writeUInt16LE(uid >>> 16, 120);
  inode.writeUInt16LE(gid >>> 16, 122);
  inode.writeUInt32LE(mtime, 16);
}

function copyTimes(inode: Buffer): void {
  const mtime = inode.readUInt32LE(16);
  inode.writeUInt32LE(mtime, 8);
  inode.writeUInt32LE(mtime, 12);
  if (inode.length >= 160) {
    // Fractions of ctime, mtime and atime; then the creation time with its own.
    inode.fill(0, 132, 144);
    inode.writeUInt32LE(mtime, 144);
    inode.writeUInt32LE(0, 148);
  }
}

function setChecksum(inode: Buffer, number: number, seed: number): void {
  const hasHigh = inode.length > 128 && inode.readUInt16LE(128) >= 4;
  inode.writeUInt16LE(0, 124);
  if (hasHigh) inode.writeUInt16LE(0, 130);
  const id = Buffer.alloc(4);
  id.writeUInt32LE(number);
  const checksum = crc32c(crc32c(crc32c(seed, id), inode.subarray(100, 104)), inode);
  inode.writeUInt16LE(checksum & 0xffff, 124);
  if (hasHigh) inode.writeUInt16LE(checksum >>> 16, 130);
}

function readAt(fd: number, bytes: number, position: number): Buffer {
  const data = Buffer.alloc(bytes);
  const read = readSync(fd, data, 0, bytes, position);
  if (read < bytes) throw new Error(`the file system ends at byte ${position + read}`);
  return data;
}
