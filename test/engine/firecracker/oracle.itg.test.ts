import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  copySnapshot,
  type FirecrackerSnapshot,
  memoryPathOf,
} from '../../../src/engine/firecracker/snapshot.ts';
import { processesOf } from '../../e2e/leftovers.ts';
import { buildOracle64 } from '../../oracle/build.ts';
import { bootFirecrackerOracle, firecrackerOracleCycle } from '../../oracle/firecracker.ts';
import { createModel, differingPages, firstFreePage, pageBytes } from '../../oracle/model.ts';
import { contiguous, countOrder, type Order, scattered, strided } from '../../oracle/order.ts';
import { openBench } from '../guests.ts';
import { hashesOf } from '../hashes-of.ts';
import { fakeHost } from './bench.ts';

/*
 * The oracle guest on a FAKE Firecracker over a real QEMU under TCG: its pages are written by a real guest, its Diff files hold real pages. By hand the
 * same runs on the real one, where its floor of two pages comes on top.
 */

const bench = openBench();
const { run } = bench;
afterAll(() => {
  try {
    expect(processesOf(run.id)).toEqual([]);
  } finally {
    bench.close();
  }
});

const memoryBytes = 32 * 1024 * 1024;
const arena = { start: firstFreePage, pages: memoryBytes / pageBytes - 256 - firstFreePage };
const elf = await buildOracle64(run, run.dir);
/** What the real one's 1.16 does on load without devices: VMClock and VMGenID. And two pages as of a ring, marked and not written. */
const floor = { written: [0xde, 0xdf], marked: [0x900, 0x901] };
const { fake, host } = fakeHost(bench, 'fake', { floor });
const populate: Order = { operation: 'noise', walk: contiguous(arena.start, arena.pages), salt: 1 };
const base = await bootFirecrackerOracle(run, host, {
  elf,
  memoryBytes,
  dir: join(run.dir, 'base'),
  orders: [populate],
});

let chains = 0;

async function newChain(): Promise<FirecrackerSnapshot> {
  chains += 1;
  return copySnapshot(run, base.snapshot, bench.folder(`chain-${chains}`));
}

test('the floor is what Firecracker writes and marks without the guest', () => {
  expect([...base.snapshot.floor]).toEqual([...floor.written, ...floor.marked]);
  expect(base.notes).toEqual([
    'Firecracker itself writes 4 pages (16.0 KiB) in a cycle without the guest running',
  ]);
});

/** The order of each cycle of a chain. */
const chainsOf: readonly [string, (count: number, cycle: number) => Order][] = [
  [
    'noise, strided',
    (count, cycle) => ({
      operation: 'noise',
      walk: strided(arena.start, 1 + (cycle % 3), count),
      salt: cycle,
    }),
  ],
  [
    'same content, scattered',
    (count, cycle) => ({
      operation: 'same',
      walk: scattered(arena.start, arena.pages, count, cycle * 7919),
      salt: 0,
    }),
  ],
  [
    'zeroes, contiguous',
    (count) => ({ operation: 'zero', walk: contiguous(arena.start + 64, count), salt: 0 }),
  ],
];

describe.each([0, 1, 7, 200])('%i pages', (count) => {
  test.each(chainsOf)('%s: exact in each cycle of a chain', async (_name, orderOf) => {
    const chain = await newChain();
    for (let cycle = 1; cycle <= 4; cycle += 1) await exactCycle(chain, [orderOf(count, cycle)], true);
  });
});

test('the guest goes on where it was paused, cycle after cycle', async () => {
  const chain = await newChain();
  for (let cycle = 1; cycle <= 8; cycle += 1)
    expect(await exactCycle(chain, [countOrder], true)).toEqual([cycle]);
});

test('without advance the parent stays as it is, byte for byte, and each cycle begins from it', async () => {
  const chain = await newChain();
  const before = hashesOf(chain.dir);
  for (let time = 0; time < 3; time += 1) {
    expect(await exactCycle(chain, [countOrder], false)).toEqual([1]);
    expect(hashesOf(chain.dir)).toEqual(before);
  }
});

test('a fork goes its own way', async () => {
  const chain = await newChain();
  await exactCycle(chain, [countOrder], true);
  const fork = await copySnapshot(run, chain, bench.folder('fork'));
  const before = hashesOf(chain.dir);
  await exactCycle(fork, [countOrder, countOrder], true);
  expect(hashesOf(chain.dir)).toEqual(before);
  expect(await exactCycle(chain, [countOrder], true)).toEqual([2]);
  expect(await exactCycle(fork, [countOrder], true)).toEqual([4]);
});

test.each(['1.7.0', '1.12.1', '1.13.0', '1.14.4'])('exact on %s too', async (version) => {
  const old = fakeHost(bench, `fake-${version}`, { version, floor: { written: [], marked: [] } });
  const { snapshot } = await bootFirecrackerOracle(run, old.host, {
    elf,
    memoryBytes,
    dir: join(run.dir, `base-${version}`),
  });
  const order: Order = { operation: 'noise', walk: strided(arena.start, 3, 7), salt: 5 };
  const { metrics, notes } = await firecrackerOracleCycle(run, old.host, snapshot, (line) =>
    line.order(order),
  );
  expect(metrics['memfile.writtenBytes']).toBe(7 * pageBytes);
  expect(notes).toEqual([]);
});

describe('a Diff that is not what the process has written', () => {
  test.each([
    [
      'leaves pages out',
      { kind: 'omit-pages', count: 2 } as const,
      /^Firecracker's Diff holds 9 pages, and its process has written 9; 2 that it has written are not in the Diff \(pages 0x[0-9a-f]+, 0x[0-9a-f]+\)$/,
    ],
    [
      'holds pages that nobody wrote',
      { kind: 'add-pages', pages: [0x700, 0x701, 0x703, 0x705, 0x707, 0x709] } as const,
      /^Firecracker's Diff holds 17 pages, and its process has written 9; 6 in the Diff were not written and are no rings \(pages 0x700, 0x701, 0x703, 0x705, 0x707, …\)$/,
    ],
  ])('that %s is reported', async (_what, act, note) => {
    const chain = await newChain();
    const order: Order = { operation: 'noise', walk: strided(arena.start, 3, 7), salt: 5 };
    const before = bench.logged.length;
    fake.configure({ faults: [{ at: 'PUT /snapshot/create', act }] });
    try {
      const { notes } = await firecrackerOracleCycle(run, host, chain, (line) => line.order(order));
      expect(notes).toEqual([expect.stringMatching(note)]);
      expect(bench.logged.slice(before)).toEqual([...notes]);
    } finally {
      fake.configure({ faults: [] });
    }
  });
});

/** A cycle in which the guest does the orders, held against the model, the floor and the two whole memory files; its answers. */
async function exactCycle(
  chain: FirecrackerSnapshot,
  orders: readonly Order[],
  advance: boolean,
): Promise<number[]> {
  const before = readFileSync(memoryPathOf(chain.dir));
  const model = createModel((page) => before.subarray(page * pageBytes, (page + 1) * pageBytes));
  model.startCycle();
  const answers: number[] = [];
  const { metrics, notes } = await firecrackerOracleCycle(
    run,
    host,
    chain,
    async (line) => {
      for (const order of orders) answers.push(await line.order(order));
    },
    advance,
  );
  expect(notes).toEqual([]);
  expect(answers).toEqual(orders.map((order) => model.apply(order)));
  const { written, changed, bytes } = model.expected();
  expect({
    written: metrics['memfile.writtenBytes'],
    changed: metrics['memfile.changedBytes'],
    zeroed: metrics['memfile.zeroedBytes'],
    compressed: metrics['memfile.compressedBytes'],
  }).toEqual({
    // The floor's pages are written with what they held, and are none of the arena's.
    written: new Set([...written, ...floor.written, ...floor.marked]).size * pageBytes,
    changed: bytes.changedBytes,
    zeroed: bytes.zeroedBytes,
    compressed: bytes.compressedBytes,
  });
  const after = readFileSync(memoryPathOf(chain.dir));
  expect(differingPages(before, after)).toEqual(advance ? [...changed].toSorted((a, b) => a - b) : []);
  return answers;
}
