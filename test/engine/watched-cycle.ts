import { execFileSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { CycleMetrics } from '../../src/engine/contract.ts';
import { runCycle } from '../../src/engine/qemu/run-cycle.ts';
import { type QemuSnapshot, ramPathOf } from '../../src/engine/qemu/snapshot.ts';
import type { Vm } from '../../src/engine/qemu/vm.ts';
import { readWrittenPages } from '../../src/engine/vm/guest-memory.ts';
import type { Run } from '../../src/host/run.ts';

const pageBytes = 4096;

export interface WatchedCycle {
  readonly metrics: CycleMetrics;
  /** Pages that QEMU had written when the guest was stopped. */
  readonly written: ReadonlySet<number>;
  /** What Linux itself counts as the process's own in its mapping of the memory file. */
  readonly anonymousBytes: number;
  /** The memory files on either side of the cycle. */
  readonly before: string;
  readonly after: string;
}

/** A cycle of the engine's own, looked at from outside: the parent's memory is kept beside the next one's. */
export async function watchedCycle(
  run: Run,
  snapshot: QemuSnapshot,
  drive: (vm: Vm) => Promise<unknown>,
): Promise<WatchedCycle> {
  const after = ramPathOf(snapshot.dir);
  const before = join(run.dir, 'ram.before');
  execFileSync('cp', ['--sparse=always', after, before]);
  const seen: Pick<WatchedCycle, 'written' | 'anonymousBytes'>[] = [];
  const watch = async (vm: Vm) => {
    await drive(vm);
    await vm.qmp.execute('stop');
    const memory = { pid: vm.pid, ramPath: after, ramBytes: snapshot.machine.ramBytes };
    seen.push({
      written: new Set(readWrittenPages(memory)),
      anonymousBytes: anonymousBytesOf(vm.pid, after),
    });
  };
  const { metrics } = await runCycle(run, snapshot, { advance: true, activity: 'in a watched cycle' }, watch);
  const [first] = seen;
  if (first === undefined) throw new Error('the cycle was not driven');
  return { metrics, ...first, before, after };
}

/** The trivial comparison of two files: the numbers of the pages that differ. */
export function differingPages(before: string, after: string): number[] {
  const [first, second] = [openSync(before, 'r'), openSync(after, 'r')];
  try {
    const pages: number[] = [];
    const a = Buffer.alloc(pageBytes);
    const b = Buffer.alloc(pageBytes);
    for (let at = 0; at < fstatSync(first).size; at += pageBytes) {
      readSync(first, a, 0, pageBytes, at);
      readSync(second, b, 0, pageBytes, at);
      if (!a.equals(b)) pages.push(at / pageBytes);
    }
    return pages;
  } finally {
    closeSync(first);
    closeSync(second);
  }
}

/** proc(5), smaps. */
function anonymousBytesOf(pid: number, path: string): number {
  const text = readFileSync(`/proc/${pid}/smaps`, 'utf8');
  const mapping = text.slice(text.indexOf(`${path}\n`));
  const kib = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(mapping)?.[1]);
  return (kib('Anonymous') + kib('Swap')) * 1024;
}
