import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import { messageOf } from '../host/error.ts';
import { readUpTo } from '../pages/whole-io.ts';
import { bytesInMemory } from './byte-source.ts';
import type { Frame, FrameTable } from './frame-table.ts';
import { brokenData } from './layer.ts';
import { decodeWholeLz4Frame } from './lz4-frame.ts';

/** One build's data, as it was before compression. */
export interface BuildDataReader {
  /** Fills `into` with what is at an offset of the data. @throws SnapgateError `record` where the data ends before, or is broken */
  read(offsetBytes: number, into: Uint8Array): void;
  close(): void;
}

/**
 * @param frames of compressed data; undefined: the file is the data
 * @throws SnapgateError `record` for what is no file
 */
export function openBuildData(path: string, frames: FrameTable | undefined): BuildDataReader {
  const fd = openDataFile(path);
  const close = () => closeSync(fd);
  if (frames === undefined) return { read: (offset, into) => readStored(fd, path, offset, into), close };
  const decode = createFrameCache((frame) => decodeFrame(fd, path, frames, frame));
  return { read: (offset, into) => readFramed(path, frames, decode, offset, into), close };
}

/** A FIFO is not waited for. */
function openDataFile(path: string): number {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw brokenData(`${path} is no file`);
}

function readStored(fd: number, path: string, offset: number, into: Uint8Array): void {
  if (readUpTo(fd, into, offset) < into.length)
    throw brokenData(`${path} ends before byte ${offset + into.length}`);
}

function readFramed(
  path: string,
  frames: FrameTable,
  decode: (frame: Frame) => Uint8Array,
  offset: number,
  into: Uint8Array,
): void {
  let filled = 0;
  while (filled < into.length) {
    const frame = frames.find(offset + filled);
    if (frame === undefined) throw brokenData(`${path}: no frame holds byte ${offset + filled} of the data`);
    const from = offset + filled - frame.rawOffsetBytes;
    const part = decode(frame).subarray(from, from + into.length - filled);
    into.set(part, filled);
    filled += part.length;
  }
}

/** Frames are read in order, or nearly: a few of them are enough. */
const keptFrames = 4;

function createFrameCache(decode: (frame: Frame) => Uint8Array): (frame: Frame) => Uint8Array {
  const kept = new Map<number, Uint8Array>();
  return (frame) => {
    const content = kept.get(frame.rawOffsetBytes) ?? decode(frame);
    kept.delete(frame.rawOffsetBytes);
    kept.set(frame.rawOffsetBytes, content);
    const oldest = kept.keys().next();
    if (kept.size > keptFrames && oldest.done !== true) kept.delete(oldest.value);
    return content;
  };
}

function decodeFrame(fd: number, path: string, { compression }: FrameTable, frame: Frame): Uint8Array {
  const stored = new Uint8Array(frame.storedBytes);
  readStored(fd, path, frame.storedOffsetBytes, stored);
  try {
    if (compression === 'lz4') return decodeWholeLz4Frame(bytesInMemory(stored), frame.rawBytes);
    const content = zstdDecompressSync(stored, { maxOutputLength: frame.rawBytes });
    if (content.length === frame.rawBytes) return content;
    throw new Error(`it holds ${content.length} bytes in place of ${frame.rawBytes}`);
  } catch (error) {
    throw brokenData(
      `${path}: the frame at byte ${frame.storedOffsetBytes} cannot be decompressed: ${messageOf(error)}`,
      error,
    );
  }
}
