import { constants, zstdCompressSync } from 'node:zlib';
import { type Operation, type Order, type Walk, wholePage } from './order.ts';

export const pageBytes = 4096;
const pagesPerHugeBlock = 512;
const hugeBlockBytes = 2 * 1024 * 1024;

/** Page of the guest's counter: see oracle.ld. */
export const counterPage = 0x101;
/** From here to the end of RAM, pages are free for orders: the guest's own code and counter lie below. */
export const firstFreePage = 0x102;

/** What a cycle must cost, from the model alone. */
export interface Expected {
  readonly written: ReadonlySet<number>;
  readonly changed: ReadonlySet<number>;
  readonly bytes: {
    readonly writtenBytes: number;
    readonly changedBytes: number;
    readonly zeroedBytes: number;
    readonly compressedBytes: number;
    readonly hugeBytes: number;
  };
}

/** The guest's memory as the orders say it is: a map of page to content, over the file it began with. */
export interface MemoryModel {
  /** Content of a page now. */
  page(page: number): Buffer;
  /** Does to the model what the guest does; the answer that the guest must give. */
  apply(order: Order): number;
  /** Forgets what was written, not what it holds: a cycle starts. */
  startCycle(): void;
  /** What the orders since startCycle cost. */
  expected(): Expected;
}

/** `initial` gives the content that a page had before the first order. */
export function createModel(initial: (page: number) => Buffer): MemoryModel {
  const contents = new Map<number, Buffer>();
  const before = new Map<number, Buffer>();
  const page = (number: number) => {
    const held = contents.get(number) ?? Buffer.from(initial(number));
    contents.set(number, held);
    return held;
  };
  const writable = (number: number) => {
    const content = page(number);
    if (!before.has(number)) before.set(number, Buffer.from(content));
    return content;
  };
  return {
    page,
    startCycle: () => before.clear(),
    apply: (order) => applyOrder(order, page, writable),
    expected: () => expectedCost(before, page),
  };
}

/** The pages of a walk, in the guest's order. */
export function pagesOf(walk: Walk): number[] {
  const pages: number[] = [];
  let x = BigInt(walk.x);
  while (pages.length < walk.count) {
    if (x < walk.span) pages.push(walk.start + Number(x));
    x = (x * BigInt(walk.multiplier) + BigInt(walk.increment)) & BigInt(walk.mask);
  }
  return pages;
}

type PageOf = (page: number) => Buffer;

function applyOrder(order: Order, page: PageOf, writable: PageOf): number {
  if (order.operation === 'count') return addOne(writable(counterPage));
  const pages = pagesOf(order.walk);
  if (order.operation === 'read')
    return pages.reduce((sum, number) => sumDwords(sum, dwordsOf(order, page(number))), 0);
  const write = writers[order.operation];
  for (const number of pages) {
    const content = writable(number);
    write(
      bytewise.has(order.operation) ? fromFirst(order, content) : dwordsOf(order, content),
      number,
      order.salt,
    );
  }
  return 0;
}

/** Where the guest counts the byte of a flip or touch from. */
function fromFirst({ dwords = wholePage }: Order, content: Buffer): Buffer {
  return content.subarray(dwords.first * 4);
}

function dwordsOf({ dwords = wholePage }: Order, content: Buffer): Buffer {
  return content.subarray(dwords.first * 4, (dwords.first + dwords.count) * 4);
}

function addOne(content: Buffer): number {
  content.writeUInt32LE((content.readUInt32LE(0) + 1) >>> 0, 0);
  return content.readUInt32LE(0);
}

function sumDwords(start: number, content: Buffer): number {
  let sum = start;
  for (let offset = 0; offset < content.length; offset += 4)
    sum = (((sum << 1) | (sum >>> 31)) + content.readUInt32LE(offset)) >>> 0;
  return sum;
}

const bytewise: ReadonlySet<Operation> = new Set(['flip', 'touch']);

type Writer = (content: Buffer, page: number, salt: number) => void;

const writers: Readonly<Record<Exclude<Operation, 'read' | 'count'>, Writer>> = {
  same: () => {},
  touch: () => {},
  zero: (content) => content.fill(0),
  fill: (content, page, salt) => writeWords(content, seedOf(page, salt), (word) => word),
  noise: (content, page, salt) => writeWords(content, xorshift(seedOf(page, salt)), xorshift),
  flip: (content, _page, salt) => content.writeUInt8(content.readUInt8(salt) ^ 0xff, salt),
};

function writeWords(content: Buffer, first: number, next: (word: number) => number): void {
  let word = first;
  for (let offset = 0; offset < content.length; offset += 4) {
    content.writeUInt32LE(word, offset);
    word = next(word);
  }
}

function seedOf(page: number, salt: number): number {
  return ((Math.imul(page, 0x9e3779b1) + salt) | 1) >>> 0;
}

function xorshift(word: number): number {
  let next = word ^ (word << 13);
  next ^= next >>> 17;
  next ^= next << 5;
  return next >>> 0;
}

function expectedCost(before: ReadonlyMap<number, Buffer>, page: PageOf): Expected {
  const written = new Set(before.keys());
  const changed = new Set([...before].filter(([number, old]) => !old.equals(page(number))).map(first));
  const contents = [...changed].sort((a, b) => a - b).map(page);
  const kept = contents.filter((content) => content.some((byte) => byte !== 0));
  const blocks = new Set([...written].map((number) => Math.floor(number / pagesPerHugeBlock)));
  return {
    written,
    changed,
    bytes: {
      writtenBytes: written.size * pageBytes,
      changedBytes: changed.size * pageBytes,
      zeroedBytes: (changed.size - kept.length) * pageBytes,
      compressedBytes: zstdBytes(kept),
      hugeBytes: blocks.size * hugeBlockBytes,
    },
  };
}

function first<T>(pair: readonly [T, unknown]): T {
  return pair[0];
}

/** Whole-file comparison, page by page: the trivial oracle. */
export function differingPages(a: Buffer, b: Buffer): number[] {
  const pages: number[] = [];
  for (let offset = 0; offset < Math.max(a.length, b.length); offset += pageBytes)
    if (!a.subarray(offset, offset + pageBytes).equals(b.subarray(offset, offset + pageBytes)))
      pages.push(offset / pageBytes);
  return pages;
}

const framePages = 1024;

/** The rule of memfile.compressedBytes: zstd level 1 over the pages, ascending, in frames of 1,024 of them. */
function zstdBytes(pages: readonly Buffer[]): number {
  const params = { [constants.ZSTD_c_compressionLevel]: 1 };
  let bytes = 0;
  for (let index = 0; index < pages.length; index += framePages)
    bytes += zstdCompressSync(Buffer.concat(pages.slice(index, index + framePages)), { params }).length;
  return bytes;
}
