import { constants, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from '../../host/process.ts';
import type { Run } from '../../host/run.ts';
import type { Snapshot } from '../contract.ts';
import type { VmSpec } from './arguments.ts';

/** A paused guest: memory, devices' state and disk in `dir`, and what its machine is made of. */
export interface QemuSnapshot extends Snapshot {
  readonly dir: string;
  readonly machine: SnapshotMachine;
}

/** What does not change from one snapshot of a boot to the next. */
export interface SnapshotMachine extends Pick<VmSpec, 'accelerator' | 'cpu' | 'vcpus' | 'agent'> {
  readonly ramBytes: number;
  /** 0: no disk. */
  readonly diskBytes: number;
}

export const ramPathOf = (dir: string): string => join(dir, 'ram');
export const statePathOf = (dir: string): string => join(dir, 'state');
export const diskPathOf = (dir: string): string => join(dir, 'disk.qcow2');

/** A copy in `dir`, by reflink where the file system can; the holes of the memory file stay holes. */
export async function copySnapshot(run: Run, snapshot: QemuSnapshot, dir: string): Promise<QemuSnapshot> {
  await mustRun(run, 'cp', [
    '--reflink=auto',
    '--sparse=always',
    '--',
    ramPathOf(snapshot.dir),
    ramPathOf(dir),
  ]);
  copyFileSync(statePathOf(snapshot.dir), statePathOf(dir), constants.COPYFILE_FICLONE);
  if (snapshot.machine.diskBytes > 0)
    copyFileSync(diskPathOf(snapshot.dir), diskPathOf(dir), constants.COPYFILE_FICLONE);
  return { ...snapshot, dir };
}
