import { join } from 'node:path';
import type { Run } from '../../host/run.ts';
import { diffOfFiles, diffOfSparse } from '../../pages/file-diff.ts';
import { memoryMetrics } from '../metrics.ts';
import type { CommandSettings } from '../settings.ts';
import type { Left, Measured, Sizes } from './formats.ts';
import { checkLeftFile } from './left-files.ts';
import { type CommandSnapshot, diskPathOf, leftDirOf, memoryPathOf } from './snapshot.ts';

const largestDiskBytes = 1024 ** 4;

/** Checks the files of formats whose files are as long as what they are of. */
export function checkImages({ memfile, rootfsFile }: CommandSettings, left: Left): Sizes {
  const { guestBytes, parent } = left;
  const parentDir = parent && leftDirOf(parent);
  const memoryBytes = checkLeftFile(left.ended, left.dir, {
    name: memfile,
    input: 'memfile',
    bytes: parent?.memoryBytes,
    minBytes: guestBytes,
    // Whatever else a machine maps beside its memory, and a hole below 4 GiB.
    maxBytes: guestBytes * 2 + 4 * 1024 ** 3,
    parentDir,
  });
  if (rootfsFile === undefined) return { memoryBytes, diskBytes: undefined };
  const diskBytes = checkLeftFile(left.ended, left.dir, {
    name: rootfsFile,
    input: 'rootfs-file',
    bytes: parent?.diskBytes,
    minBytes: 0,
    maxBytes: largestDiskBytes,
    parentDir,
  });
  return { memoryBytes, diskBytes };
}

/** Of two whole images only what changed is known, and neither what was written nor how many huge pages were touched; of a disk, that has to do. */
export async function measureWhole(
  run: Run,
  settings: CommandSettings,
  parent: CommandSnapshot,
  dir: string,
): Promise<Measured> {
  const { memory, disk } = pairsOf(settings, parent, dir);
  const { hugeBytes: _, ...diff } = await diffOfFiles(run, memory.before, memory.after);
  const ofDisk = disk && (await diffOfFiles(run, disk.before, disk.after));
  return {
    metrics: {
      ...memoryMetrics(diff),
      ...(ofDisk && { 'rootfs.writtenBytes': ofDisk.changedBytes }),
    },
    notes: [],
  };
}

/** What a diff holds was written, its holes were not. With `advance` the whole images become those of the next snapshot. */
export async function measureDiffs(
  run: Run,
  settings: CommandSettings,
  parent: CommandSnapshot,
  dir: string,
  advance: boolean,
): Promise<Measured> {
  const { memory, disk } = pairsOf(settings, parent, dir);
  const diff = await diffOfSparse(run, memory.before, memory.after, { merge: advance });
  const ofDisk = disk && (await diffOfSparse(run, disk.before, disk.after, { merge: advance }));
  return {
    metrics: {
      ...memoryMetrics(diff),
      ...(ofDisk && { 'rootfs.writtenBytes': ofDisk.writtenBytes }),
    },
    notes: [],
  };
}

/** The whole image of before, and what the command has left. */
interface Pair {
  readonly before: string;
  readonly after: string;
}

function pairsOf(
  settings: CommandSettings,
  parent: CommandSnapshot,
  dir: string,
): { readonly memory: Pair; readonly disk: Pair | undefined } {
  const [memoryPath, diskPath] = [memoryPathOf(parent, settings), diskPathOf(parent, settings)];
  if (memoryPath === undefined) throw new Error('a snapshot of layers has no whole image');
  const memory = { before: memoryPath, after: join(dir, settings.memfile) };
  if (diskPath === undefined || settings.rootfsFile === undefined) return { memory, disk: undefined };
  return { memory, disk: { before: diskPath, after: join(dir, settings.rootfsFile) } };
}
