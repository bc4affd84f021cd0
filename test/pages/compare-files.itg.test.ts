import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { comparePages } from '../../src/pages/compare-files.ts';
import { seededRandom } from '../stats/random.ts';
import { trivialBlocks, trivialPages } from './block-oracle.ts';
import { openFileFolder } from './file-folder.ts';

const kibi = 1024;
const mebi = 1024 ** 2;
const pageBytes = 4096;
const folder = openFileFolder();
afterAll(() => folder[Symbol.dispose]());
const program = join(import.meta.dirname, '../../src/compare-worker.ts');
const alone = { count: 1, program };

type Layout = 'dense' | 'sparse';

async function expectTold(before: Buffer, after: Buffer, layouts: readonly [Layout, Layout], count = 1) {
  const [first, second] = layouts;
  const paths = [folder[first]('before', before), folder[second]('after', after)] as const;
  const { bytes, blocks, changed } = await comparePages(folder.run, ...paths, { count, program });
  expect(bytes).toBe(before.length);
  expect(blocks).toEqual(trivialBlocks(before, after));
  expect([...changed]).toEqual(trivialPages(before, after).changed);
}

/** Stretches of pages of zeros and of data, in which pages and stretches are the same, changed by a byte, cleared, or new. */
function randomPair(seed: number, bytes: number): [Buffer, Buffer] {
  const random = seededRandom(seed);
  const before = Buffer.alloc(bytes);
  const after = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; ) {
    const end = Math.min(bytes, at + pageBytes * Math.ceil(2 ** (random() * 10)));
    if (random() < 0.6) before.fill(1 + Math.floor(random() * 255), at, end);
    const kind = random();
    if (kind < 0.6) before.copy(after, at, at, end);
    if (kind < 0.2) after.writeUInt8(7, at + Math.floor(random() * (end - at)));
    if (kind > 0.8) after.fill(9, at, end);
    at = end;
  }
  return [before, after];
}

const layouts: [Layout, Layout][] = [
  ['dense', 'dense'],
  ['sparse', 'sparse'],
  ['sparse', 'dense'],
  ['dense', 'sparse'],
];

describe.each(layouts)('a %s file and a %s one', (...layout) => {
  test.each([
    ['nothing', 0],
    ['a byte', 1],
    ['a page', pageBytes],
    ['a page and a sector', pageBytes + 512],
    ['a chunk', 128 * kibi],
    ['two huge pages', 4 * mebi],
    ['no whole number of huge pages', 6 * mebi + 3 * pageBytes],
    ['no whole number of anything', 19 * mebi + 77_777],
  ])('of %s are told apart as a trivial comparison does, at all four sizes', async (_, bytes) => {
    for (const seed of [1, 2, 3]) await expectTold(...randomPair(bytes + seed, bytes), layout);
  });
});

describe('one byte', () => {
  const bytes = 18 * mebi + 5 * pageBytes;
  const borders = [pageBytes, 16 * kibi, 64 * kibi, 128 * kibi, 2 * mebi, 16 * mebi, bytes];
  it.each(borders.flatMap((border) => [border - 1, border]).filter((at) => at < bytes))(
    'at %i is found, and what it clears',
    async (at) => {
      const before = Buffer.alloc(bytes);
      before.writeUInt8(1, at);
      await expectTold(before, Buffer.alloc(bytes), ['dense', 'sparse']);
      const after = Buffer.alloc(bytes, 3);
      const same = Buffer.from(after);
      after.writeUInt8(4, at);
      await expectTold(same, after, ['dense', 'dense']);
    },
  );
});

test('a larger block is cleared where what did not change in it was zero already, and only there', async () => {
  const before = Buffer.alloc(8 * mebi);
  const after = Buffer.alloc(8 * mebi);
  before.fill(1, 3 * pageBytes, 4 * pageBytes);
  for (const content of [before, after]) content.fill(1, 4 * mebi - pageBytes, 4 * mebi);
  before.fill(1, 2 * mebi, 2 * mebi + 1);
  await expectTold(before, after, ['sparse', 'sparse']);
  const { blocks } = await comparePages(folder.run, join(folder.path, 'before'), join(folder.path, 'after'));
  expect(blocks.at(-1)).toEqual({ blockBytes: 2 * mebi, changed: 2, zeroed: 1 });
});

test.each([1, 2, 3])('%i threads tell the same', async (count) => {
  await expectTold(...randomPair(99, 150 * mebi + 12_345), ['dense', 'dense'], count);
});

test('of 8 GiB with 100 MiB of data in single pages, hardly more than the data is read', async () => {
  const random = seededRandom(5);
  const all = 8 * 1024 ** 3;
  const numbers = new Set<number>();
  while (numbers.size < 25_600) numbers.add(Math.floor((random() * all) / pageBytes));
  const pages = [...numbers];
  const before = folder.pages('large-before', all, pages.slice(0, -1000));
  const after = folder.pages('large-after', all, pages.slice(1000));
  const start = readBytes();
  const { changed, blocks } = await comparePages(folder.run, before, after, { count: 2, program });
  const read = readBytes() - start;
  const sorted = (numbers: number[]) => Uint32Array.from(numbers).sort();
  expect(blocks[0]).toEqual({ blockBytes: pageBytes, changed: 2000, zeroed: 1000 });
  expect(changed).toEqual(sorted([...pages.slice(0, 1000), ...pages.slice(-1000)]));
  expect(read).toBeGreaterThanOrEqual(2 * 25_600 * pageBytes);
  // Besides them the map of each file's data, and the worker's program.
  expect(read).toBeLessThan(2 * 25_600 * pageBytes + 4 * mebi);
});

/** proc(5): what all threads of this process have read, from the page cache too. */
function readBytes(): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}

describe('refused, with both names,', () => {
  it('are lengths that differ', async () => {
    const paths = [
      folder.dense('short', Buffer.alloc(4096)),
      folder.dense('long', Buffer.alloc(8192)),
    ] as const;
    const error = {
      name: 'SnapgateError',
      code: 'host',
      message: expect.stringMatching(/short.*4096.*long.*8192/),
    };
    await expect(comparePages(folder.run, ...paths)).rejects.toMatchObject(error);
  });

  it('is a length that no memory has', async () => {
    const paths = ['huge-a', 'huge-b'].map((name) => folder.pages(name, 5 * 1024 ** 4, []));
    const [first = '', second = ''] = paths;
    await expect(comparePages(folder.run, first, second)).rejects.toThrow(/more than the 4398046511104/);
  });

  it.each(['none', 'folder', 'pipe'])('is what is no file: %s', async (name) => {
    const path = join(folder.path, name);
    if (name === 'folder') mkdirSync(path);
    if (name === 'pipe') execFileSync('mkfifo', [path]);
    const file = folder.dense('file', Buffer.alloc(1));
    for (const pair of [[path, file] as const, [file, path] as const])
      await expect(comparePages(folder.run, ...pair)).rejects.toMatchObject({
        name: 'SnapgateError',
        message: expect.stringContaining(path),
      });
  });
});

describe('threads', () => {
  const content = Buffer.alloc(80 * mebi, 1);
  const paths = [folder.dense('many-before', content), folder.dense('many-after', content)] as const;

  function threadsOf(name: string, source: string) {
    const path = join(folder.path, `${name}.mjs`);
    writeFileSync(path, `import { workerData } from 'node:worker_threads';\n${source}`);
    return { count: 2, program: path };
  }

  it.each([
    ['throws', 'throw new Error("no room left");', /many-before with .*many-after broke off: no room left/],
    ['exits', 'process.exit(3);', /broke off: a thread ended with status 3/],
    ['leaves its part undone', 'Atomics.add(workerData.spans, 1, -1);', /broke off: 4 of its 5 parts/],
  ])('one that %s ends the comparison with a sentence', async (name, source, message) => {
    const threads = workerThreads();
    await expect(comparePages(folder.run, ...paths, threadsOf(name, source))).rejects.toMatchObject({
      name: 'SnapgateError',
      message: expect.stringMatching(message),
    });
    expect(workerThreads()).toBe(threads);
  });

  it('one that is not there is an error too', async () => {
    const threads = { count: 2, program: join(folder.path, 'none.mjs') };
    await expect(comparePages(folder.run, ...paths, threads)).rejects.toThrow(/Cannot find module/);
  });

  it('end when the run does, whatever they are at', async () => {
    const own = openFileFolder();
    try {
      const threads = workerThreads();
      const hanging = comparePages(own.run, ...paths, threadsOf('hangs', 'for (;;) {}'));
      await expect.poll(workerThreads).toBe(threads + 1);
      own.abort();
      await expect(hanging).rejects.toMatchObject({ code: 'interrupted' });
      expect(workerThreads()).toBe(threads);
      await expect(comparePages(own.run, ...paths)).rejects.toMatchObject({ code: 'interrupted' });
    } finally {
      own[Symbol.dispose]();
    }
  });

  it('leave none behind, and no file open', async () => {
    const before = [workerThreads(), openFiles()];
    await comparePages(folder.run, ...paths, { count: 3, program });
    expect([workerThreads(), openFiles()]).toEqual(before);
  });

  function openFiles(): number {
    return readdirSync('/proc/self/fd').length;
  }

  /** Of this process; other threads of Node stay as long as it runs. */
  function workerThreads(): number {
    return readdirSync('/proc/self/task').filter((id) => threadName(id) === 'WorkerThread').length;
  }

  function threadName(id: string): string {
    try {
      return readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim();
    } catch {
      return '';
    }
  }
});

test('a file that becomes shorter meanwhile is an error that names it', async () => {
  const bytes = 40 * mebi;
  const paths = [
    folder.dense('cut-before', Buffer.alloc(bytes, 1)),
    folder.dense('cut-after', Buffer.alloc(bytes, 1)),
  ] as const;
  const compared = comparePages(folder.run, ...paths, alone);
  truncateSync(paths[1], mebi);
  await expect(compared).rejects.toThrow(/cut-before with .*cut-after broke off: .*ended before/);
});
