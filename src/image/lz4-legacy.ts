/** Of the frame that `lz4 -l` writes and Linux kernels are in (lz4_Frame_format.md, "Legacy frame"). */
export const lz4LegacyMagic = Buffer.from([0x02, 0x21, 0x4c, 0x18]);

/** What a block holds at most, decompressed. */
const blockBytes = 8 * 1024 ** 2;

/**
 * Decompresses a legacy LZ4 frame, a block of at most 8 MiB at a time. Each block's memory is used again for the next one.
 *
 * @throws RangeError where the data are damaged
 */
export function* lz4LegacyBlocks(frame: Buffer): Generator<Buffer> {
  if (!frame.subarray(0, 4).equals(lz4LegacyMagic)) throw new RangeError('no legacy LZ4 frame');
  const block = Buffer.allocUnsafe(blockBytes);
  let at = 4;
  while (at < frame.length) {
    if (frame.length - at < 4) throw new RangeError('an LZ4 frame is cut short');
    const bytes = frame.readUInt32LE(at);
    at += 4;
    // Frames may follow one another, each with its magic number.
    if (bytes === lz4LegacyMagic.readUInt32LE(0)) continue;
    if (bytes > frame.length - at) throw new RangeError('an LZ4 block is cut short');
    yield block.subarray(0, decodeBlock(frame.subarray(at, at + bytes), block));
    at += bytes;
  }
}

/** lz4_Block_format.md: sequences of a token, literals, and a match in what was put out before; the last one is literals alone. */
function decodeBlock(input: Buffer, output: Buffer): number {
  const from = { input, at: 0 };
  let written = 0;
  while (from.at < input.length) {
    const token = readByte(from);
    const literals = readLength(from, token >>> 4);
    if (literals > input.length - from.at || literals > output.length - written)
      throw new RangeError('an LZ4 block has literals past its end');
    input.copy(output, written, from.at, from.at + literals);
    from.at += literals;
    written += literals;
    if (from.at === input.length) return written;
    const distance = readByte(from) | (readByte(from) << 8);
    const length = readLength(from, token & 15) + 4;
    if (distance === 0 || distance > written || length > output.length - written)
      throw new RangeError('an LZ4 block has a match outside of it');
    repeat(output, written, distance, length);
    written += length;
  }
  return written;
}

interface Position {
  readonly input: Buffer;
  at: number;
}

function readByte(from: Position): number {
  const byte = from.input[from.at];
  if (byte === undefined) throw new RangeError('an LZ4 block ends too soon');
  from.at += 1;
  return byte;
}

/** Four bits of the token, and where they are all set, bytes to add up to the first that is not 255. */
function readLength(from: Position, bits: number): number {
  if (bits < 15) return bits;
  let length = bits;
  let byte: number;
  do {
    byte = readByte(from);
    length += byte;
  } while (byte === 255);
  return length;
}

/** A match may overlap what it makes: a short one is then doubled up. */
function repeat(output: Buffer, at: number, distance: number, length: number): void {
  for (let done = 0; done < length; ) {
    const step = Math.min(length - done, distance + done);
    output.copyWithin(at + done, at - distance, at - distance + step);
    done += step;
  }
}
