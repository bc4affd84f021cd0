import { renameSync, rmSync, statSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { Run } from '../../host/run.ts';
import { diffOfSparse } from '../../pages/file-diff.ts';
import type { PageSet } from '../../pages/page-set.ts';
import type { CycleMetrics } from '../contract.ts';
import { memoryMetrics } from '../metrics.ts';
import { explainFullDisk } from '../vm/full-disk.ts';
import { pagesOfDiff } from './diff.ts';
import { diskTime, forgetDisk, readyDisk, settleDisk } from './disk.ts';
import type { FirecrackerHost } from './host.ts';
import type { Machine } from './machine.ts';
import { loadSnapshot, pause, resume, takeDiff, writtenByProcess } from './resume.ts';
import { disagreement, type TwoCounts } from './self-check.ts';
import {
  diffName,
  diffPathOf,
  type FirecrackerSnapshot,
  memoryPathOf,
  nextStateName,
  nextStatePathOf,
  statePathOf,
} from './snapshot.ts';

export interface CycleOptions {
  /** Whether the parent becomes the next snapshot, in place; else it stays as it is, byte for byte. */
  readonly advance: boolean;
  /** For errors, e.g. `in a cycle of idle-2s`. */
  readonly activity: string;
  /** See MachineSpec. */
  readonly serialInput?: number | undefined;
}

export interface CycleOutcome {
  readonly metrics: CycleMetrics;
  readonly cycleMs: number;
  readonly notes: readonly string[];
  /** The cycle's pages, as two ways tell them. */
  readonly counts: TwoCounts;
}

/**
 * Resumes `parent` in a fresh process, lets `drive` do with the guest what it wants, pauses it, takes a Diff into a fresh file and says what
 * it holds. An error of `drive` leaves the parent as it was; no process is left in any case.
 */
export async function runCycle(
  run: Run,
  host: FirecrackerHost,
  parent: FirecrackerSnapshot,
  options: CycleOptions,
  drive: (machine: Machine) => Promise<void>,
): Promise<CycleOutcome> {
  const begin = performance.now();
  const measure = async () => {
    const timeBefore = parent.hasDisk ? await openDisk(run, parent.dir) : undefined;
    const machine = await loadSnapshot(run, host, parent, options);
    const guest = await runGuest(run, machine, host, parent, drive).finally(() => machine.close());
    const settled = await settle(run, parent, guest.counts.diff, timeBefore, options);
    return { ...guest, metrics: { ...settled, ...guest.metrics } };
  };
  try {
    const measured = await explainFullDisk(parent.dir, measure);
    if (options.advance) renameSync(nextStatePathOf(parent.dir), statePathOf(parent.dir));
    return { ...measured, cycleMs: performance.now() - begin };
  } catch (error) {
    if (parent.hasDisk) forgetDisk(parent.dir);
    throw error;
  } finally {
    for (const path of [diffPathOf(parent.dir), nextStatePathOf(parent.dir)]) rmSync(path, { force: true });
  }
}

async function openDisk(run: Run, dir: string): Promise<bigint> {
  await readyDisk(run, dir);
  return diskTime(dir);
}

/** What the guest's part of a cycle leaves, beside the files of the Diff, which are moved into the snapshot's folder. */
interface GuestPart {
  readonly counts: TwoCounts;
  readonly metrics: CycleMetrics;
  readonly notes: readonly string[];
}

async function runGuest(
  run: Run,
  machine: Machine,
  host: FirecrackerHost,
  parent: FirecrackerSnapshot,
  drive: (machine: Machine) => Promise<void>,
): Promise<GuestPart> {
  const resumeMs = await resume(machine);
  await machine.guard(drive(machine));
  await machine.hangUp();
  const begin = performance.now();
  await pause(machine);
  await takeDiff(machine, parent, host);
  const pauseMs = performance.now() - begin;
  machine.place.take(diffName, diffPathOf(parent.dir));
  machine.place.take(nextStateName, nextStatePathOf(parent.dir));
  const diff = await machine.guard(pagesOfDiff(run, diffPathOf(parent.dir)));
  const counts = { diff, pagemap: writtenByProcess(machine, parent), floor: parent.floor };
  const disagrees = disagreement(counts);
  if (disagrees !== undefined) run.log.warning(disagrees);
  const stateBytes = statSync(nextStatePathOf(parent.dir)).size;
  return {
    counts,
    metrics: { stateBytes, resumeMs, pauseMs },
    notes: disagrees === undefined ? [] : [disagrees],
  };
}

/** Compares what the cycle left with the parent, and with `advance` makes the parent of it. The machine must have ended. */
async function settle(
  run: Run,
  { dir }: FirecrackerSnapshot,
  pages: PageSet,
  timeBefore: bigint | undefined,
  { advance }: CycleOptions,
): Promise<CycleMetrics> {
  const diff = await diffOfSparse(run, memoryPathOf(dir), diffPathOf(dir), { pages, merge: advance });
  const disk =
    timeBefore === undefined
      ? {}
      : { 'rootfs.writtenBytes': await settleDisk(run, dir, timeBefore, advance) };
  return { ...memoryMetrics(diff), ...disk };
}
