import { closeSync, fstatSync } from 'node:fs';
import { readUpTo } from '../pages/whole-io.ts';
import { openPlainFile } from './image-file.ts';
import { naming, unfit } from './unfit.ts';

/*
 * The header of an image, as QEMU's docs/interop/qcow2.txt has it. It is read here before QEMU sees it: what a header names is a path or an
 * address of a stranger's choice.
 */

/** What is below an image, as its header names it. */
export interface BackingName {
  readonly name: string;
  /** As the header says; undefined: it does not. */
  readonly format: string | undefined;
}

export interface Qcow2Header {
  /** Table of tables: entries, and where it is in the file. */
  readonly l1: { readonly count: number; readonly offset: number };
  readonly clusterBytes: number;
  readonly virtualBytes: number;
  readonly snapshots: number;
  readonly corrupt: boolean;
  readonly backing: BackingName | undefined;
}

/** `QFI` and 0xfb, big-endian. */
const qcow2Magic = 0x5146_49fb;
const oldHeaderBytes = 72;
const headerBytes = 104;
const backingFormatExtension = 0xe279_2aca;
const maxNameBytes = 1023;
const maxClusterBytes = 2 ** 21;
/** As much as QEMU reads. */
const maxL1Bytes = 32 * 1024 * 1024;
const offsetMask = 0x00ff_ffff_ffff_fe00n;
const corruptBit = 1n << 1n;
const externalDataBit = 1n << 2n;

/** Whether a file begins as an image does. @param path as it was given @throws SnapgateError `record` for what cannot be read */
export function hasQcow2Magic(file: string, path = file): boolean {
  const fd = openPlainFile(file, path);
  try {
    const head = Buffer.alloc(4);
    return naming(path, () => readUpTo(fd, head, 0)) === 4 && head.readUInt32BE(0) === qcow2Magic;
  } finally {
    closeSync(fd);
  }
}

/** @param file for people too @throws SnapgateError `record` */
export function readQcow2Header(file: string): Qcow2Header {
  const fd = openPlainFile(file, file);
  try {
    const cluster = Buffer.alloc(Math.min(maxClusterBytes, fstatSync(fd).size));
    const read = naming(file, () => readUpTo(fd, cluster, 0));
    const header = parseQcow2Header(cluster.subarray(0, read), file);
    checkTables(fd, file, header);
    return header;
  } finally {
    closeSync(fd);
  }
}

/** QEMU takes what lies behind the end of a file for zeros: of a file that was cut short it would say that little was written. */
function checkTables(fd: number, file: string, { l1, clusterBytes }: Qcow2Header): void {
  const { size } = fstatSync(fd);
  if (l1.count * 8 > maxL1Bytes) throw broken(file, `has a table of ${l1.count} entries`);
  if (l1.offset + l1.count * 8 > size) throw broken(file, 'ends before its first table does');
  const table = Buffer.alloc(l1.count * 8);
  naming(file, () => readUpTo(fd, table, l1.offset));
  for (let at = 0; at < table.length; at += 8) {
    const offset = Number(table.readBigUInt64BE(at) & offsetMask);
    if (offset !== 0 && offset + clusterBytes > size) throw broken(file, 'ends before its tables do');
  }
}

/** @param head the first cluster, or what there is of it */
export function parseQcow2Header(head: Buffer, where: string): Qcow2Header {
  const version = head.length < oldHeaderBytes ? 0 : head.readUInt32BE(4);
  if (head.length < (version === 3 ? headerBytes : oldHeaderBytes))
    throw broken(where, `ends within its header, after ${head.length} bytes`);
  if (head.readUInt32BE(0) !== qcow2Magic || (version !== 2 && version !== 3))
    throw broken(where, `is no qcow2 image of version 2 or 3`);
  const clusterBits = head.readUInt32BE(20);
  if (clusterBits < 9 || clusterBits > 21) throw broken(where, `has clusters of 2^${clusterBits} bytes`);
  const incompatible = version === 3 ? head.readBigUInt64BE(72) : 0n;
  refuseUnread(where, head.readUInt32BE(32), incompatible);
  const virtualBytes = Number(head.readBigUInt64BE(24));
  if (!Number.isSafeInteger(virtualBytes))
    throw broken(where, `says that its disk has ${virtualBytes} bytes`);
  return {
    l1: { count: head.readUInt32BE(36), offset: Number(head.readBigUInt64BE(40)) },
    clusterBytes: 2 ** clusterBits,
    virtualBytes,
    snapshots: head.readUInt32BE(60),
    corrupt: (incompatible & corruptBit) !== 0n,
    backing: backingOf(head, where, version === 3 ? head.readUInt32BE(100) : oldHeaderBytes),
  };
}

function refuseUnread(where: string, encryption: number, incompatible: bigint): void {
  if (encryption !== 0)
    throw unfit(where, 'is encrypted', 'Inspect it where its key is, decrypted by qemu-img convert.');
  if ((incompatible & externalDataBit) !== 0n)
    throw unfit(
      where,
      'keeps its data in another file',
      'Images with an external data file are not read: inspect the data file, as a raw image.',
    );
}

function backingOf(head: Buffer, where: string, extensionsAt: number): BackingName | undefined {
  const offset = Number(head.readBigUInt64BE(8));
  if (offset === 0) return undefined;
  const length = head.readUInt32BE(16);
  if (length > maxNameBytes || offset + length > head.length)
    throw broken(where, 'names a backing file outside its first cluster');
  return {
    name: head.toString('utf8', offset, offset + length),
    format: backingFormatOf(head, extensionsAt),
  };
}

/** Extensions are a type, a length and as many bytes, to the next multiple of 8. */
function backingFormatOf(head: Buffer, start: number): string | undefined {
  for (let at = start; at + 8 <= head.length; ) {
    const type = head.readUInt32BE(at);
    const length = head.readUInt32BE(at + 4);
    if (type === 0 || length > head.length - at - 8) return undefined;
    if (type === backingFormatExtension) return head.toString('latin1', at + 8, at + 8 + length);
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return undefined;
}

function broken(where: string, what: string): Error {
  return unfit(
    where,
    what,
    'qemu-img check says what else is wrong with it. A file that was copied in part must be copied again.',
  );
}
