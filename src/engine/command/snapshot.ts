import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from '../../host/process.ts';
import type { Run } from '../../host/run.ts';
import type { Snapshot } from '../contract.ts';
import type { CommandSettings } from '../settings.ts';
import type { BootHome } from './machine.ts';

/** What the commands have left of a paused guest, in `dir/snapshot`; beside it with `sparse-diff` the whole images, with `e2b` the layers below. */
export interface CommandSnapshot extends Snapshot {
  readonly dir: string;
  readonly home: BootHome;
  readonly memoryBytes: number;
  /** undefined: the disk is not measured. */
  readonly diskBytes: number | undefined;
}

/** The folder that the commands have left. */
export const leftDirOf = ({ dir }: Pick<CommandSnapshot, 'dir'>): string => join(dir, 'snapshot');

/** The whole memory of a snapshot; undefined where it is layers. */
export function memoryPathOf(
  snapshot: Pick<CommandSnapshot, 'dir'>,
  { format, memfile }: CommandSettings,
): string | undefined {
  if (format === 'e2b') return undefined;
  return format === 'raw' ? join(leftDirOf(snapshot), memfile) : join(snapshot.dir, 'memory');
}

/** The whole disk of a snapshot; undefined where it is layers, or is not measured. */
export function diskPathOf(
  snapshot: Pick<CommandSnapshot, 'dir'>,
  { format, rootfsFile }: CommandSettings,
): string | undefined {
  if (rootfsFile === undefined || format === 'e2b') return undefined;
  return format === 'raw' ? join(leftDirOf(snapshot), rootfsFile) : join(snapshot.dir, 'disk');
}

/** Puts the folder that the commands have left into the snapshot's, in place of the one before it. */
export function replaceLeft(snapshot: Pick<CommandSnapshot, 'dir'>, outDir: string): void {
  rmSync(leftDirOf(snapshot), { recursive: true, force: true });
  renameSync(outDir, leftDirOf(snapshot));
}

/** A copy in `dir`, by reflink where the file system can; holes stay holes. */
export async function copySnapshot(
  run: Run,
  snapshot: CommandSnapshot,
  dir: string,
): Promise<CommandSnapshot> {
  // Not the folder, but what is in it.
  await copyFiles(run, `${snapshot.dir}/.`, dir);
  return { ...snapshot, dir };
}

export async function copyFiles(run: Run, from: string, to: string): Promise<void> {
  await mustRun(run, 'cp', ['-a', '--reflink=auto', '--sparse=always', '--', from, to]);
}
