import { closeSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { seededRandom } from '../stats/random.ts';

export const pageBytes = 4096;

/** Pages of a file that have data, by number; all else is holes. */
export type SparsePages = ReadonlyMap<number, Buffer>;

export function writeSparse(path: string, lengthBytes: number, pages: SparsePages): void {
  const file = openSync(path, 'w');
  try {
    for (const [page, content] of pages) writeSync(file, content, 0, pageBytes, page * pageBytes);
    ftruncateSync(file, lengthBytes);
    // What the file takes of the file system may grow while it is written back.
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The whole file, holes as zeros. */
export function wholeContent(lengthBytes: number, pages: SparsePages): Buffer {
  const content = Buffer.alloc(lengthBytes);
  for (const [page, bytes] of pages) content.set(bytes, page * pageBytes);
  return content;
}

/** Runs of pages all over a file: of zeros, of few contents that repeat, and of random bytes. */
export function scatteredPages(seed: number, filePages: number, runs: number): Map<number, Buffer> {
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const pages = new Map<number, Buffer>();
  for (let run = 0; run < runs; run += 1) {
    const first = below(filePages);
    const end = Math.min(filePages, first + 1 + below(9));
    for (let page = first; page < end; page += 1) pages.set(page, contentOf(random));
  }
  return pages;
}

function contentOf(random: () => number): Buffer {
  const kind = random();
  if (kind < 0.25) return Buffer.alloc(pageBytes);
  if (kind < 0.5) return Buffer.alloc(pageBytes, 1 + Math.floor(random() * 5));
  return Buffer.from(Uint8Array.from({ length: pageBytes }, () => Math.floor(random() * 256)));
}
