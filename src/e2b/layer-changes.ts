import type { Extent } from '../pages/data-extents.ts';
import { zeroBuildId } from './build-id.ts';
import type { LayerHeader } from './header.ts';
import type { MappedRange } from './mapping.ts';

/**
 * Where a layer's image may differ from its parent's: whatever the two headers do not map to the same place of the same build. That is
 * what the layer stores itself, what it has given back as zeros, and what it has found to be like some other layer. Ascending; no data
 * is read, so that the cost of a comparison follows the layer and not the image.
 */
export function* differentlyMapped(layer: LayerHeader, parent: LayerHeader): Generator<Extent> {
  const before = createCursor(parent.mapping.ranges());
  let open: { offset: number; bytes: number } | undefined;
  for (const range of layer.mapping.ranges()) {
    const end = range.offsetBytes + range.lengthBytes;
    for (let at = range.offsetBytes; at < end; ) {
      const piece = before.pieceAt(at, end);
      const differs = piece.range === undefined || !sameStorage(range, piece.range, at);
      if (differs && open !== undefined && open.offset + open.bytes === at) open.bytes += piece.endBytes - at;
      else if (differs) {
        if (open !== undefined) yield open;
        open = { offset: at, bytes: piece.endBytes - at };
      }
      at = piece.endBytes;
    }
  }
  if (open !== undefined) yield open;
}

interface Cursor {
  /** The range at an offset, if there is one, and where before `limit` that ends. Offsets are asked for in ascending order. */
  pieceAt(offset: number, limit: number): { range: MappedRange | undefined; endBytes: number };
}

function createCursor(ranges: Iterator<MappedRange>): Cursor {
  let current = ranges.next();
  return {
    pieceAt(offset, limit) {
      while (current.done !== true && current.value.offsetBytes + current.value.lengthBytes <= offset)
        current = ranges.next();
      if (current.done === true) return { range: undefined, endBytes: limit };
      const range = current.value;
      if (range.offsetBytes > offset)
        return { range: undefined, endBytes: Math.min(limit, range.offsetBytes) };
      return { range, endBytes: Math.min(limit, range.offsetBytes + range.lengthBytes) };
    },
  };
}

function sameStorage(one: MappedRange, other: MappedRange, at: number): boolean {
  return one.buildId === other.buildId && placeOf(one, at) === placeOf(other, at);
}

/** Zeros are the same wherever they are said to be stored. */
function placeOf(range: MappedRange, at: number): number {
  return range.buildId === zeroBuildId ? 0 : range.storageOffsetBytes + at - range.offsetBytes;
}
