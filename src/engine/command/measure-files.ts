import { join } from 'node:path';
import type { Run } from '../../host/run.ts';
import type { CycleMetrics } from '../contract.ts';
import type { CommandSettings } from '../settings.ts';
import { applyDiff, compareDiff, compareWhole, dataPages } from './compare-files.ts';
import { brokenPromise, type Ended } from './failure.ts';
import { readFolderState } from './folder-state.ts';
import { checkLeftFile } from './left-files.ts';
import { type CommandSnapshot, diskPathOf, memoryPathOf } from './snapshot.ts';

/** What the files that a pause has left say of the cycle. */
export interface Measured {
  readonly metrics: CycleMetrics;
  /** Brings what is kept beside the commands' own files up to date, before those are taken over. */
  advance(): Promise<void>;
}

const largestDiskBytes = 1024 ** 4;

/** Checks the files that prepare, or of a parent pause, has left; their sizes. */
export function checkFiles(
  settings: CommandSettings,
  ended: Ended,
  outDir: string,
  guestBytes: number,
  parent: CommandSnapshot | undefined,
): Pick<CommandSnapshot, 'memoryBytes' | 'diskBytes'> {
  const memoryBytes = checkLeftFile(ended, outDir, {
    name: settings.memfile,
    input: 'memfile',
    bytes: parent?.memoryBytes,
    minBytes: guestBytes,
    // Whatever else a machine maps beside its memory, and a hole below 4 GiB.
    maxBytes: guestBytes * 2 + 4 * 1024 ** 3,
    parentPath: parent && join(parent.dir, 'snapshot', settings.memfile),
  });
  if (settings.rootfsFile === undefined) return { memoryBytes, diskBytes: undefined };
  const diskBytes = checkLeftFile(ended, outDir, {
    name: settings.rootfsFile,
    input: 'rootfs-file',
    bytes: parent?.diskBytes,
    minBytes: 0,
    maxBytes: largestDiskBytes,
    parentPath: parent && join(parent.dir, 'snapshot', settings.rootfsFile),
  });
  return { memoryBytes, diskBytes };
}

/** Refuses a snapshot of more files than one has: each is looked at in every cycle. */
export function checkFolder(ended: Ended, outDir: string): void {
  try {
    readFolderState(outDir);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const remedy = 'Leave there what a snapshot consists of, and nothing else.';
    throw brokenPromise(ended, `left ${error.message} in SNAPGATE_OUT`, remedy);
  }
}

/** Compares the files that pause has left, and that were checked, with the parent's. */
export async function measureFiles(
  run: Run,
  settings: CommandSettings,
  parent: CommandSnapshot,
  outDir: string,
): Promise<Measured> {
  const memory = {
    before: memoryPathOf(parent, settings),
    after: join(outDir, settings.memfile),
    bytes: parent.memoryBytes,
  };
  const diskPath = diskPathOf(parent, settings);
  const disk =
    diskPath === undefined || settings.rootfsFile === undefined || parent.diskBytes === undefined
      ? undefined
      : { before: diskPath, after: join(outDir, settings.rootfsFile), bytes: parent.diskBytes };
  return settings.format === 'raw' ? measureWhole(run, memory, disk) : measureDiffs(run, memory, disk);
}

interface Pair {
  readonly before: string;
  readonly after: string;
  readonly bytes: number;
}

/** Of two whole images only what changed is known, and neither what was written nor how many huge pages were touched; of a disk, that has to do. */
async function measureWhole(run: Run, memory: Pair, disk: Pair | undefined): Promise<Measured> {
  const diff = await compareWhole(run, memory.before, memory.after, memory.bytes);
  const ofDisk = disk && (await compareWhole(run, disk.before, disk.after, disk.bytes));
  return {
    metrics: {
      'memfile.changedBytes': diff.changedBytes,
      'memfile.zeroedBytes': diff.zeroedBytes,
      'memfile.compressedBytes': diff.compressedBytes,
      ...(ofDisk && { 'rootfs.writtenBytes': ofDisk.changedBytes }),
    },
    advance: async () => {},
  };
}

async function measureDiffs(run: Run, memory: Pair, disk: Pair | undefined): Promise<Measured> {
  const ofMemory = await measureDiff(run, memory);
  const ofDisk = disk && (await measureDiff(run, disk));
  const { diff } = ofMemory;
  return {
    metrics: {
      'memfile.writtenBytes': diff.writtenBytes,
      'memfile.changedBytes': diff.changedBytes,
      'memfile.zeroedBytes': diff.zeroedBytes,
      'memfile.compressedBytes': diff.compressedBytes,
      'memfile.hugeBytes': diff.hugeBytes,
      ...(ofDisk && {
        'rootfs.writtenBytes': ofDisk.diff.writtenBytes,
      }),
    },
    advance: async () => {
      await ofMemory.apply();
      await ofDisk?.apply();
    },
  };
}

async function measureDiff(run: Run, { before, after }: Pair) {
  const extents = await dataPages(run, after);
  return {
    diff: await compareDiff(before, after, extents),
    apply: () => applyDiff(after, before, extents),
  };
}
