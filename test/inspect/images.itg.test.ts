import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { inspectPaths } from '../../src/inspect/inspect.ts';
import type { InspectedItem } from '../../src/inspect/record.ts';
import { openTestRun } from '../baseline/test-run.ts';
import { pageBytes, type SparsePages, scatteredPages, wholeContent, writeSparse } from './sparse-files.ts';

const folder = mkdtempSync('/var/tmp/snapgate-inspect-');
const { run, [Symbol.dispose]: close } = openTestRun(folder);
afterAll(() => {
  close();
  rmSync(folder, { recursive: true });
});

const blockSizes = [4096, 16_384, 65_536, 2_097_152];

function blocksOf(content: Buffer, blockBytes: number): Buffer[] {
  return Array.from({ length: Math.ceil(content.length / blockBytes) }, (_, index) =>
    content.subarray(index * blockBytes, (index + 1) * blockBytes),
  );
}

function isZero(content: Buffer): boolean {
  return content.every((byte) => byte === 0);
}

/** As the record says it is counted, over again: frames of 1,024 pages. */
function compressed(pages: readonly Buffer[]): number {
  let bytes = 0;
  for (let at = 0; at < pages.length; at += 1024)
    bytes += zstdCompressSync(Buffer.concat(pages.slice(at, at + 1024)), {
      params: { [constants.ZSTD_c_compressionLevel]: 1 },
    }).length;
  return bytes;
}

/** Every byte looked at, contents as strings: slow, and plain. */
function contentOracle(pages: readonly Buffer[]) {
  const seen = new Map<string, number>();
  for (const page of pages) {
    const key = page.toString('hex');
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  const zeros = seen.get('00'.repeat(pageBytes)) ?? 0;
  const distinct = seen.size - (zeros > 0 ? 1 : 0);
  return {
    zeroBytes: zeros * pageBytes,
    distinctBytes: distinct * pageBytes,
    duplicateBytes: (pages.length - zeros - distinct) * pageBytes,
    duplicatesExact: true,
  };
}

function imageOracle(path: string, lengthBytes: number, pages: SparsePages) {
  const inOrder = [...pages].sort(([a], [b]) => a - b);
  const huge = new Set(inOrder.map(([page]) => Math.floor(page / 512)));
  const hugeNonZero = new Set(
    inOrder.filter(([, content]) => !isZero(content)).map(([page]) => Math.floor(page / 512)),
  );
  return {
    kind: 'image',
    path,
    lengthBytes,
    allocatedBytes: statSync(join(folder, path)).blocks * 512,
    dataBytes: pages.size * pageBytes,
    holeBytes: lengthBytes - pages.size * pageBytes,
    ...contentOracle(inOrder.map(([, content]) => content)),
    compressedBytes: compressed(inOrder.map(([, content]) => content).filter((each) => !isZero(each))),
    hugeBytes: huge.size * 2_097_152,
    hugeNonZeroBytes: hugeNonZero.size * 2_097_152,
  };
}

function comparisonOracle(before: Buffer, after: Buffer) {
  const pages = blocksOf(before, pageBytes);
  const changed = blocksOf(after, pageBytes).filter((page, index) => !page.equals(pages[index] ?? page));
  return {
    blocks: blockSizes.map((blockBytes) => {
      const old = blocksOf(before, blockBytes);
      const differ = blocksOf(after, blockBytes).filter((block, index) => !block.equals(old[index] ?? block));
      return {
        blockBytes,
        changedBytes: differ.length * blockBytes,
        zeroedBytes: differ.filter(isZero).length * blockBytes,
      };
    }),
    compressedBytes: compressed(changed.filter((page) => !isZero(page))),
  };
}

/** A Diff by its pages, against the whole memory before. */
function diffOracle(before: Buffer, written: SparsePages) {
  const after = Buffer.from(before);
  for (const [page, content] of written) after.set(content, page * pageBytes);
  const { blocks, compressedBytes } = comparisonOracle(before, after);
  return {
    writtenBytes: written.size * pageBytes,
    ...contentOracle([...written].sort(([a], [b]) => a - b).map(([, content]) => content)),
    compressedBytes,
    blocks: blocks.map((block) => {
      const touched = new Set(
        [...written.keys()].map((page) => Math.floor((page * pageBytes) / block.blockBytes)),
      );
      const contents = blocksOf(after, block.blockBytes);
      const zero = [...touched].filter((index) => isZero(contents[index] ?? Buffer.alloc(0))).length;
      return {
        ...block,
        writtenBytes: touched.size * block.blockBytes,
        unchangedBytes: touched.size * block.blockBytes - block.changedBytes,
        zeroBytes: zero * block.blockBytes,
      };
    }),
    after,
  };
}

async function inspected(paths: readonly string[], parent?: string): Promise<readonly InspectedItem[]> {
  return (await inspectPaths(run, { cwd: folder, paths, parent })).items;
}

const zeroPage = Buffer.alloc(pageBytes);
const full = (pages: number, byte: number) =>
  new Map(Array.from({ length: pages }, (_, page) => [page, Buffer.alloc(pageBytes, byte)]));

/** 13 MiB and 5 pages: the last block of each size is cut off. */
const lengthBytes = 13 * 1024 ** 2 + 5 * pageBytes;
const filePages = lengthBytes / pageBytes;

describe('an image alone', () => {
  test.each<[string, number, SparsePages]>([
    ['a hole', 512 * pageBytes, new Map()],
    ['zeros that are data', 512 * pageBytes, full(512, 0)],
    ['one content all over', 512 * pageBytes, full(512, 7)],
    ['a page', pageBytes, full(1, 9)],
    ['data at the very end', 1024 * pageBytes, new Map([[1023, Buffer.alloc(pageBytes, 3)]])],
    ['more than a frame of zstd', 1100 * pageBytes, scatteredPages(5, 1100, 1000)],
    ...[1, 2, 3].map((seed): [string, number, SparsePages] => [
      `scattered ${seed}`,
      lengthBytes,
      scatteredPages(seed, filePages, 40 * seed),
    ]),
  ])('%s', async (name, length, pages) => {
    writeSparse(join(folder, name), length, pages);
    const [item, ...more] = await inspected([name]);
    expect(more).toEqual([]);
    expect(item).toMatchObject(imageOracle(name, length, pages));
    expect(item?.notes.length).toBe(pages.size * pageBytes < length ? 1 : 0);
  });
});

describe('images given together', () => {
  test.each([11, 12, 13])('each against the one before it (%i)', async (seed) => {
    const contents = [0, 1, 2].map((nth) => scatteredPages(seed * 10 + nth, filePages, 60));
    // What is shared, and a huge page that is emptied.
    contents.forEach((pages, nth) => {
      for (let page = 600; page < 700; page += 1) pages.set(page, Buffer.alloc(pageBytes, 200));
      for (let page = 1024; page < 1536; page += 1)
        if (nth === 0) pages.set(page, Buffer.alloc(pageBytes, page));
        else pages.delete(page);
    });
    const names = contents.map((pages, nth) => {
      writeSparse(join(folder, `image-${nth}`), lengthBytes, pages);
      return `image-${nth}`;
    });
    const items = await inspected(names);
    expect(items.map(({ kind }) => kind)).toEqual(['image', 'image', 'comparison', 'image', 'comparison']);
    const whole = contents.map((pages) => wholeContent(lengthBytes, pages));
    const [first = zeroPage, second = zeroPage, third = zeroPage] = whole;
    expect(items[2]).toMatchObject({ before: names[0], after: names[1], ...comparisonOracle(first, second) });
    expect(items[4]).toMatchObject({ before: names[1], after: names[2], ...comparisonOracle(second, third) });
    expect(items[2]).toMatchObject({ blocks: [{}, {}, {}, { zeroedBytes: 2_097_152 }] });
  });
});

describe('Diffs', () => {
  test.each([21, 22, 23])('over a parent, and one over another (%i)', async (seed) => {
    const parent = scatteredPages(seed, filePages, 80);
    const diffs = [1, 2, 3].map((nth) => scatteredPages(seed * 10 + nth, filePages, 30));
    // Rewritten as they were, and zeroed where all around is zero already, or is not.
    for (const [page, content] of [...parent].slice(0, 20)) diffs[0]?.set(page, content);
    for (let page = 1024; page < 1024 + 512; page += 1) parent.delete(page);
    parent.set(1024 + 500, Buffer.alloc(pageBytes, 1));
    for (const diff of diffs) for (let page = 1024; page < 1024 + 512; page += 1) diff.delete(page);
    diffs[0]?.set(1024 + 3, zeroPage);
    diffs[1]?.set(1024 + 500, zeroPage);
    writeSparse(join(folder, 'parent'), lengthBytes, parent);
    const names = diffs.map((pages, nth) => {
      writeSparse(join(folder, `diff-${nth}`), lengthBytes, pages);
      return `diff-${nth}`;
    });
    const items = await inspected(names, 'parent');
    let before = wholeContent(lengthBytes, parent);
    diffs.forEach((pages, nth) => {
      const { after, ...expected } = diffOracle(before, pages);
      expect(items[nth]).toMatchObject({
        kind: 'diff',
        path: names[nth],
        parents: ['parent', ...names.slice(0, nth)],
        lengthBytes,
        ...expected,
      });
      before = after;
    });
    expect(items.length).toBe(3);
  });

  test('that wrote nothing, and one without holes', async () => {
    writeSparse(join(folder, 'base'), 600 * pageBytes, full(600, 1));
    writeSparse(join(folder, 'nothing'), 600 * pageBytes, new Map());
    writeSparse(join(folder, 'all'), 600 * pageBytes, full(600, 1));
    const [nothing, all] = await inspected(['nothing', 'all'], 'base');
    expect(nothing).toMatchObject({ writtenBytes: 0, compressedBytes: 0, notes: [] });
    expect(all).toMatchObject({
      writtenBytes: 600 * pageBytes,
      blocks: [{ unchangedBytes: 600 * pageBytes, changedBytes: 0 }, {}, {}, {}],
    });
    expect(all?.notes).toEqual([expect.stringContaining('no holes')]);
  });
});
