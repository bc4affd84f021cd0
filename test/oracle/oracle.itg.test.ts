import {
  closeSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { copySnapshot, type QemuSnapshot } from '../../src/engine/qemu/snapshot.ts';
import { closeRun, openRun } from '../../src/host/cleanup.ts';
import { buildOracle } from './build.ts';
import {
  type Accelerator,
  bootOracle,
  type OracleOptions,
  oracleCycle,
  oracleRam,
  tryBootOracle,
} from './guest.ts';
import { createModel, differingPages, firstFreePage, type MemoryModel, pageBytes } from './model.ts';
import {
  contiguous,
  countOrder,
  type Operation,
  type Order,
  scattered,
  strided,
  type Walk,
  wholePage,
} from './order.ts';

const ramBytes = 48 * 1024 * 1024;
const ramPages = ramBytes / pageBytes;
/** Pages for orders; the last MiB is left out because the firmware's tables are there. */
const arena = { start: firstFreePage, pages: ramPages - 256 - firstFreePage };
const cyclesOfChain = 10;
const kvmBootLimitMs = 20_000;

const workDir = mkdtempSync(join(tmpdir(), 'snapgate-oracle-'));
const quiet = { info: () => {}, warning: () => {}, detail: () => {} };
const run = openRun(workDir, join(workDir, 'cache'), quiet, new AbortController().signal);
const elf = await buildOracle(run, run.dir);
const kvm = await tryBootOracle(run, guestUnder('kvm'), kvmBootLimitMs);
const bases: [Accelerator, QemuSnapshot][] = [['tcg', await bootOracle(run, guestUnder('tcg'))]];
if (typeof kvm !== 'string') bases.push(['kvm', kvm]);
const found = typeof kvm === 'string' ? `tcg (kvm does not: ${kvm})` : 'tcg, kvm';

afterAll(() => {
  closeRun(run.dir);
  rmSync(workDir, { recursive: true, force: true });
});

describe(`oracle under the accelerators that boot it here: ${found}`, () => {
  describe.each(bases)('%s', (accelerator, base) => {
    const touched = dwordsUnder(accelerator);
    const baseRam = readFileSync(oracleRam(base));

    test('the base snapshot holds what was ordered before it', () => {
      const model = createModel(() => Buffer.alloc(pageBytes));
      model.apply(populate(touched));
      const pages = Array.from({ length: arena.pages }, (_, index) => arena.start + index);
      const differs = (page: number) =>
        !dwordsOf(pageOf(baseRam, page), touched).equals(dwordsOf(model.page(page), touched));
      expect(pages.filter(differs)).toEqual([]);
    });

    describe.each([0, 1, 7, 200, 5000])('%i pages', (count) => {
      test.each(layouts)('$name: exact in each of ten chained cycles', async ({ walk }) => {
        await withChain(base, baseRam, async (chain) => {
          for (const { operation, turn, salt } of writes)
            await chain.cycle([{ operation, walk: walk(count, turn), salt, dwords: touched }]);
        });
      });
    });

    test.each(edges)('$name: exact in each of ten chained cycles', async ({ orders }) => {
      await withChain(base, baseRam, async (chain) => {
        for (let cycle = 0; cycle < cyclesOfChain; cycle += 1) await chain.cycle(orders(cycle, touched));
      });
    });

    test('a restored guest goes on where it was paused: its counter counts on', async () => {
      await withChain(base, baseRam, async (chain) => {
        for (let cycle = 1; cycle <= cyclesOfChain; cycle += 1)
          expect(await chain.cycle([countOrder])).toEqual([cycle]);
      });
    });
  });
});

type Dwords = NonNullable<Order['dwords']>;

/** A KVM without nested paging emulates the guest, at half a microsecond an instruction: there a part of each page must do. */
function dwordsUnder(accelerator: Accelerator): Dwords {
  return accelerator === 'kvm' ? { first: 500, count: 6 } : wholePage;
}

function guestUnder(accelerator: Accelerator): OracleOptions {
  const dir = join(run.dir, `base-${accelerator}`);
  mkdirSync(dir);
  return { elf, accelerator, ramBytes, dir, orders: [populate(dwordsUnder(accelerator))] };
}

function populate(dwords: Dwords): Order {
  return { operation: 'noise', walk: contiguous(arena.start, arena.pages), salt: 1, dwords };
}

/** Walks of `count` pages; another `turn`, other pages. */
const layouts: { name: string; walk: (count: number, turn: number) => Walk }[] = [
  {
    name: 'contiguous',
    walk: (count, turn) => contiguous(arena.start + ((turn * 977) % (arena.pages - count)), count),
  },
  {
    name: 'scattered',
    walk: (count, turn) =>
      turn % 2 === 0 && count > 0
        ? strided(arena.start + (turn % 3), Math.floor((arena.pages - 3) / count), count)
        : scattered(arena.start, arena.pages, count, turn * 7919),
  },
];

/** What is written in each of ten cycles; the same `turn`, the same pages. */
const writes: readonly { operation: Operation; turn: number; salt: number }[] = [
  { operation: 'noise', turn: 0, salt: 100 },
  { operation: 'same', turn: 0, salt: 0 },
  // Zeroes over content, zeroes over zeroes, content over zeroes.
  { operation: 'zero', turn: 0, salt: 0 },
  { operation: 'zero', turn: 0, salt: 0 },
  { operation: 'fill', turn: 0, salt: 104 },
  { operation: 'zero', turn: 1, salt: 0 },
  { operation: 'same', turn: 1, salt: 0 },
  // One byte of each page: with what it holds, then inverted.
  { operation: 'touch', turn: 2, salt: 5 },
  { operation: 'flip', turn: 2, salt: 9 },
  { operation: 'noise', turn: 3, salt: 109 },
];

const firstDword: Dwords = { first: 0, count: 1 };
const lastPage = ramPages - 1;
const pagesPerBlock = 512;

/** One byte of one page is inverted. */
function flip(page: number, offset: number): Order {
  return { operation: 'flip', walk: contiguous(page, 1), salt: offset, dwords: firstDword };
}

const edges: { name: string; orders: (cycle: number, dwords: Dwords) => Order[] }[] = [
  {
    name: 'first and last page of memory',
    orders: (cycle) => [flip(0, cycle), flip(lastPage, pageBytes - 1 - cycle)],
  },
  {
    name: 'all pages of one 2 MiB block',
    orders: (cycle, dwords) => {
      const walk = contiguous((cycle + 1) * pagesPerBlock, pagesPerBlock);
      return [{ operation: 'noise', walk, salt: 300 + cycle, dwords }];
    },
  },
  {
    name: 'one page in each 2 MiB block, first or last of it by turns',
    orders: (cycle, dwords) => {
      const start = pagesPerBlock + (cycle % 2) * (pagesPerBlock - 1);
      const walk = strided(start, pagesPerBlock, ramPages / pagesPerBlock - 2);
      return [{ operation: 'fill', walk, salt: 400 + cycle, dwords }];
    },
  },
  {
    name: 'two pages on either side of a 2 MiB border',
    orders: (cycle) => {
      const border = (cycle + 2) * pagesPerBlock;
      return [flip(border - 1, pageBytes - 1), flip(border, 0)];
    },
  },
  {
    name: 'a page written again and again counts once, changed and changed back it is unchanged',
    orders: () => [flip(5000, 7), flip(5000, 7), flip(6000, 1), flip(6000, 2), flip(6000, 3)],
  },
  {
    name: 'one byte decides whether a page is zero',
    orders: (cycle, dwords) => {
      const clear: Order = { operation: 'zero', walk: contiguous(7000, 3), salt: 0, dwords };
      return cycle === 0
        ? [clear]
        : [flip(7000, pageBytes - 1), flip(7001, 0), ...(cycle % 2 === 0 ? [flip(7002, 2048)] : [])];
    },
  },
  {
    name: 'reading writes nothing',
    orders: (cycle, dwords) => [
      { operation: 'read', walk: scattered(arena.start, arena.pages, 500, cycle), salt: 0, dwords },
    ],
  },
  {
    name: 'writes of all kinds, overlapping',
    orders: (cycle, dwords) => [
      { operation: 'noise', walk: scattered(arena.start, arena.pages, 300, cycle), salt: cycle, dwords },
      { operation: 'zero', walk: contiguous(arena.start + cycle * 50, 300), salt: 0, dwords },
      { operation: 'same', walk: strided(arena.start, 11, 300), salt: 0, dwords },
      { operation: 'fill', walk: contiguous(arena.start + cycle * 50 + 150, 300), salt: cycle, dwords },
      { operation: 'read', walk: contiguous(arena.start + cycle * 50, 100), salt: 0, dwords },
      countOrder,
    ],
  },
];

interface Chain {
  /** A cycle in which the guest does the orders, held against the model and against the two whole memory files; its answers. */
  cycle(orders: readonly Order[]): Promise<number[]>;
}

/** A chain of its own from a copy of `base`. */
async function withChain(
  base: QemuSnapshot,
  baseRam: Buffer,
  work: (chain: Chain) => Promise<void>,
): Promise<void> {
  const dir = mkdtempSync(join(run.dir, 'chain-'));
  try {
    await work(openChain(await copySnapshot(run, base, dir), baseRam));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function openChain(snapshot: QemuSnapshot, baseRam: Buffer): Chain {
  const model = createModel((page) => pageOf(baseRam, page));
  let before = Buffer.from(baseRam);
  let after = Buffer.alloc(ramBytes);
  return {
    cycle: async (orders) => {
      const answers: number[] = [];
      const { metrics } = await oracleCycle(run, snapshot, async (line) => {
        for (const order of orders) answers.push(await line.order(order));
      });
      readInto(oracleRam(snapshot), after);
      expectExact({ model, orders, answers, metrics, before, after });
      [before, after] = [after, before];
      return answers;
    },
  };
}

function readInto(path: string, buffer: Buffer): void {
  const fd = openSync(path, 'r');
  try {
    expect(readSync(fd, buffer, 0, buffer.length, 0)).toBe(fstatSync(fd).size);
  } finally {
    closeSync(fd);
  }
}

function pageOf(ram: Buffer, page: number): Buffer {
  return ram.subarray(page * pageBytes, (page + 1) * pageBytes);
}

function dwordsOf(page: Buffer, { first, count }: Dwords): Buffer {
  return page.subarray(first * 4, (first + count) * 4);
}

interface Outcome {
  readonly model: MemoryModel;
  readonly orders: readonly Order[];
  readonly answers: readonly number[];
  readonly metrics: Readonly<Record<string, number>>;
  readonly before: Buffer;
  readonly after: Buffer;
}

function expectExact({ model, orders, answers, metrics, before, after }: Outcome): void {
  model.startCycle();
  expect(answers).toEqual(orders.map((order) => model.apply(order)));
  const expected = model.expected();
  expect({
    writtenBytes: metrics['memfile.writtenBytes'],
    changedBytes: metrics['memfile.changedBytes'],
    zeroedBytes: metrics['memfile.zeroedBytes'],
    compressedBytes: metrics['memfile.compressedBytes'],
    hugeBytes: metrics['memfile.hugeBytes'],
  }).toEqual(expected.bytes);
  expect(differingPages(before, after)).toEqual([...expected.changed].toSorted((a, b) => a - b));
  for (const page of expected.changed) expect(model.page(page).equals(pageOf(after, page))).toBe(true);
}
