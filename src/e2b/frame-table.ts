import { FormatError, type LittleEndianReader } from './little-endian.ts';

export const compressions = ['none', 'zstd', 'lz4'] as const;
export type Compression = (typeof compressions)[number];

/** A part of a build's data that is compressed by itself. */
export interface Frame {
  readonly rawOffsetBytes: number;
  readonly rawBytes: number;
  readonly storedOffsetBytes: number;
  readonly storedBytes: number;
}

/** The frames of a build's data, ascending, as far as a header needs them: there may be gaps. */
export interface FrameTable {
  readonly compression: Compression;
  readonly count: number;
  frame(index: number): Frame;
  /** The frame that holds a byte of the data; undefined where the header has left it out. */
  find(rawOffsetBytes: number): Frame | undefined;
}

/** As many as e2b takes: 2 TiB in frames of 2 MiB. */
const maxFrames = 1024 * 1024;
/** u64 and u64 offsets, i32 and i32 sizes. */
const frameEntryBytes = 24;
/** Far above the 2 MiB that e2b cuts data into; a frame is in memory whole. */
const maxFrameBytes = 64 * 1024 * 1024;

/** @throws FormatError for a table that is no table, or whose frames are not in order */
export function readFrameTable(reader: LittleEndianReader): FrameTable | undefined {
  const type = reader.u32();
  const count = reader.u32();
  if (type === 0 && count > 0) throw new FormatError('has frames of data that is not compressed');
  const compression = compressions[type];
  if (compression === undefined) throw new FormatError(`has data of an unknown compression, ${type}`);
  if (count > maxFrames || count > reader.remaining() / frameEntryBytes)
    throw new FormatError(`says that it has ${count} frames, more than it could hold`);
  return count === 0 ? undefined : readFrames(reader, compression, count);
}

function readFrames(reader: LittleEndianReader, compression: Compression, count: number): FrameTable {
  const [rawOffsets, storedOffsets] = [new Float64Array(count), new Float64Array(count)];
  const [rawSizes, storedSizes] = [new Int32Array(count), new Int32Array(count)];
  let [rawEnd, storedEnd] = [0, 0];
  for (let index = 0; index < count; index += 1) {
    const rawOffset = reader.size('the offset of a frame');
    const storedOffset = reader.size('the offset of a frame');
    const [raw, stored] = [reader.i32(), reader.i32()];
    if (raw <= 0 || stored <= 0 || raw > maxFrameBytes || stored > 2 * maxFrameBytes)
      throw new FormatError(`has a frame of ${raw} bytes, stored as ${stored}`);
    if (rawOffset < rawEnd || storedOffset < storedEnd)
      throw new FormatError(`has frames that overlap or are not in order, number ${index}`);
    rawOffsets[index] = rawOffset;
    storedOffsets[index] = storedOffset;
    rawSizes[index] = raw;
    storedSizes[index] = stored;
    [rawEnd, storedEnd] = [rawOffset + raw, storedOffset + stored];
  }
  const frame = (index: number): Frame => ({
    rawOffsetBytes: rawOffsets[index] ?? 0,
    rawBytes: rawSizes[index] ?? 0,
    storedOffsetBytes: storedOffsets[index] ?? 0,
    storedBytes: storedSizes[index] ?? 0,
  });
  const find = (offset: number) => {
    const found = frame(lastNotBehind(rawOffsets, offset));
    return offset >= found.rawOffsetBytes && offset < found.rawOffsetBytes + found.rawBytes
      ? found
      : undefined;
  };
  return { compression, count, frame, find };
}

/** Index of the last offset that is not behind `offset`; 0 where all are. */
function lastNotBehind(offsets: Float64Array, offset: number): number {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((offsets[middle] ?? 0) > offset) high = middle;
    else low = middle + 1;
  }
  return Math.max(0, low - 1);
}
