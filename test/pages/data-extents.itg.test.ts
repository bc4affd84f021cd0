import { execFileSync } from 'node:child_process';
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { dataExtents } from '../../src/pages/data-extents.ts';
import { openTestRun } from '../baseline/test-run.ts';

const pageBytes = 4096;
/** A disk, and a file system in memory: both have holes. */
const folders = ['/var/tmp', '/dev/shm'].map((parent) => mkdtempSync(join(parent, 'snapgate-extents-')));
const [disk = '', memory = ''] = folders;
const { run, [Symbol.dispose]: close } = openTestRun(disk);
afterEach(() => vi.unstubAllEnvs());
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

  test('of what was written to a file that was allocated ahead, as far as the file system says', async () => {
    const path = sparseFile(folder, 'allocated', 64 * pageBytes, []);
    execFileSync('fallocate', ['--length', String(64 * pageBytes), path]);
    writePages(path, [3, 9, 10]);
    expect(takenBytes(path)).toBeGreaterThanOrEqual(64 * pageBytes);
    expect(await dataExtents(run, path)).toEqual([
      { offset: 3 * pageBytes, bytes: pageBytes },
      { offset: 9 * pageBytes, bytes: 2 * pageBytes },
    ]);
  });

  test('of a file for which room was made behind its end', async () => {
    const path = sparseFile(folder, 'ahead', 64 * pageBytes, [1]);
    const more = ['--keep-size', '--offset', String(64 * pageBytes), '--length', String(64 * pageBytes)];
    execFileSync('fallocate', [...more, path]);
    expect(takenBytes(path)).toBeGreaterThan(64 * pageBytes);
    expect(await dataExtents(run, path)).toEqual([{ offset: pageBytes, bytes: pageBytes }]);
  });

  test('of a file whose only hole is smaller than what its extents take', async () => {
    const path = sparseFile(folder, 'scattered', 4096 * pageBytes, []);
    writePages(path, every(2, 2048));
    writePages(
      path,
      [...every(2, 2048)].map((page) => page + 1).filter((page) => page !== 101),
    );
    expect(await dataExtents(run, path)).toEqual([
      { offset: 0, bytes: 101 * pageBytes },
      { offset: 102 * pageBytes, bytes: (4096 - 102) * pageBytes },
    ]);
  });

  test('of a file that does not end with a page', async () => {
    const path = sparseFile(folder, 'odd', 100, [0]);
    expect(await dataExtents(run, path)).toEqual([{ offset: 0, bytes: 100 }]);
  });
});

/** Each on its way to the disk before this returns, where there is one. */
function writePages(path: string, pages: Iterable<number>): void {
  const file = openSync(path, 'r+');
  try {
    for (const page of pages) writeSync(file, Buffer.alloc(pageBytes, 7), 0, pageBytes, page * pageBytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function takenBytes(path: string): number {
  return statSync(path).blocks * 512;
}

test('what the environment would have perl load or run changes nothing', async () => {
  const path = sparseFile(disk, 'environment', 4 * pageBytes, [1]);
  vi.stubEnv('PERL5OPT', '-Mnot::there');
  vi.stubEnv('PERLIO', ':crlf');
  expect(await dataExtents(run, path)).toEqual([{ offset: pageBytes, bytes: pageBytes }]);
});

test('a machine without perl is told of the package', async () => {
  const commands = join(disk, 'commands');
  mkdirSync(commands);
  symlinkSync('/usr/bin/setpriv', join(commands, 'setpriv'));
  vi.stubEnv('PATH', commands);
  await expect(dataExtents(run, sparseFile(disk, 'told', pageBytes, [0]))).rejects.toMatchObject({
    code: 'host',
    remedy: expect.stringContaining('perl-base'),
    details: { lines: [expect.stringContaining('failed to execute perl')] },
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

test('a pipe is not waited for', async () => {
  const path = join(disk, 'pipe');
  execFileSync('mkfifo', [path]);
  await expect(dataExtents(run, path)).rejects.toMatchObject({ name: 'SnapgateError', code: 'host' });
});

test('a path that cannot be opened', async () => {
  const path = join(disk, 'loop');
  symlinkSync(path, path);
  await expect(dataExtents(run, path)).rejects.toMatchObject({ name: 'SnapgateError', code: 'host' });
});
