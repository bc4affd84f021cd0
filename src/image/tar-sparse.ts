import type { ByteReader } from './byte-reader.ts';
import { damagedTar } from './tar-error.ts';
import { blockBytes, number } from './tar-header.ts';
import type { PaxRecords } from './tar-pax.ts';

/** Where the stored bytes of a sparse file belong (GNU tar manual, "Storing Sparse Files"). */
export interface SparseLayout {
  readonly sizeBytes: number;
  readonly pieces: readonly { readonly offset: number; readonly bytes: number }[];
}

const piecesLimit = 1_000_000;

/** The old GNU format: four pieces in the header, more in extension blocks. */
export async function oldSparseLayout(header: Buffer, reader: ByteReader): Promise<SparseLayout> {
  const numbers = numbersAt(header, 386, 4);
  let more = header[482] === 1;
  while (more) {
    const block = await reader.read(blockBytes);
    if (block.length < blockBytes || numbers.length > 2 * piecesLimit)
      throw damagedTar('a sparse map without an end');
    numbers.push(...numbersAt(block, 0, 21));
    more = block[504] === 1;
  }
  return layoutOf(numbers, number(header, 483, 12));
}

/** True for pax format 1.0, whose map stands in front of the data. */
export function sparseInData(pax: PaxRecords): boolean {
  return pax.get('GNU.sparse.major') === '1';
}

/** The pax formats: 0.0 and 0.1 from the records alone; 1.0 from `map`, as far as it was read (undefined while it is not whole). */
export function paxSparseLayout(pax: PaxRecords, map?: string): SparseLayout | undefined {
  const size = Number(pax.get('GNU.sparse.realsize') ?? pax.get('GNU.sparse.size'));
  if (map !== undefined) return layoutInData(map, size);
  const joined = pax.get('GNU.sparse.map');
  if (joined !== undefined) return layoutOf(split(joined), size);
  const offsets = pax.get('GNU.sparse.offset');
  const lengths = split(pax.get('GNU.sparse.numbytes') ?? '');
  if (offsets === undefined) return undefined;
  return layoutOf(
    split(offsets).flatMap((offset, index) => [offset, lengths[index] ?? Number.NaN]),
    size,
  );
}

function layoutInData(map: string, size: number): SparseLayout | undefined {
  const lines = map.split('\n');
  const count = Number(lines[0]);
  if (!(count <= piecesLimit)) throw damagedTar('a sparse map that cannot be read');
  if (lines.length < 2 * count + 2) return undefined;
  return layoutOf(lines.slice(1, 2 * count + 1).map(Number), size);
}

function layoutOf(numbers: readonly number[], sizeBytes: number): SparseLayout {
  const pieces = [];
  let end = 0;
  for (let index = 0; index + 1 < numbers.length; index += 2) {
    const offset = numbers[index] ?? Number.NaN;
    const bytes = numbers[index + 1] ?? Number.NaN;
    if (!(offset >= end && bytes >= 0 && offset + bytes <= sizeBytes))
      throw damagedTar('a sparse map that makes no sense');
    end = offset + bytes;
    pieces.push({ offset, bytes });
  }
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw damagedTar('a sparse file without a size');
  return { sizeBytes, pieces };
}

/** Pairs of 12-byte numbers, up to the first empty one. */
function numbersAt(block: Buffer, start: number, pairs: number): number[] {
  const numbers: number[] = [];
  for (let index = 0; index < pairs && block[start + index * 24] !== 0; index += 1) {
    numbers.push(number(block, start + index * 24, 12), number(block, start + index * 24 + 12, 12));
  }
  return numbers;
}

function split(text: string): number[] {
  return text.split(',').map(Number);
}
