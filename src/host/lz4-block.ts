/** Thrown for bytes that are no LZ4: a clause that follows the name of what should be. */
export class Lz4Error extends Error {}

/**
 * Decodes one block (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md) into `out` from `begin` on, where what precedes it is
 * history; the end of what was written.
 *
 * @throws Lz4Error for a broken block, and one that holds more than there is room for
 */
export function decodeLz4Block(data: Uint8Array, out: Uint8Array, begin: number): number {
  let from = 0;
  let to = begin;
  const longer = (length: number) => {
    let total = length;
    for (let byte = 255; byte === 255; from += 1) {
      if (from >= data.length) throw new Lz4Error('has a block that ends too soon');
      byte = data[from] ?? 0;
      total += byte;
    }
    return total;
  };
  while (from < data.length) {
    const token = data[from] ?? 0;
    from += 1;
    const literals = token >>> 4 === 15 ? longer(15) : token >>> 4;
    if (literals > data.length - from || literals > out.length - to)
      throw new Lz4Error('has a block with literals past its end');
    copyForward(data, from, out, to, literals);
    from += literals;
    to += literals;
    if (from === data.length) return to;
    const offset = (data[from] ?? 0) | ((data[from + 1] ?? 0) << 8);
    from += 2;
    const length = ((token & 15) === 15 ? longer(15) : token & 15) + 4;
    if (from > data.length) throw new Lz4Error('has a block that ends too soon');
    if (offset === 0 || offset > to || length > out.length - to)
      throw new Lz4Error('has a block with a match outside of it');
    repeat(out, to, offset, length);
    to += length;
  }
  throw new Lz4Error('has a block without its last literals');
}

/** Below this, a loop is quicker than the call. */
const shortCopy = 48;

function copyForward(data: Uint8Array, from: number, out: Uint8Array, to: number, length: number): void {
  if (length > shortCopy) out.set(data.subarray(from, from + length), to);
  else for (let index = 0; index < length; index += 1) out[to + index] = data[from + index] ?? 0;
}

/** Copies `length` bytes from `offset` back, which may be fewer: the copy then repeats them. */
function repeat(out: Uint8Array, to: number, offset: number, length: number): void {
  const from = to - offset;
  if (length <= shortCopy) {
    for (let index = 0; index < length; index += 1) out[to + index] = out[from + index] ?? 0;
    return;
  }
  for (let copied = 0; copied < length; ) {
    const count = Math.min(offset + copied, length - copied);
    out.copyWithin(to + copied, from, from + count);
    copied += count;
  }
}
