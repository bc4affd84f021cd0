import { decodeLz4Block, Lz4Error } from '../host/lz4-block.ts';
import type { ByteSource } from './byte-source.ts';
import { createXxhash32, xxhash32 } from './xxhash32.ts';

/*
 * Reader of LZ4 frames (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md), as far as e2b writes them:
 * one frame, no dictionary. It is here because no decoder on npm in plain JavaScript both verifies the checksums of a frame and lets the
 * caller bound what it puts out before it is in memory.
 */

const magic = 0x184d2204;
const blockSizes: readonly number[] = [0, 0, 0, 0, 65_536, 262_144, 1_048_576, 4_194_304];
/** How far back a match may reach, over blocks too where they are linked. */
const historyBytes = 65_536;
const storedFlag = 0x8000_0000;

/** A writer fills its blocks but for the last, and those before a flush; what is cut much finer takes long to read, and holds little. */
const minMeanBlockBytes = 4096;
const sparedBlocks = 16;

/** No LZ4 block grows more than this many times: what claims to is not one. */
export const maxLz4Expansion = 255;

/**
 * The content of the one frame in `source` from `start` to its end, block by block; each is a view that holds until the next is asked for.
 *
 * @param limit bytes of content; one more is an error
 * @throws Lz4Error for a broken frame, a wrong checksum, bytes after the frame, and more than `limit`
 */
export function* decodeLz4Frame(source: ByteSource, start: number, limit: number): Generator<Uint8Array> {
  const reader = createReader(source, start);
  const frame = readDescriptor(reader);
  const content = createXxhash32();
  const out = new Uint8Array(historyBytes + Math.min(frame.maxBlockBytes, limit));
  let history = 0;
  let total = 0;
  let blocksLeft = sparedBlocks + limit / minMeanBlockBytes;
  for (let size = reader.u32(); size !== 0; size = reader.u32()) {
    blocksLeft -= 1;
    if (blocksLeft < 0) throw new Lz4Error('is cut into too many blocks');
    const data = readBlock(reader, frame, size);
    const end = size >= storedFlag ? store(data, out, history) : decodeLz4Block(data, out, history);
    const block = out.subarray(history, end);
    if (block.length === 0) throw new Lz4Error('has an empty block');
    total += block.length;
    if (total > limit) throw new Lz4Error(`holds more than the ${limit} bytes that it should`);
    if (frame.contentChecksum) content.update(block);
    yield block;
    history = frame.linked ? keepHistory(out, end) : 0;
  }
  if (frame.contentChecksum && reader.u32() !== content.digest())
    throw new Lz4Error('does not match its checksum');
  if (frame.contentBytes !== undefined && frame.contentBytes !== total)
    throw new Lz4Error(`holds ${total} bytes, and says ${frame.contentBytes}`);
  if (reader.remaining() > 0) throw new Lz4Error(`has ${reader.remaining()} bytes after its end`);
}

/** The whole content of a frame whose size is known. */
export function decodeWholeLz4Frame(frame: ByteSource, bytes: number): Uint8Array {
  const content = new Uint8Array(bytes);
  let at = 0;
  for (const block of decodeLz4Frame(frame, 0, bytes)) {
    content.set(block, at);
    at += block.length;
  }
  if (at !== bytes) throw new Lz4Error(`holds ${at} bytes in place of ${bytes}`);
  return content;
}

interface Reader {
  remaining(): number;
  take(count: number): Uint8Array;
  u32(): number;
}

function createReader(source: ByteSource, start: number): Reader {
  let at = start;
  const take = (count: number) => {
    if (count > source.length - at) throw new Lz4Error('is cut short');
    const bytes = source.read(at, count);
    if (bytes.length < count) throw new Lz4Error('is cut short');
    at += count;
    return bytes;
  };
  return { remaining: () => source.length - at, take, u32: () => u32At(take(4), 0) };
}

interface FrameDescriptor {
  readonly linked: boolean;
  readonly blockChecksums: boolean;
  readonly contentChecksum: boolean;
  readonly contentBytes: number | undefined;
  readonly maxBlockBytes: number;
}

function readDescriptor(reader: Reader): FrameDescriptor {
  if (reader.u32() !== magic) throw new Lz4Error('is no LZ4 frame');
  const [flags = 0, sizes = 0] = reader.take(2);
  if (flags >>> 6 !== 1 || (flags & 0b11) !== 0 || (sizes & 0b1000_1111) !== 0)
    throw new Lz4Error('has a descriptor of another version, or a dictionary');
  const size = (flags & 0b1000) === 0 ? new Uint8Array() : reader.take(8);
  const described = Uint8Array.of(flags, sizes, ...size);
  if (reader.take(1)[0] !== ((xxhash32(described) >>> 8) & 0xff))
    throw new Lz4Error('has a descriptor that does not match its checksum');
  const maxBlockBytes = blockSizes[sizes >>> 4] ?? 0;
  if (maxBlockBytes === 0) throw new Lz4Error('has blocks of an unknown size');
  return {
    linked: (flags & 0b10_0000) === 0,
    blockChecksums: (flags & 0b1_0000) !== 0,
    contentChecksum: (flags & 0b100) !== 0,
    contentBytes: size.length === 0 ? undefined : u32At(size, 0) + u32At(size, 4) * 2 ** 32,
    maxBlockBytes,
  };
}

function readBlock(reader: Reader, frame: FrameDescriptor, size: number): Uint8Array {
  const bytes = size % storedFlag;
  if (bytes > frame.maxBlockBytes) throw new Lz4Error(`has a block of ${bytes} bytes`);
  const data = reader.take(bytes);
  if (frame.blockChecksums && reader.u32() !== xxhash32(data))
    throw new Lz4Error('has a block that does not match its checksum');
  return data;
}

function store(data: Uint8Array, out: Uint8Array, at: number): number {
  if (data.length > out.length - at) throw new Lz4Error('has a block larger than it should be');
  out.set(data, at);
  return at + data.length;
}

/** Moves the last 64 KiB before `end` to the front, where the next block's matches find them; how many there are. */
function keepHistory(out: Uint8Array, end: number): number {
  const kept = Math.min(end, historyBytes);
  out.copyWithin(0, end - kept, end);
  return kept;
}

function u32At(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at, true);
}
