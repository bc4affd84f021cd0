import { readFileSync } from 'node:fs';
import { constants, zstdCompressSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { diffOfFiles, diffOfSparse } from '../../src/pages/file-diff.ts';
import { seededRandom } from '../stats/random.ts';
import { trivialBlocks, trivialPages } from './block-oracle.ts';
import { openFileFolder } from './file-folder.ts';

const pageBytes = 4096;
const hugeBytes = 2 * 1024 ** 2;
const folder = openFileFolder();
afterAll(() => folder[Symbol.dispose]());

/** Of the pages in 20 huge pages, a third in the first five are changed by a byte, cleared, or new text. */
function randomPair(bytes: number): [Buffer, Buffer] {
  const random = seededRandom(bytes);
  const before = Buffer.alloc(bytes);
  for (let at = 0; at + 4 <= bytes; at += 64) before.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
  const after = Buffer.from(before);
  for (let at = 0; at < Math.min(bytes, 5 * hugeBytes); at += pageBytes) {
    const kind = random();
    if (kind < 0.1) after.writeUInt8(after.readUInt8(at) ^ 1, at);
    else if (kind < 0.2) after.fill(0, at, at + pageBytes);
    else if (kind < 0.3) after.fill(`line ${at}\n`, at, at + pageBytes);
  }
  return [before, after];
}

function trivialDiff(before: Buffer, after: Buffer) {
  const { changed, zeroed } = trivialPages(before, after);
  const kept = changed
    .filter((page) => !zeroed.includes(page))
    .map((page) => {
      const padded = Buffer.alloc(pageBytes);
      after.copy(padded, 0, page * pageBytes, (page + 1) * pageBytes);
      return padded;
    });
  return {
    changedBytes: changed.length * pageBytes,
    zeroedBytes: zeroed.length * pageBytes,
    compressedBytes: compressedBytes(kept),
    hugeBytes: (trivialBlocks(before, after)[3]?.changed ?? 0) * hugeBytes,
  };
}

function compressedBytes(pages: readonly Buffer[]): number {
  const params = { [constants.ZSTD_c_compressionLevel]: 1 };
  let bytes = 0;
  for (let from = 0; from < pages.length; from += 1024)
    bytes += zstdCompressSync(Buffer.concat(pages.slice(from, from + 1024)), { params }).length;
  return bytes;
}

test.each([0, pageBytes, 20 * hugeBytes, 3 * hugeBytes + 5 * pageBytes + 100])(
  'two whole files of %i bytes: changed, cleared, compressed, huge pages',
  async (bytes) => {
    const [before, after] = randomPair(bytes);
    const paths = [folder.dense('before', before), folder.sparse('after', after)] as const;
    expect(await diffOfFiles(folder.run, ...paths)).toEqual(trivialDiff(before, after));
  },
);

test('a sparse diff: its data are what was written, its holes are the parent', async () => {
  const [parent, next] = randomPair(20 * hugeBytes);
  const { changed } = trivialPages(parent, next);
  // Written and left the same: two pages, one of them in a huge page of its own.
  const written = [...changed, 9 * 512 + 3, 5 * 512 - 1].filter((page, at, all) => all.indexOf(page) === at);
  const contents = written.map(
    (page) => [page, next.subarray(page * pageBytes, (page + 1) * pageBytes)] as const,
  );
  const paths = [folder.dense('parent', parent), folder.parts('diff', parent.length, contents)] as const;
  expect(await diffOfSparse(folder.run, ...paths)).toEqual({
    ...trivialDiff(parent, next),
    writtenBytes: written.length * pageBytes,
    hugeBytes: new Set(written.map((page) => Math.floor(page / 512))).size * hugeBytes,
  });
});

test('a sparse diff that is merged into its parent makes it the next one, and says the same', async () => {
  const [parent, next] = randomPair(20 * hugeBytes);
  const { changed } = trivialPages(parent, next);
  const contents = changed.map(
    (page) => [page, next.subarray(page * pageBytes, (page + 1) * pageBytes)] as const,
  );
  const path = folder.dense('parent', parent);
  const diff = folder.parts('diff', parent.length, contents);
  const said = await diffOfSparse(folder.run, path, diff);
  expect(readFileSync(path).equals(parent)).toBe(true);
  expect(
    await diffOfSparse(folder.run, path, diff, { pages: Uint32Array.from(changed), merge: true }),
  ).toEqual(said);
  expect(readFileSync(path).equals(next)).toBe(true);
});

test('an empty sparse diff wrote nothing', async () => {
  const paths = [
    folder.dense('parent', Buffer.alloc(hugeBytes, 1)),
    folder.pages('none', hugeBytes, []),
  ] as const;
  const nothing = { writtenBytes: 0, changedBytes: 0, zeroedBytes: 0, compressedBytes: 0, hugeBytes: 0 };
  expect(await diffOfSparse(folder.run, ...paths)).toEqual(nothing);
});

test('a diff as long as something else is refused', async () => {
  const paths = [folder.pages('parent', 8192, [0]), folder.pages('diff', 4096, [0])] as const;
  await expect(diffOfSparse(folder.run, ...paths)).rejects.toMatchObject({
    name: 'SnapgateError',
    code: 'host',
  });
});
