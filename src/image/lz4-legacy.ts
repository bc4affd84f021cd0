import { decodeLz4Block, Lz4Error } from '../host/lz4-block.ts';

/** Of the frame that `lz4 -l` writes and Linux kernels are in (lz4_Frame_format.md, "Legacy frame"). */
export const lz4LegacyMagic = Buffer.from([0x02, 0x21, 0x4c, 0x18]);

/** What a block holds at most, decompressed. */
const blockBytes = 8 * 1024 ** 2;

/**
 * Decompresses a legacy LZ4 frame, a block of at most 8 MiB at a time. Each block's memory is used again for the next one.
 *
 * @throws Lz4Error where the data are damaged
 */
export function* lz4LegacyBlocks(frame: Buffer): Generator<Buffer> {
  if (!frame.subarray(0, 4).equals(lz4LegacyMagic)) throw new Lz4Error('is no legacy frame');
  const block = Buffer.allocUnsafe(blockBytes);
  let at = 4;
  while (at < frame.length) {
    if (frame.length - at < 4) throw new Lz4Error('is cut short');
    const bytes = frame.readUInt32LE(at);
    at += 4;
    // Frames may follow one another, each with its magic number.
    if (bytes === lz4LegacyMagic.readUInt32LE(0)) continue;
    if (bytes > frame.length - at) throw new Lz4Error('has a block that is cut short');
    yield block.subarray(0, decodeLz4Block(frame.subarray(at, at + bytes), block, 0));
    at += bytes;
  }
}
