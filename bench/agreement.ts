import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { CycleMetrics, Scenario } from '../src/engine/contract.ts';
import { findFirecracker } from '../src/engine/firecracker/binary.ts';
import { bootToSnapshot } from '../src/engine/firecracker/boot.ts';
import type { FirecrackerHost } from '../src/engine/firecracker/host.ts';
import type { Machine } from '../src/engine/firecracker/machine.ts';
import { type CycleOutcome, runCycle } from '../src/engine/firecracker/run-cycle.ts';
import { type FirecrackerSnapshot, memoryPathOf } from '../src/engine/firecracker/snapshot.ts';
import { createQemuEngine } from '../src/engine/qemu/engine.ts';
import type { QemuSnapshot } from '../src/engine/qemu/snapshot.ts';
import type { Vm } from '../src/engine/qemu/vm.ts';
import { driveScenario } from '../src/engine/vm/drive-scenario.ts';
import { mustRun } from '../src/host/process.ts';
import type { Run } from '../src/host/run.ts';
import { resolveKernel } from '../src/image/kernel.ts';
import { resolveVmlinux } from '../src/image/vmlinux.ts';
import { comparePages } from '../src/pages/compare-files.ts';
import { debianImage, guestOptions } from '../test/engine/guests.ts';
import { watchedCycle } from '../test/engine/watched-cycle.ts';
import { installFakeFirecracker } from '../test/fixtures/fake-firecracker/install.ts';
import { buildOracle, buildOracle64 } from '../test/oracle/build.ts';
import { bootFirecrackerOracle, firecrackerOracleCycle } from '../test/oracle/firecracker.ts';
import { bootOracle, oracleRam } from '../test/oracle/guest.ts';
import { createModel, firstFreePage } from '../test/oracle/model.ts';
import { openLine, scattered } from '../test/oracle/order.ts';
import type { Bench, BenchResult } from './bench.ts';

const mebi = 1024 ** 2;
const pageBytes = 4096;
const oracleBytes = 64 * mebi;

/** How much is compared. */
export interface AgreementExtent {
  /** Pages that the oracle guest is ordered to write. */
  readonly oraclePages: readonly number[];
  /** Cycles of the Debian guest; none: it is not booted. */
  readonly scenarios: readonly Scenario[];
  /** Path of a real Firecracker for the oracle guest; undefined: the fake over QEMU. */
  readonly firecracker: string | undefined;
}

/** What one cycle wrote, and what it changed, told in ways that know nothing of each other. */
export interface Cell {
  readonly guest: string;
  readonly cycle: string;
  readonly engine: string;
  readonly ways: readonly Way[];
}

export interface Way {
  readonly of: 'written' | 'changed';
  readonly how: string;
  readonly pages: ReadonlySet<number> | number;
}

const idle: Scenario = {
  name: 'pause',
  run: undefined,
  settleMs: 0,
  check: undefined,
  from: 'previous',
  repeat: 1,
  timeoutMs: 60_000,
};

export const agreement: Bench = {
  about:
    'do the ways of counting agree, to the page: pagemap, whole images, Diff snapshots, what the guest was told',
  run: (run) =>
    compareWays(run, {
      oraclePages: [0, 1, 7, 200, 5000],
      firecracker: process.env['SNAPGATE_BENCH_FIRECRACKER'],
      scenarios: [
        idle,
        { ...idle, name: 'idle-2s', settleMs: 2000 },
        { ...idle, name: 'write-64k', run: 'dd if=/dev/urandom of=/srv/file bs=64k count=1 conv=fsync' },
        { ...idle, name: 'python3', run: 'python3 -c "print(sum(range(100000)))"' },
      ],
    }),
};

export async function compareWays(run: Run, extent: AgreementExtent): Promise<BenchResult> {
  const cells = [
    ...(await qemuOracle(run, extent)),
    ...(await firecrackerOracle(run, extent)),
    ...(await qemuDebian(run, extent)),
    ...(await firecrackerDebian(run, extent)),
  ];
  const disagreeing = cells.map(disagreeingPages);
  return {
    tables: [
      {
        title: 'Pages of a cycle, by every way that tells them',
        columns: ['guest, cycle, engine', 'written', 'changed', 'disagreeing pages'],
        rows: cells.map((cell, index) => [
          `${cell.guest}, ${cell.cycle}, ${cell.engine}`,
          countsOf(cell, 'written'),
          countsOf(cell, 'changed'),
          String(disagreeing[index]),
        ]),
      },
    ],
    notes: [...new Set(cells.flatMap(({ ways }) => ways.map(({ of, how }) => `${of}: ${how}`)))],
    figures: { cells: cells.length, disagreeingPages: disagreeing.reduce((sum, pages) => sum + pages, 0) },
  };
}

/** The oracle guest writes exactly the pages that it is told. */
async function qemuOracle(run: Run, { oraclePages }: AgreementExtent): Promise<Cell[]> {
  const elf = await buildOracle(run, run.dir);
  const dir = emptyFolder(run, 'oracle');
  const snapshot = await bootOracle(run, { elf, accelerator: 'tcg', ramBytes: oracleBytes, dir });
  const ram = readFileSync(oracleRam(snapshot));
  const model = createModel((page) => ram.subarray(page * pageBytes, (page + 1) * pageBytes));
  const cells: Cell[] = [];
  for (const [turn, count] of oraclePages.entries()) {
    const walk = scattered(firstFreePage, oracleBytes / pageBytes - 256 - firstFreePage, count, turn + 1);
    const order = { operation: 'noise', walk, salt: turn + 1 } as const;
    model.startCycle();
    model.apply(order);
    const { written, changed } = model.expected();
    const told: Way[] = [
      { of: 'written', how: 'the model of what the guest was told', pages: written },
      { of: 'changed', how: 'the model of what the guest was told', pages: changed },
    ];
    const drive = (vm: Vm) => openLine(vm.serial).order(order);
    cells.push(await qemuCell(run, snapshot, 'oracle', `${count} pages`, told, drive));
  }
  rmSync(dir, { recursive: true });
  return cells;
}

async function qemuDebian(run: Run, { scenarios }: AgreementExtent): Promise<Cell[]> {
  if (scenarios.length === 0) return [];
  const image = await debianImage({ run, folder: (name) => emptyFolder(run, name) });
  const engine = createQemuEngine(run, { accel: 'tcg' });
  const options = { ...guestOptions, memoryBytes: 256 * mebi };
  const { snapshot } = await engine.prepare(image, options, emptyFolder(run, 'debian'));
  const cells: Cell[] = [];
  for (const scenario of scenarios)
    cells.push(
      await qemuCell(run, snapshot, 'Debian', scenario.name, [], (vm) => driveScenario(run, scenario, vm)),
    );
  rmSync(snapshot.dir, { recursive: true });
  return cells;
}

async function qemuCell(
  run: Run,
  snapshot: QemuSnapshot,
  guest: string,
  cycle: string,
  told: readonly Way[],
  drive: Parameters<typeof watchedCycle>[2],
): Promise<Cell> {
  run.log.info(`qemu, ${guest}, ${cycle}`);
  const { metrics, written, anonymousBytes, before, after } = await watchedCycle(run, snapshot, drive);
  const whole = await comparePages(run, before, after);
  return {
    guest,
    cycle,
    engine: 'qemu',
    ways: [
      ...told,
      { of: 'written', how: 'pagemap of the process, read here', pages: written },
      {
        of: 'written',
        how: 'anonymous memory of its mapping, counted by Linux',
        pages: anonymousBytes / pageBytes,
      },
      { of: 'written', how: "the engine's metric", pages: pagesOf(metrics, 'memfile.writtenBytes') },
      { of: 'changed', how: "the engine's metric", pages: pagesOf(metrics, 'memfile.changedBytes') },
      { of: 'changed', how: 'whole-image comparison', pages: new Set(whole.changed) },
    ],
  };
}

/** Without nested paging each instruction of a guest is emulated, so on the real one a part of each page must do. */
const partOfPage = { first: 500, count: 6 };

async function firecrackerOracle(run: Run, { oraclePages, firecracker }: AgreementExtent): Promise<Cell[]> {
  const dir = emptyFolder(run, 'firecracker-oracle');
  const { host, label } = await openFirecracker(run, firecracker);
  const elf = await buildOracle64(run, run.dir);
  const { snapshot } = await bootFirecrackerOracle(run, host, { elf, memoryBytes: oracleBytes, dir });
  const ram = readFileSync(memoryPathOf(dir));
  const model = createModel((page) => ram.subarray(page * pageBytes, (page + 1) * pageBytes));
  const cells: Cell[] = [];
  for (const [turn, count] of oraclePages.entries()) {
    const walk = scattered(firstFreePage, oracleBytes / pageBytes - 256 - firstFreePage, count, turn + 1);
    const order = { operation: 'noise', walk, salt: turn + 1, dwords: partOfPage } as const;
    model.startCycle();
    model.apply(order);
    const { written, changed } = model.expected();
    const how = 'the model of what the guest was told, and the floor';
    const told: Way[] = [
      { of: 'written', how, pages: new Set([...written, ...snapshot.floor]) },
      { of: 'changed', how, pages: new Set([...changed, ...snapshot.floor]) },
    ];
    const cycle = () => firecrackerOracleCycle(run, host, snapshot, (line) => line.order(order));
    cells.push(
      await firecrackerCell(run, snapshot, { guest: 'oracle', cycle: `${count} pages`, label }, told, cycle),
    );
  }
  rmSync(dir, { recursive: true });
  return cells;
}

/** The real one where a path is given, else the fake. */
async function openFirecracker(
  run: Run,
  firecracker: string | undefined,
): Promise<{ readonly host: FirecrackerHost; readonly label: string }> {
  const binary = firecracker ?? installFakeFirecracker(join(run.dir, 'fake-firecracker')).binary;
  const settings = {
    kind: 'firecracker',
    binary,
    version: undefined,
    jailer: false,
  } as const;
  const { path, version, said } = await findFirecracker(run, settings, '/');
  const host = { binary: path, version, said, jailer: undefined, answerMs: 60_000 };
  return {
    host,
    label: firecracker === undefined ? 'firecracker (a fake over QEMU)' : `firecracker (${said})`,
  };
}

/** On the fake: Debian's kernel runs on a KVM with nested paging only. */
async function firecrackerDebian(run: Run, { scenarios }: AgreementExtent): Promise<Cell[]> {
  if (scenarios.length === 0) return [];
  const image = await debianImage({ run, folder: (name) => emptyFolder(run, `firecracker-${name}`) });
  const kernel = await resolveKernel(run, 'auto', 1024 * mebi);
  const { binary } = installFakeFirecracker(
    join(run.dir, 'fake-firecracker-debian'),
    image.initrdPath === undefined ? {} : { initrdPath: image.initrdPath },
  );
  const { host, label } = await openFirecracker(run, undefined);
  const fake = { ...host, binary };
  const vmlinux = { ...image, kernelPath: await resolveVmlinux(run, kernel, 1024 * mebi) };
  const options = { ...guestOptions, memoryBytes: 256 * mebi };
  const dir = emptyFolder(run, 'firecracker-debian');
  const { snapshot } = await bootToSnapshot(run, fake, vmlinux, options, dir);
  const cells: Cell[] = [];
  for (const scenario of scenarios) {
    const drive = async (machine: Machine) => {
      const speaks = scenario.run !== undefined;
      const vm = speaks ? await machine.connectAgent(performance.now() + 30_000) : machine;
      await driveScenario(run, scenario, vm);
    };
    const cycle = () =>
      runCycle(run, fake, snapshot, { advance: true, activity: 'in a watched cycle' }, drive);
    cells.push(
      await firecrackerCell(run, snapshot, { guest: 'Debian', cycle: scenario.name, label }, [], cycle),
    );
  }
  rmSync(dir, { recursive: true });
  return cells;
}

async function firecrackerCell(
  run: Run,
  snapshot: FirecrackerSnapshot,
  { guest, cycle, label }: { readonly guest: string; readonly cycle: string; readonly label: string },
  told: readonly Way[],
  work: () => Promise<CycleOutcome>,
): Promise<Cell> {
  run.log.info(`${label}, ${guest}, ${cycle}`);
  const after = memoryPathOf(snapshot.dir);
  const before = join(run.dir, 'memory.before');
  await mustRun(run, 'cp', ['--sparse=always', '--', after, before]);
  const { metrics, counts } = await work();
  if ('unreadable' in counts.pagemap) throw new Error(counts.pagemap.unreadable);
  const whole = await comparePages(run, before, after);
  return {
    guest,
    cycle,
    engine: label,
    ways: [
      ...told,
      { of: 'written', how: 'data extents of the Diff', pages: new Set(counts.diff) },
      {
        of: 'written',
        how: 'pagemap of the process, and the rings that a Diff always holds',
        pages: new Set([...counts.pagemap, ...counts.floor]),
      },
      { of: 'written', how: "the engine's metric", pages: pagesOf(metrics, 'memfile.writtenBytes') },
      { of: 'changed', how: "the engine's metric", pages: pagesOf(metrics, 'memfile.changedBytes') },
      { of: 'changed', how: 'whole-image comparison', pages: new Set(whole.changed) },
    ],
  };
}

function pagesOf(metrics: CycleMetrics, name: 'memfile.writtenBytes' | 'memfile.changedBytes'): number {
  return (metrics[name] ?? Number.NaN) / pageBytes;
}

/**
 * Pages that one way has and another of the same kind has not; where a way tells only how many, the difference in number. A page that
 * changed and was not written disagrees too.
 */
export function disagreeingPages({ ways }: Cell): number {
  const ofKind = (kind: Way['of']) => ways.filter(({ of }) => of === kind);
  const kinds = (['written', 'changed'] as const).map((kind) => {
    const [first, ...others] = ofKind(kind);
    return first === undefined
      ? 0
      : others.reduce((sum, other) => sum + differing(first.pages, other.pages), 0);
  });
  const written = ofKind('written').flatMap(({ pages }) => (typeof pages === 'number' ? [] : [pages]));
  const changed = ofKind('changed').flatMap(({ pages }) => (typeof pages === 'number' ? [] : [...pages]));
  const unwritten = changed.filter((page) => written.some((pages) => !pages.has(page)));
  return kinds.reduce((sum, pages) => sum + pages, unwritten.length);
}

function differing(one: Way['pages'], other: Way['pages']): number {
  if (typeof one === 'number' || typeof other === 'number') return Math.abs(countOf(one) - countOf(other));
  const lacking = (from: ReadonlySet<number>, those: ReadonlySet<number>) =>
    [...those].filter((page) => !from.has(page)).length;
  return lacking(one, other) + lacking(other, one);
}

function countOf(pages: Way['pages']): number {
  return typeof pages === 'number' ? pages : pages.size;
}

/** One number where all ways tell the same, else all of them. */
function countsOf({ ways }: Cell, kind: Way['of']): string {
  const counts = ways.filter(({ of }) => of === kind).map(({ pages }) => countOf(pages));
  return [...new Set(counts)].join(' ≠ ');
}

function emptyFolder(run: Run, name: string): string {
  const dir = join(run.dir, name);
  mkdirSync(dir);
  return dir;
}
