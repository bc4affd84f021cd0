import type { ByteSource } from './byte-source.ts';

/** Thrown for bytes that are no header. Whoever knows the file says which. */
export class FormatError extends Error {}

/** Reads little-endian numbers off chunks of bytes, of which no more than one at a time need be in memory. */
export interface LittleEndianReader {
  /** Bytes that have not been read, of those that the chunks should hold. */
  remaining(): number;
  u8(): number;
  u32(): number;
  i32(): number;
  /** Of 64 bits, not negative and exact. @throws FormatError for any other */
  size(what: string): number;
  bytes(count: number): Uint8Array;
  /** The next `count` bytes, without a copy; holds until the next call. */
  view(count: number): DataView;
  /** Base 128, as encoding/binary of Go writes it; at most 2 ** 53. */
  uvarint(): number;
  /** As `uvarint`, zig-zag. */
  varint(): number;
  /** Asks the chunks for their end, where a checksum may be. @throws FormatError where there is more */
  end(): void;
}

/**
 * @param chunks views that each hold until the next is asked for
 * @param length bytes in all of them
 */
export function readLittleEndian(chunks: Iterator<Uint8Array>, length: number): LittleEndianReader {
  let chunk = new Uint8Array();
  let words = new DataView(chunk.buffer);
  let at = 0;
  let behind = 0;
  /** The bytes at hand are at least `count`, and begin at `at`. */
  const need = (count: number) => {
    if (chunk.length - at >= count) return;
    if (count > length - behind - at) throw new FormatError('is cut short');
    behind += at;
    chunk = withMore(chunk.subarray(at), count, chunks);
    words = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    at = 0;
  };
  /** Position of the next `count` bytes. It may change `words`, and so has a line of its own. */
  const skip = (count: number) => {
    need(count);
    at += count;
    return at - count;
  };
  const u8 = () => {
    const position = skip(1);
    return words.getUint8(position);
  };
  const uvarint = () => readUvarint(u8);
  return {
    remaining: () => length - behind - at,
    u8,
    u32() {
      const position = skip(4);
      return words.getUint32(position, true);
    },
    i32() {
      const position = skip(4);
      return words.getInt32(position, true);
    },
    size(what) {
      const position = skip(8);
      const value = words.getUint32(position, true) + words.getUint32(position + 4, true) * 2 ** 32;
      if (!Number.isSafeInteger(value)) throw new FormatError(`gives ${what} as more than 2^53`);
      return value;
    },
    bytes(count) {
      const position = skip(count);
      return chunk.slice(position, position + count);
    },
    view(count) {
      const position = skip(count);
      return new DataView(chunk.buffer, chunk.byteOffset + position, count);
    },
    uvarint,
    varint() {
      const value = uvarint();
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    },
    end() {
      const left = length - behind - at;
      if (left > 0) throw new FormatError(`has ${left} bytes after its end`);
      for (let next = chunks.next(); next.done !== true; next = chunks.next())
        if (next.value.length > 0) throw new FormatError('has bytes after its end');
    },
  };
}

/** What is left of a chunk together with as many as make `count` bytes. */
function withMore(rest: Uint8Array, count: number, chunks: Iterator<Uint8Array>): Uint8Array<ArrayBuffer> {
  const parts = [Uint8Array.from(rest)];
  let total = rest.length;
  while (total < count) {
    const next = chunks.next();
    if (next.done === true) throw new FormatError('is cut short');
    if (next.value.length === 0) continue;
    total += next.value.length;
    // The last one needs no copy by itself, but the next call of the chunks' may overwrite it.
    parts.push(Uint8Array.from(next.value));
  }
  return parts.length === 1 ? (parts[0] ?? new Uint8Array()) : joined(parts, total);
}

function joined(parts: readonly Uint8Array[], total: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function readUvarint(u8: () => number): number {
  let value = 0;
  for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
    const byte = u8();
    value += (byte % 128) * factor;
    if (byte < 128) {
      if (!Number.isSafeInteger(value)) break;
      return value;
    }
  }
  throw new FormatError('has a number of more than 53 bits');
}

const chunkBytes = 1024 * 1024;

/** A source from `start` on, in chunks. */
export function* chunksOf(source: ByteSource, start: number): Generator<Uint8Array> {
  for (let at = start; at < source.length; at += chunkBytes)
    yield source.read(at, Math.min(chunkBytes, source.length - at));
}
