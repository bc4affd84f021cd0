import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { dataExtents } from '../../src/pages/data-extents.ts';
import { openTestRun } from '../baseline/test-run.ts';

const pageBytes = 4096;
/** A disk, and a file system in memory: both have holes. */
const folders = ['/var/tmp', '/dev/shm'].map((parent) => mkdtempSync(join(parent, 'snapgate-extents-')));
const [disk = '', memory = ''] = folders;
const { run, [Symbol.dispose]: close } = openTestRun(disk);
afterAll(() => {
  close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function sparseFile(folder: string, name: string, sizeBytes: number, pages: Iterable<number>): string {
  const path = join(folder, name);
  const file = openSync(path, 'w');
  try {
    for (const page of pages)
      writeSync(file, Buffer.alloc(pageBytes, (page % 255) + 1), 0, pageBytes, page * pageBytes);
    ftruncateSync(file, sizeBytes);
  } finally {
    closeSync(file);
  }
  return path;
}

function* every(stride: number, count: number): Generator<number> {
  for (let index = 0; index < count; index += 1) yield index * stride;
}

describe.each([
  ['a disk', disk],
  ['memory', memory],
])('on %s', (_, folder) => {
  test.each<[string, number, readonly number[], readonly [number, number][]]>([
    ['nothing', 0, [], []],
    ['a hole alone', 64 * pageBytes, [], []],
    ['data alone', 3 * pageBytes, [0, 1, 2], [[0, 3]]],
    [
      'data at both ends',
      9 * pageBytes,
      [0, 8],
      [
        [0, 1],
        [8, 1],
      ],
    ],
    ['data far out', 2 ** 40, [2 ** 28 - 1], [[2 ** 28 - 1, 1]]],
    [
      'neighbours, which are one',
      99 * pageBytes,
      [7, 8, 9, 50],
      [
        [7, 3],
        [50, 1],
      ],
    ],
  ])('%s', async (name, sizeBytes, pages, extents) => {
    const path = sparseFile(folder, name, sizeBytes, pages);
    expect(await dataExtents(run, path)).toEqual(
      extents.map(([page, count]) => ({ offset: page * pageBytes, bytes: count * pageBytes })),
    );
  });

  test('more than a chunk of the map holds, each in its place', async () => {
    const path = sparseFile(folder, 'many', 2 ** 33, every(3, 20_000));
    const extents = await dataExtents(run, path);
    expect(extents).toEqual(
      [...every(3, 20_000)].map((page) => ({ offset: page * pageBytes, bytes: pageBytes })),
    );
  });

  test('of pages of zeros that were written', async () => {
    const path = join(folder, 'zeros');
    const file = openSync(path, 'w');
    writeSync(file, Buffer.alloc(pageBytes), 0, pageBytes, 5 * pageBytes);
    ftruncateSync(file, 10 * pageBytes);
    closeSync(file);
    expect(await dataExtents(run, path)).toEqual([{ offset: 5 * pageBytes, bytes: pageBytes }]);
  });
});

test('a name that looks like an option, a path of a host, or a pattern is a name', async () => {
  for (const name of ['--help', 'host:file', '*[a]', 'with\nline', ' ']) {
    const path = sparseFile(disk, name, 4 * pageBytes, [1]);
    expect(await dataExtents(run, path)).toEqual([{ offset: pageBytes, bytes: pageBytes }]);
  }
});

test('a file that is not there, and a folder', async () => {
  await expect(dataExtents(run, join(disk, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(dataExtents(run, disk)).rejects.toMatchObject({ name: 'SnapgateError', code: 'host' });
});
