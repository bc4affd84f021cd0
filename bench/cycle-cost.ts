import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from '../src/host/process.ts';
import type { Run } from '../src/host/run.ts';
import { formatBytes } from '../src/host/units.ts';
import { buildOracle } from '../test/oracle/build.ts';
import { bootOracle, oracleCycle, oracleRam } from '../test/oracle/guest.ts';
import { firstFreePage, pageBytes } from '../test/oracle/model.ts';
import { contiguous, type Order, scattered } from '../test/oracle/order.ts';
import type { Bench, BenchResult, Table } from './bench.ts';
import { formatMs, formatTimes, medianMs, type Times, timed } from './timing.ts';

const mebi = 1024 ** 2;
const fewPages = 200;

/** How much is measured. */
export interface Extent {
  /** Guests' memory in bytes, ascending: small, middle, large. */
  readonly sizes: readonly [number, number, number];
  /** Pages dirtied in a cycle of the middle size. */
  readonly dirtyPages: readonly number[];
  readonly repetitions: number;
  readonly peerRepetitions: number;
}

/** What a cycle costs, and what it would cost to compare the two memory files as a whole. */
export const cycleCost: Bench = {
  about: 'a cycle, from the start of its process to the stored snapshot, against cmp and qemu-img compare',
  run: (run) =>
    measureCosts(run, {
      sizes: [256 * mebi, 1024 * mebi, 2048 * mebi],
      dirtyPages: [200, 2_000, 20_000],
      repetitions: 7,
      peerRepetitions: 3,
    }),
};

interface Costs {
  readonly ramBytes: number;
  readonly cycle: Times;
  readonly cmp: Times;
  readonly compare: Times;
}

export async function measureCosts(run: Run, extent: Extent): Promise<BenchResult> {
  const { sizes } = extent;
  const elf = await buildOracle(run, run.dir);
  const bySize: Costs[] = [];
  for (const ramBytes of sizes) {
    run.log.info(`${formatBytes(ramBytes)}, ${fewPages} dirty pages`);
    bySize.push(await withGuest(run, elf, ramBytes, (guest) => costsOf(run, guest, ramBytes, extent)));
  }
  run.log.info('by dirty pages');
  const byPages = await withGuest(run, elf, sizes[1], (guest) => costsByPages(guest, sizes[1], extent));
  return {
    tables: [sizeTable(bySize), pagesTable(byPages, sizes[1])],
    notes: [
      'A cycle is all of it: a new QEMU, the restore, the writes by the guest, the pause, the diff to the page, and the next snapshot stored.',
      'cmp and qemu-img compare read the two whole memory files once more after such a cycle; both are in the page cache.',
      'Medians, with the quartiles in brackets. The guest runs under TCG; all of its memory was written before.',
    ],
    figures: figuresOf(bySize, byPages),
  };
}

interface Guest {
  /** One cycle that dirties `count` pages; its time is the engine's own, in ms. */
  cycle(count: number): Promise<number>;
  readonly ram: string;
  readonly dir: string;
}

async function withGuest<T>(
  run: Run,
  elf: string,
  ramBytes: number,
  work: (guest: Guest) => Promise<T>,
): Promise<T> {
  const dir = mkdtempSync(join(run.dir, 'bench-'));
  try {
    const snapshotDir = join(dir, 'snapshot');
    mkdirSync(snapshotDir);
    const fillAll = noise(contiguous(firstFreePage, arenaPages(ramBytes)), 1);
    const snapshot = await bootOracle(run, {
      elf,
      accelerator: 'tcg',
      ramBytes,
      dir: snapshotDir,
      orders: [fillAll],
    });
    let turn = 1;
    const cycle = async (count: number) => {
      turn += 1;
      const walk = scattered(firstFreePage, arenaPages(ramBytes), count, turn * 7919);
      const { cycleMs, metrics } = await oracleCycle(run, snapshot, (line) => line.order(noise(walk, turn)));
      const written = metrics['memfile.writtenBytes'];
      if (written !== count * pageBytes) throw new Error(`${written} bytes written, not ${count} pages`);
      return cycleMs;
    };
    return await work({ cycle, ram: oracleRam(snapshot), dir });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function costsOf(
  run: Run,
  guest: Guest,
  ramBytes: number,
  { repetitions, peerRepetitions }: Extent,
): Promise<Costs> {
  const before = join(guest.dir, 'before');
  copyFileSync(guest.ram, before);
  await guest.cycle(fewPages);
  const cmp: number[] = [];
  const compare: number[] = [];
  for (let index = 0; index <= peerRepetitions; index += 1) {
    const ofCmp = await timed(() => cmpCount(run, before, guest.ram));
    const ofCompare = await timed(() => qemuCompare(run, guest.ram));
    // The first warms the page cache.
    if (index > 0) {
      cmp.push(ofCmp.ms);
      compare.push(ofCompare.ms);
    }
  }
  rmSync(before);
  return { ramBytes, cycle: await repeated(guest, fewPages, repetitions), cmp, compare };
}

async function costsByPages(
  guest: Guest,
  ramBytes: number,
  { dirtyPages, repetitions }: Extent,
): Promise<{ count: number; cycle: Times }[]> {
  const costs = [];
  for (const count of dirtyPages.filter((pages) => pages < arenaPages(ramBytes)))
    costs.push({ count, cycle: await repeated(guest, count, repetitions) });
  return costs;
}

async function repeated(guest: Guest, count: number, repetitions: number): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index <= repetitions; index += 1) {
    const ms = await guest.cycle(count);
    if (index > 0) times.push(ms);
  }
  return times;
}

/** `cmp -l A B | wc -l`: bytes that differ. No string of anybody's is in the command. */
async function cmpCount(run: Run, a: string, b: string): Promise<number> {
  const count = await mustRun(run, 'sh', ['-c', 'cmp -l "$1" "$2" | wc -l', 'sh', a, b], {
    timeoutMs: 600_000,
  });
  return Number(count.trim());
}

/** It ends at the first difference; its whole cost is that of equal files, here one and itself. */
async function qemuCompare(run: Run, path: string): Promise<void> {
  await mustRun(run, 'qemu-img', ['compare', '-f', 'raw', '-F', 'raw', path, path], { timeoutMs: 600_000 });
}

function noise(walk: Order['walk'], salt: number): Order {
  return { operation: 'noise', walk, salt };
}

/** Pages that orders may go to; the last MiB holds the firmware's tables. */
function arenaPages(ramBytes: number): number {
  return ramBytes / pageBytes - 256 - firstFreePage;
}

function sizeTable(costs: readonly Costs[]): Table {
  return {
    title: `A cycle with ${fewPages} dirty pages, ms`,
    columns: ['memory', 'snapgate, whole cycle', 'cmp -l, counted', 'qemu-img compare', '÷ cmp', '÷ compare'],
    rows: costs.map(({ ramBytes, cycle, cmp, compare }) => [
      formatBytes(ramBytes),
      formatTimes(cycle),
      formatTimes(cmp),
      formatTimes(compare),
      ratio(cycle, cmp).toFixed(3),
      ratio(cycle, compare).toFixed(3),
    ]),
  };
}

function pagesTable(costs: readonly { count: number; cycle: Times }[], ramBytes: number): Table {
  return {
    title: `A cycle by dirty pages, ${formatBytes(ramBytes)} of memory, ms`,
    columns: ['dirty pages', 'snapgate, whole cycle', 'µs a page above the first row'],
    rows: costs.map(({ count, cycle }, index) => {
      const [first] = costs;
      const extra =
        first && index > 0
          ? ((medianMs(cycle) - medianMs(first.cycle)) * 1000) / (count - first.count)
          : undefined;
      return [String(count), formatTimes(cycle), extra === undefined ? '–' : formatMs(extra)];
    }),
  };
}

function figuresOf(
  bySize: readonly Costs[],
  byPages: readonly { count: number; cycle: Times }[],
): Record<string, number> {
  const [small, , large] = bySize;
  if (!small || !large) throw new Error('a size is missing');
  return {
    cmpRatioAt2GiB: rounded(ratio(large.cycle, large.cmp)),
    qemuImgCompareRatioAt2GiB: rounded(ratio(large.cycle, large.compare)),
    costRatio2GiBTo256MiB: rounded(ratio(large.cycle, small.cycle)),
    cycleMsAt256MiB: rounded(medianMs(small.cycle)),
    cycleMsAt2GiB: rounded(medianMs(large.cycle)),
    cmpMsAt2GiB: rounded(medianMs(large.cmp)),
    ...Object.fromEntries(
      byPages.map(({ count, cycle }) => [`cycleMsAt${count}Pages`, rounded(medianMs(cycle))]),
    ),
  };
}

function ratio(of: Times, to: Times): number {
  return medianMs(of) / medianMs(to);
}

function rounded(value: number): number {
  return Number(value.toFixed(4));
}
