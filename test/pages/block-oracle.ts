import type { BlockCounts } from '../../src/pages/compare-files.ts';

const pageBytes = 4096;

/** The trivial comparison of two contents of the same length: block by block and byte by byte. */
export function trivialBlocks(before: Buffer, after: Buffer): BlockCounts[] {
  return [4096, 16 * 1024, 64 * 1024, 2048 * 1024].map((blockBytes) => {
    const changed = differingBlocks(before, after, blockBytes);
    const zeroed = changed.filter((block) => isZero(blockOf(after, block, blockBytes)));
    return { blockBytes, changed: changed.length, zeroed: zeroed.length };
  });
}

export function trivialPages(before: Buffer, after: Buffer): { changed: number[]; zeroed: number[] } {
  const changed = differingBlocks(before, after, pageBytes);
  return { changed, zeroed: changed.filter((page) => isZero(blockOf(after, page, pageBytes))) };
}

function differingBlocks(before: Buffer, after: Buffer, blockBytes: number): number[] {
  return Array.from({ length: Math.ceil(before.length / blockBytes) }, (_, block) => block).filter(
    (block) => !blockOf(before, block, blockBytes).equals(blockOf(after, block, blockBytes)),
  );
}

function blockOf(content: Buffer, block: number, blockBytes: number): Buffer {
  return content.subarray(block * blockBytes, (block + 1) * blockBytes);
}

function isZero(block: Buffer): boolean {
  for (const byte of block) if (byte !== 0) return false;
  return true;
}
