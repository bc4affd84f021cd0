import { performance } from 'node:perf_hooks';
import { errnoOf, messageOf } from '../../host/error.ts';
import type { Run } from '../../host/run.ts';
import type { PageSet } from '../../pages/page-set.ts';
import { readWrittenPages } from '../vm/guest-memory.ts';
import type { FirecrackerHost } from './host.ts';
import { type Machine, type MachineSpec, startMachine } from './machine.ts';
import type { Unreadable } from './self-check.ts';
import {
  diffName,
  diskPathOf,
  type FirecrackerSnapshot,
  memoryName,
  memoryPathOf,
  nextStateName,
  stateName,
  statePathOf,
} from './snapshot.ts';
import { trackingField } from './version.ts';

/** Loads a snapshot, whose disk for machines is ready, into a fresh Firecracker, dirty pages tracked; the guest is paused. The caller closes it. */
export async function loadSnapshot(
  run: Run,
  host: FirecrackerHost,
  snapshot: FirecrackerSnapshot,
  { activity, serialInput }: Omit<MachineSpec, 'dir'>,
): Promise<Machine> {
  const { dir, hasDisk } = snapshot;
  const machine = await startMachine(run, host, { dir, activity, serialInput });
  try {
    for (const path of [memoryPathOf(dir), statePathOf(dir), ...(hasDisk ? [diskPathOf(dir)] : [])])
      machine.place.link(path);
    const load = {
      snapshot_path: stateName,
      mem_backend: { backend_type: 'File', backend_path: memoryName },
      resume_vm: false,
      // Not stored in a snapshot: without it the next Diff would be guessed from the page cache.
      [trackingField(host.version)]: true,
    };
    await machine.guard(machine.api.put('/snapshot/load', load));
    return machine;
  } catch (error) {
    await machine.close();
    throw error;
  }
}

/** Takes a Diff into the machine's place, of a guest that is paused: the files `diff` and `state.next`. */
export async function takeDiff(
  machine: Machine,
  { memoryBytes }: FirecrackerSnapshot,
  host: FirecrackerHost,
): Promise<void> {
  const create = { snapshot_type: 'Diff', snapshot_path: nextStateName, mem_file_path: diffName };
  await machine.guard(machine.api.put('/snapshot/create', create, snapshotLimitMs(host, memoryBytes)));
}

/** A whole memory may be written and synchronised to a slow disk: 20 MB/s. */
export function snapshotLimitMs({ answerMs }: FirecrackerHost, memoryBytes: number): number {
  return answerMs + memoryBytes / 20_000;
}

/** Pages of the memory file that the machine's process has private copies of. */
export function writtenByProcess(
  machine: Machine,
  { dir, memoryBytes }: FirecrackerSnapshot,
): PageSet | Unreadable {
  try {
    return readWrittenPages({
      pid: machine.pid,
      ramPath: memoryPathOf(dir),
      ramBytes: memoryBytes,
      mappedAs: machine.place.mappedAs(memoryName),
    });
  } catch (error) {
    return { unreadable: errnoOf(error) ?? messageOf(error) };
  }
}

/** Lets a paused guest run; ms since the start of its process. */
export async function resume(machine: Machine): Promise<number> {
  await machine.guard(machine.api.patch('/vm', { state: 'Resumed' }));
  return performance.now() - machine.startedAtMs;
}

export async function pause(machine: Machine): Promise<void> {
  await machine.guard(machine.api.patch('/vm', { state: 'Paused' }));
}
