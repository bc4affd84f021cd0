import { xxhash32 } from '../../src/e2b/xxhash32.ts';

/** A range of a header to be written, in bytes. */
export interface RangeToWrite {
  readonly offset: number;
  readonly length: number;
  readonly buildId: string;
  readonly storageOffset: number;
}

export interface FrameToWrite {
  readonly rawBytes: number;
  readonly storedBytes: number;
}

export interface HeaderToWrite {
  readonly format: number;
  readonly blockBytes: number;
  readonly virtualBytes: number;
  readonly generation: number;
  readonly buildId: string;
  readonly baseBuildId: string;
  readonly ranges: readonly RangeToWrite[];
  /** From format 4 on: the data of each build, its frames one behind the other. */
  readonly builds?: readonly {
    readonly id: string;
    readonly rawBytes: number;
    readonly compression?: 'zstd' | 'lz4';
    readonly frames?: readonly FrameToWrite[];
  }[];
}

/** What a header has for what is stored nowhere. */
export const zeroId = '00000000-0000-0000-0000-000000000000';

/** A header as e2b lays it out. For tests: the reader is held against e2b's own writer, and not against this one alone. */
export function writeHeader(header: HeaderToWrite): Buffer {
  const metadata = Buffer.concat([
    ...[header.format, header.blockBytes, header.virtualBytes, header.generation].map(u64),
    idBytes(header.buildId),
    idBytes(header.baseBuildId),
  ]);
  if (header.format <= 3) return Buffer.concat([metadata, ...header.ranges.map(record)]);
  return wrapBlock(metadata, 0, Buffer.concat([buildsPart(header), mappingPart(header)]));
}

/** Metadata, flags, the size of what follows, and that as an LZ4 frame. */
export function wrapBlock(metadata: Buffer, flags: number, block: Buffer): Buffer {
  return Buffer.concat([metadata, Buffer.of(flags), u32(block.length), storedLz4Frame(block)]);
}

function mappingPart({ format, ranges }: HeaderToWrite): Buffer {
  if (format === 4) return Buffer.concat([u32(ranges.length), ...ranges.map(record)]);
  const stored = ranges.filter(({ buildId }) => buildId !== zeroId);
  const ids = [...new Set(stored.map(({ buildId }) => buildId))];
  const pages = (bytes: number) => bytes / 4096;
  return Buffer.concat([
    u32(ids.length),
    ...ids.map(idBytes),
    u32(stored.length),
    ...stored.map(({ offset }, at) => uvarint(pages(offset - (stored[at - 1]?.offset ?? 0)))),
    ...stored.map(({ length }) => uvarint(pages(length))),
    ...stored.map(({ storageOffset }, at) =>
      varint(pages(storageOffset - (stored[at - 1]?.storageOffset ?? 0))),
    ),
    ...stored.map(({ buildId }) => uvarint(ids.indexOf(buildId))),
  ]);
}

function buildsPart({ builds = [] }: HeaderToWrite): Buffer {
  const parts = builds.map(({ id, rawBytes, compression, frames = [] }) => {
    const type = compression === undefined ? 0 : compression === 'zstd' ? 1 : 2;
    let [raw, stored] = [0, 0];
    const entries = frames.map((frame) => {
      const entry = [u64(raw), u64(stored), u32(frame.rawBytes), u32(frame.storedBytes)];
      raw += frame.rawBytes;
      stored += frame.storedBytes;
      return Buffer.concat(entry);
    });
    const fixed = [idBytes(id), u64(rawBytes), Buffer.alloc(32), u32(type), u32(frames.length)];
    return Buffer.concat([...fixed, ...entries]);
  });
  return Buffer.concat([u32(parts.length), ...parts]);
}

function record({ offset, length, buildId, storageOffset }: RangeToWrite): Buffer {
  return Buffer.concat([u64(offset), u64(length), idBytes(buildId), u64(storageOffset)]);
}

/** A frame of blocks of 64 KiB that are stored as they are, with all checksums. */
export function storedLz4Frame(content: Uint8Array): Buffer {
  const descriptor = Buffer.of(0b0111_0100, 0b0100_0000);
  const head = Buffer.concat([u32(0x184d2204), descriptor, Buffer.of((xxhash32(descriptor) >>> 8) & 0xff)]);
  const blocks: Buffer[] = [];
  for (let at = 0; at < content.length; at += 65_536) {
    const block = content.subarray(at, at + 65_536);
    blocks.push(u32(block.length + 0x8000_0000), Buffer.from(block), u32(xxhash32(block)));
  }
  return Buffer.concat([head, ...blocks, u32(0), u32(xxhash32(content))]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function idBytes(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

function uvarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function varint(value: number): Buffer {
  return uvarint(value < 0 ? -value * 2 - 1 : value * 2);
}
