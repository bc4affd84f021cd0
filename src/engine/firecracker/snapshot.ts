import { constants, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from '../../host/process.ts';
import type { Run } from '../../host/run.ts';
import type { PageSet } from '../../pages/page-set.ts';
import type { Snapshot } from '../contract.ts';

/** A paused guest: memory file, state file and disk in `dir`. What is in the state file names the disk and the vsock by their names alone. */
export interface FirecrackerSnapshot extends Snapshot {
  readonly dir: string;
  readonly memoryBytes: number;
  readonly hasDisk: boolean;
  /** Pages that Firecracker's Diff holds when the guest has not run at all; see floor.ts. */
  readonly floor: PageSet;
}

export const memoryName = 'memory';
export const stateName = 'state';
export const diskName = 'disk';
/** What a cycle leaves: names in the place of its machine. */
export const diffName = 'diff';
export const nextStateName = 'state.next';

/** The disk as it was when the snapshot was taken, which no machine is given. */
const keptDiskName = 'disk.kept';

export const memoryPathOf = (dir: string): string => join(dir, memoryName);
export const statePathOf = (dir: string): string => join(dir, stateName);
/** The disk that machines write to; as kept, between cycles. Not there: to be copied from the kept one. */
export const diskPathOf = (dir: string): string => join(dir, diskName);
export const diffPathOf = (dir: string): string => join(dir, diffName);
export const nextStatePathOf = (dir: string): string => join(dir, nextStateName);
export const keptDiskPathOf = (dir: string): string => join(dir, keptDiskName);

/** A copy in `dir`, by reflink where the file system can; holes stay holes. */
export async function copySnapshot(
  run: Run,
  snapshot: FirecrackerSnapshot,
  dir: string,
): Promise<FirecrackerSnapshot> {
  await copySparse(run, memoryPathOf(snapshot.dir), memoryPathOf(dir));
  copyFileSync(statePathOf(snapshot.dir), statePathOf(dir), constants.COPYFILE_FICLONE);
  if (snapshot.hasDisk) await copySparse(run, keptDiskPathOf(snapshot.dir), keptDiskPathOf(dir));
  return { ...snapshot, dir };
}

export async function copySparse(run: Run, from: string, to: string): Promise<void> {
  await mustRun(run, 'cp', ['--reflink=auto', '--sparse=always', '--', from, to]);
}
