import { expect, test } from 'vitest';
import { disagreement } from '../../../src/engine/firecracker/self-check.ts';
import { pageSetOfPairs, pagesOfExtents } from '../../../src/pages/extent-pages.ts';

const pages = (...numbers: number[]) => Uint32Array.from(numbers);

test.each([
  ['nothing at all', pages(), pages(), pages()],
  ['the same pages', pages(1, 5, 9), pages(1, 5, 9), pages()],
  ['rings that nobody wrote to', pages(1, 5, 7, 9), pages(1, 9), pages(5, 7)],
  ['rings that were written to', pages(1, 5, 7), pages(1, 5, 7), pages(5, 7)],
])('%s: they agree', (_what, diff, pagemap, floor) => {
  expect(disagreement({ diff, pagemap, floor })).toBeUndefined();
});

test.each([
  [
    pages(1),
    pages(1, 2, 300),
    pages(),
    "Firecracker's Diff holds 1 pages, and its process has written 3; 2 that it has written are not in the Diff (pages 0x2, 0x12c)",
  ],
  [
    pages(1, 2),
    pages(1),
    pages(3),
    "Firecracker's Diff holds 2 pages, and its process has written 1; 1 in the Diff were not written and are no rings (pages 0x2)",
  ],
  [
    pages(2, 7),
    pages(1, 7),
    pages(),
    "Firecracker's Diff holds 2 pages, and its process has written 2; 1 that it has written are not in the Diff (pages 0x1); 1 in the Diff were not written and are no rings (pages 0x2)",
  ],
])('a page too many or too few is told (%#)', (diff, pagemap, floor, sentence) => {
  expect(disagreement({ diff, pagemap, floor })).toBe(sentence);
});

test('a pagemap that cannot be read is told', () => {
  expect(disagreement({ diff: pages(), pagemap: { unreadable: 'EACCES' }, floor: pages() })).toBe(
    "Firecracker's Diff could not be held against the pagemap of its process: EACCES",
  );
});

test.each([
  [[], []],
  [[{ offset: 0, bytes: 4096 }], [0]],
  [
    [
      { offset: 8192, bytes: 12_288 },
      { offset: 40_960, bytes: 4096 },
    ],
    [2, 3, 4, 10],
  ],
  // Blocks smaller than a page: each page once.
  [
    [
      { offset: 1024, bytes: 1024 },
      { offset: 3072, bytes: 2048 },
    ],
    [0, 1],
  ],
])('extents %j are pages %j', (extents, expected) => {
  expect([...pageSetOfPairs(pagesOfExtents(extents))]).toEqual(expected);
});
