import { constants, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type PageRun, pageBytes, runsOf } from '../../src/pages/page-set.ts';
import { createPageTally, type PageDiff } from '../../src/pages/page-tally.ts';
import { seededRandom } from '../stats/random.ts';

interface Page {
  readonly page: number;
  readonly before: Buffer;
  readonly after: Buffer;
}

/** The same from the words of the metrics' definitions, page by page, with nothing kept between pages. */
function trivialDiff(pages: readonly Page[]): { diff: PageDiff; changed: number[] } {
  const changed = pages.filter(({ before, after }) => before.compare(after) !== 0);
  const kept = changed.filter(({ after }) => after.some((byte) => byte !== 0));
  const blocks = pages.map(({ page }) => Math.floor((page * pageBytes) / 2 ** 21));
  const params = { [constants.ZSTD_c_compressionLevel]: 1 };
  let compressedBytes = 0;
  for (let from = 0; from < kept.length; from += 1024) {
    const frame = Buffer.concat(kept.slice(from, from + 1024).map(({ after }) => after));
    compressedBytes += zstdCompressSync(frame, { params }).length;
  }
  const diff = {
    writtenBytes: pages.length * pageBytes,
    changedBytes: changed.length * pageBytes,
    zeroedBytes: (changed.length - kept.length) * pageBytes,
    compressedBytes,
    hugeBytes: new Set(blocks).size * 2 ** 21,
  };
  return { diff, changed: changed.map(({ page }) => page) };
}

function tally(pages: readonly Page[], maxRun: number): { diff: PageDiff; changed: number[] } {
  const counter = createPageTally();
  const changed: PageRun[] = [];
  const numbers = Uint32Array.from(pages.map(({ page }) => page));
  let at = 0;
  for (const { first, count } of runsOf(numbers, maxRun)) {
    const part = pages.slice(at, at + count);
    const before = Buffer.concat(part.map((each) => each.before));
    const after = Buffer.concat(part.map((each) => each.after));
    changed.push(...counter.add(first, before, after));
    at += count;
  }
  const numbersOf = ({ first, count }: PageRun) => Array.from({ length: count }, (_, i) => first + i);
  return { diff: counter.finish(), changed: changed.flatMap(numbersOf) };
}

/** Pages of all kinds among `span` page numbers: same content, zeroed, one byte changed, text, noise. */
function randomPages(seed: number, count: number, span: number): Page[] {
  const random = seededRandom(seed);
  const numbers = new Set<number>();
  while (numbers.size < count) numbers.add(Math.floor(random() * span));
  const noise = Buffer.from(Array.from({ length: 3 * pageBytes }, () => Math.floor(random() * 256)));
  const content = () => {
    const page = Buffer.alloc(pageBytes);
    const kind = random();
    if (kind < 0.25) return page;
    if (kind < 0.6) return page.fill(`line ${Math.floor(random() * 1000)}\n`);
    noise.copy(page, 0, Math.floor(random() * 2 * pageBytes));
    return page;
  };
  return [...numbers]
    .toSorted((a, b) => a - b)
    .map((page) => {
      const before = content();
      const after = random() < 0.3 ? Buffer.from(before) : content();
      if (random() < 0.2) {
        const at = Math.floor(random() * pageBytes);
        after.writeUInt8(after.readUInt8(at) ^ 1, at);
      }
      return { page, before, after };
    });
}

describe('createPageTally', () => {
  it.each([
    ['no page', 0, 1],
    ['one page', 1, 1 << 20],
    ['few pages far apart', 60, 1 << 20],
    ['many in a row', 700, 800],
    ['more than one frame of compression', 2000, 6000],
  ])('agrees with a trivial implementation: %s', (_what, count, span) => {
    const pages = randomPages(count + 1, count, span);
    const expected = trivialDiff(pages);
    for (const maxRun of [1, 256]) expect(tally(pages, maxRun)).toEqual(expected);
  });

  it('counts a 2 MiB block once, though its pages come in many calls', () => {
    const [zero, one] = [Buffer.alloc(pageBytes), Buffer.alloc(pageBytes, 1)];
    const pages = [511, 512, 700, 1023, 1024].map((page) => ({ page, before: zero, after: one }));
    expect(tally(pages, 1).diff.hugeBytes).toBe(3 * 2 ** 21);
  });
});
