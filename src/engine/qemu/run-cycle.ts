import { renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { mustRun } from '../../host/process.ts';
import type { Run } from '../../host/run.ts';
import type { PageDiff } from '../../pages/page-tally.ts';
import type { CycleMetrics } from '../contract.ts';
import { memoryMetrics } from '../metrics.ts';
import { diffWrittenPages, type ProcessMemory, readWrittenPages } from '../vm/guest-memory.ts';
import { explainQemuFullDisk } from './full-disk.ts';
import { createOverlay, writtenExtents } from './qcow2.ts';
import { diskPathOf, type QemuSnapshot, ramPathOf, statePathOf } from './snapshot.ts';
import { resumeVm, type Vm } from './vm.ts';

export interface CycleOptions {
  /** Whether the parent becomes the next snapshot, in place; else it stays as it is, byte for byte. */
  readonly advance: boolean;
  /** For errors, e.g. `in a cycle of idle-2s`. */
  readonly activity: string;
}

/**
 * Resumes `parent` in a fresh process, lets `drive` do with the guest what it wants, pauses it and says what was written. An error of
 * `drive` leaves the parent as it was; no process is left in any case.
 */
export async function runCycle(
  run: Run,
  parent: QemuSnapshot,
  options: CycleOptions,
  drive: (vm: Vm) => Promise<void>,
): Promise<{ readonly metrics: CycleMetrics; readonly cycleMs: number }> {
  const begin = performance.now();
  const files = { state: join(parent.dir, 'state.next'), overlay: join(parent.dir, 'cycle.qcow2') };
  const measure = async () => {
    const memory = await measureMemory(run, parent, options, drive, files);
    const disk = parent.machine.diskBytes > 0 ? await measureDisk(run, options, files.overlay) : {};
    return { ...memory, ...disk };
  };
  try {
    const metrics = await explainQemuFullDisk(parent.dir, measure);
    if (options.advance) renameSync(files.state, statePathOf(parent.dir));
    return { metrics, cycleMs: performance.now() - begin };
  } finally {
    for (const path of Object.values(files)) rmSync(path, { force: true });
  }
}

/** Removed only when it is known why a cycle failed: they may be what filled the disk. */
interface CycleFiles {
  readonly state: string;
  readonly overlay: string;
}

async function measureMemory(
  run: Run,
  parent: QemuSnapshot,
  { advance, activity }: CycleOptions,
  drive: (vm: Vm) => Promise<void>,
  files: CycleFiles,
): Promise<CycleMetrics> {
  const { machine, dir } = parent;
  const { ramBytes, diskBytes, ...parts } = machine;
  const ram = { path: ramPathOf(dir), bytes: ramBytes, shared: false };
  const disk = diskBytes > 0 ? { diskPath: files.overlay } : {};
  if (diskBytes > 0) createOverlay(files.overlay, diskBytes, { path: diskPathOf(dir), format: 'qcow2' });
  const spec = { ...parts, ...disk, ram, statePath: statePathOf(dir), activity };
  const { vm, resumeMs } = await resumeVm(run, spec);
  try {
    await vm.guard(drive(vm));
    const pauseMs = await vm.pause(files.state);
    const diff = await vm.guard(diffMemory({ pid: vm.pid, ramPath: ram.path, ramBytes }, advance));
    await vm.finish();
    return {
      ...memoryMetrics(diff),
      stateBytes: statSync(files.state).size,
      resumeMs,
      pauseMs,
    };
  } finally {
    await vm.close();
  }
}

async function diffMemory(memory: ProcessMemory, patch: boolean): Promise<PageDiff> {
  return diffWrittenPages(memory, readWrittenPages(memory), patch);
}

/** Counts the cycle's disk blocks, and moves them into the snapshot's own overlay: the chain of files stays two long. */
async function measureDisk(run: Run, { advance }: CycleOptions, overlay: string): Promise<CycleMetrics> {
  const extents = writtenExtents(overlay);
  if (advance && extents.length > 0)
    await mustRun(run, 'qemu-img', ['commit', '-q', '-d', '-t', 'unsafe', '-f', 'qcow2', overlay]);
  return { 'rootfs.writtenBytes': extents.reduce((sum, { bytes }) => sum + bytes, 0) };
}
