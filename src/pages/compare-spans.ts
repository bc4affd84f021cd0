import { workerData } from 'node:worker_threads';
import { pageBytes } from './page-set.ts';
import { readFully } from './whole-io.ts';

/** What blocks are compared as: a page of x86-64, one of arm with 16 KiB, one of arm with 64 KiB, a huge page. */
export const granularities = [4096, 16_384, 65_536, 2_097_152] as const;

/** What is looked at at a time: an aligned block of the largest size, in which all others lie. */
export const windowBytes = Math.max(...granularities);
export const windowPages = windowBytes / pageBytes;

/** What one thread takes at a time: little enough for two to end together, and to notice an abort. */
export const spanBytes = 16 * 1024 * 1024;

/** A comparison as its threads share it: the open files, what is to do, and what has been found. */
export interface SharedComparison {
  /** File descriptors, which are the process's and so the same in all threads. */
  readonly before: number;
  readonly after: number;
  /** Length of both files. */
  readonly bytes: number;
  /** Pairs of page numbers, from and to, ascending and apart: outside of them both files have holes. */
  readonly data: Uint32Array<SharedArrayBuffer>;
  /** [0]: the first span that no thread has taken, [1]: how many are done. */
  readonly spans: Int32Array<SharedArrayBuffer>;
  /** Blocks that changed and those of them that are zero now, for each of `granularities`. */
  readonly counts: Int32Array<SharedArrayBuffer>;
  /** A bit for each page that changed; no two threads write to one word. */
  readonly bits: Uint32Array<SharedArrayBuffer>;
}

/** The body of a worker thread: takes spans until there are no more. */
export function serveComparison(): void {
  const comparison: SharedComparison = workerData;
  const compareNext = createSpanComparer(comparison);
  while (compareNext()) {}
}

/** Compares the next span that no thread has taken; false: there is none. */
export function createSpanComparer(shared: SharedComparison): () => boolean {
  const compareWindow = createWindowComparer(shared);
  return () => {
    const from = Atomics.add(shared.spans, 0, 1) * spanBytes;
    if (from >= shared.bytes) return false;
    const to = Math.min(from + spanBytes, shared.bytes);
    if (hasData(shared.data, from, to)) for (let at = from; at < to; at += windowBytes) compareWindow(at);
    Atomics.add(shared.spans, 1, 1);
    return true;
  };
}

/** Two of them stay in a core's own cache between the read and the comparison; larger ones took a third longer, smaller ones too. */
const chunkBytes = 128 * 1024;
const chunkPages = chunkBytes / pageBytes;
const zeros = Buffer.alloc(chunkBytes);
/** Bits of a page's state. */
const changed = 1;
const notZero = 2;

function createWindowComparer(shared: SharedComparison): (from: number) => void {
  const before = Buffer.alloc(chunkBytes);
  const after = Buffer.alloc(chunkBytes);
  const states = new Uint8Array(windowPages);
  const load = createLoader(shared, before, after);
  return (from) => {
    states.fill(0);
    let differs = false;
    let isZero = true;
    for (let page = 0; page < windowPages; page += chunkPages) {
      if (!load(from + page * pageBytes)) continue;
      const chunk = states.subarray(page, page + chunkPages);
      if (Buffer.compare(before, after) !== 0) {
        differs = true;
        markPages(chunk, before, after);
      } else {
        // None of its pages changed, so that they matter to larger blocks alone, which the first that is not zero decides.
        isZero &&= Buffer.compare(after, zeros) === 0;
        if (!isZero) chunk.fill(notZero);
      }
    }
    if (!differs) return;
    for (const [index, blockBytes] of granularities.entries())
      countBlocks(states, blockBytes / pageBytes, shared.counts, 2 * index);
    setBits(states, shared.bits, from / pageBytes);
  };
}

/** Fills the buffers with the chunk at `offset`, zeros in holes and behind the end; false: both files have nothing but a hole there. */
function createLoader(
  { before: first, after: second, data, bytes }: SharedComparison,
  before: Buffer,
  after: Buffer,
): (offset: number) => boolean {
  const read = (from: number, to: number, into: number) => {
    readFully(first, before.subarray(into, into + to - from), from);
    readFully(second, after.subarray(into, into + to - from), from);
  };
  return (offset) => {
    const end = Math.min(offset + chunkBytes, bytes);
    let index = firstEndingBehind(data, offset / pageBytes);
    let filled = false;
    for (; index < data.length; index += 2) {
      const from = Math.max(offset, (data[index] ?? 0) * pageBytes);
      const to = Math.min(end, (data[index + 1] ?? 0) * pageBytes);
      if (from >= to) break;
      if (!filled && to - from < chunkBytes) {
        before.fill(0);
        after.fill(0);
      }
      filled = true;
      read(from, to, from - offset);
    }
    return filled;
  };
}

function hasData(data: Uint32Array, from: number, to: number): boolean {
  const next = data[firstEndingBehind(data, from / pageBytes)];
  return next !== undefined && next * pageBytes < to;
}

/** Where in the pairs the first one is that ends behind `page`. */
function firstEndingBehind(data: Uint32Array, page: number): number {
  let low = 0;
  let high = data.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((data[2 * middle + 1] ?? 0) > page) high = middle;
    else low = middle + 1;
  }
  return 2 * low;
}

function markPages(states: Uint8Array, before: Buffer, after: Buffer): void {
  for (let index = 0; index < states.length; index += 1) {
    const from = index * pageBytes;
    const to = from + pageBytes;
    const differs = before.compare(after, from, to, from, to) !== 0;
    const isZero = after.compare(zeros, 0, pageBytes, from, to) === 0;
    states[index] = (differs ? changed : 0) | (isZero ? 0 : notZero);
  }
}

function countBlocks(states: Uint8Array, pages: number, counts: Int32Array, into: number): void {
  let changedBlocks = 0;
  let zeroedBlocks = 0;
  for (let from = 0; from < states.length; from += pages) {
    let state = 0;
    for (let page = from; page < from + pages; page += 1) state |= states[page] ?? 0;
    if ((state & changed) === 0) continue;
    changedBlocks += 1;
    if ((state & notZero) === 0) zeroedBlocks += 1;
  }
  Atomics.add(counts, into, changedBlocks);
  Atomics.add(counts, into + 1, zeroedBlocks);
}

function setBits(states: Uint8Array, bits: Uint32Array, firstPage: number): void {
  for (const [index, state] of states.entries()) {
    if ((state & changed) === 0) continue;
    const word = (firstPage + index) >>> 5;
    bits[word] = (bits[word] ?? 0) | (1 << (index & 31));
  }
}
