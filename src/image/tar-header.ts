import { damagedTar } from './tar-error.ts';

export const blockBytes = 512;

/** One 512-byte header, as it stands. Strings are bytes (latin1): names in a tar have no encoding. */
export interface RawHeader {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtime: number;
  readonly type: string;
  readonly link: string;
  readonly major: number;
  readonly minor: number;
}

/** Parses a header block (POSIX.1-2001 pax, "ustar Interchange Format"; GNU tar's `tar.h`); undefined for a block of zeros, the end. */
export function parseHeader(block: Buffer, position: number): RawHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  if (checksumOf(block) !== number(block, 148, 8)) throw damagedTar(`no tar header at byte ${position}`);
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  const field = (start: number, length: number) => wholeNumber(number(block, start, length), position);
  const sizeBytes = field(124, 12);
  if (sizeBytes < 0) throw damagedTar(`a negative size in the header at byte ${position}`);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: field(100, 8) & 0o7777,
    uid: field(108, 8),
    gid: field(116, 8),
    sizeBytes,
    mtime: field(136, 12),
    type: String.fromCharCode(block.readUInt8(156)),
    link: text(block, 157, 100),
    major: number(block, 329, 8),
    minor: number(block, 337, 8),
  };
}

/** Bytes that a member of this size takes in the archive. */
export function padded(bytes: number): number {
  return Math.ceil(bytes / blockBytes) * blockBytes;
}

/** A number field: octal digits, or base 256 with the top bit set (GNU); NaN for anything else. */
export function number(block: Buffer, start: number, length: number): number {
  const field = block.subarray(start, start + length);
  const first = field[0] ?? 0;
  if ((first & 0x80) === 0) {
    const digits = text(block, start, length).trim();
    return digits === '' ? 0 : Number.parseInt(digits, 8);
  }
  let value = first & 0x40 ? -1 : 0;
  for (const [index, byte] of field.entries())
    value = index === 0 ? value * 64 + (byte & 0x3f) : value * 256 + byte;
  return value;
}

function wholeNumber(value: number, position: number): number {
  if (!Number.isSafeInteger(value))
    throw damagedTar(`a number that is none in the header at byte ${position}`);
  return value;
}

function text(block: Buffer, start: number, length: number): string {
  const field = block.toString('latin1', start, start + length);
  const end = field.indexOf('\0');
  return end === -1 ? field : field.slice(0, end);
}

function checksumOf(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let index = 0; index < blockBytes; index += 1)
    if (index < 148 || index >= 156) sum += block[index] ?? 0;
  return sum;
}
