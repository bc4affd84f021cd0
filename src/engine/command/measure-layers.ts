import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { diffBuilds } from '../../e2b/diff-layers.ts';
import { type Artifact, headerFileName, type Layer, readLayer } from '../../e2b/layer.ts';
import { SnapgateError } from '../../host/error.ts';
import type { Run } from '../../host/run.ts';
import { formatBytes } from '../../host/units.ts';
import type { PageDiff } from '../../pages/page-tally.ts';
import { memoryMetrics } from '../metrics.ts';
import type { CommandSettings } from '../settings.ts';
import { brokenPromise, type Ended } from './failure.ts';
import type { Left, Measured, Sizes } from './formats.ts';
import { checkOwnFile } from './left-files.ts';
import { type CommandSnapshot, leftDirOf } from './snapshot.ts';

/** Checks the layers that prepare, or of a parent pause, has left; the sizes of their images. */
export function checkLayers({ rootfsFile }: CommandSettings, left: Left): Sizes {
  const { ended, guestBytes } = left;
  const memory = checkLayer(left, 'memfile');
  if (memory.header.virtualBytes < guestBytes)
    throw brokenPromise(
      ended,
      `left a memfile of ${formatBytes(memory.header.virtualBytes)}, and the guest has ${formatBytes(guestBytes)} of memory`,
      'A guest of another size needs `memory-size`.',
    );
  const disk = rootfsFile === undefined ? undefined : checkLayer(left, 'rootfs.ext4');
  return { memoryBytes: memory.header.virtualBytes, diskBytes: disk?.header.virtualBytes };
}

/** What the layers that pause has left, and that were checked, hold themselves, and how their image differs from the parent's. */
export async function measureLayers(
  run: Run,
  { rootfsFile }: CommandSettings,
  parent: CommandSnapshot,
  outDir: string,
  advance: boolean,
): Promise<Measured> {
  const memory = readLayer(outDir, 'memfile');
  const disk = rootfsFile === undefined ? undefined : readLayer(outDir, 'rootfs.ext4');
  const before = readLayer(leftDirOf(parent), 'memfile');
  const changes = await compareMemory(run, parent, memory, before);
  if (advance) keepLayers(parent, before.header.buildId);
  return {
    metrics: {
      ...memoryMetrics({ ...changes.diff, writtenBytes: memory.ownBytes }),
      'memfile.storedBytes': memory.storedBytes,
      ...(disk && { 'rootfs.writtenBytes': disk.ownBytes, 'rootfs.storedBytes': disk.storedBytes }),
    },
    notes: changes.notes,
  };
}

/** Images of layers that come later are stored in these too. */
function keepLayers(parent: CommandSnapshot, buildId: string): void {
  mkdirSync(join(parent.dir, 'layers'), { recursive: true });
  renameSync(leftDirOf(parent), join(parent.dir, 'layers', buildId));
}

function checkLayer({ ended, dir, parent }: Left, artifact: Artifact): Layer {
  const parentDir = parent && leftDirOf(parent);
  checkOwnFile(ended, dir, headerFileName(artifact), parentDir);
  const layer = readLeftLayer(ended, dir, artifact);
  if (layer.dataPath !== undefined) checkOwnFile(ended, dir, basename(layer.dataPath), parentDir);
  const before = parentDir === undefined ? undefined : readLayer(parentDir, artifact).header;
  const { buildId, virtualBytes, incomplete } = layer.header;
  const lie = (what: string) =>
    brokenPromise(
      ended,
      `left a layer of ${artifact} ${what}`,
      'Let it store the build to its end, as one of its own.',
    );
  if (incomplete) throw lie('that was not stored to the end');
  if (before?.buildId === buildId) throw lie(`that is of the parent's build, ${buildId}`);
  if (before !== undefined && before.virtualBytes !== virtualBytes)
    throw lie(`of ${formatBytes(virtualBytes)}, and the parent's has ${formatBytes(before.virtualBytes)}`);
  return layer;
}

function readLeftLayer(ended: Ended, outDir: string, artifact: Artifact): Layer {
  try {
    return readLayer(outDir, artifact);
  } catch (error) {
    if (!(error instanceof SnapgateError)) throw error;
    throw brokenPromise(
      ended,
      `left a layer of ${artifact} that cannot be read: ${error.message}`,
      error.remedy,
    );
  }
}

/** A build that is in none of the snapshots of this boot. */
class UnknownBuild extends Error {}

/** What changed can be told where the layers that both images are read from are all of this boot's snapshots. */
async function compareMemory(
  run: Run,
  { dir }: CommandSnapshot,
  layer: Layer,
  parent: Layer,
): Promise<{ readonly diff: Partial<PageDiff>; readonly notes: readonly string[] }> {
  const folderOf = (buildId: string) => {
    const folder = join(dir, 'layers', buildId);
    if (buildId === parent.header.buildId) return leftDirOf({ dir });
    if (existsSync(folder)) return folder;
    throw new UnknownBuild(buildId);
  };
  try {
    return { diff: await diffBuilds(layer, parent, folderOf, run.signal), notes: [] };
  } catch (error) {
    if (!(error instanceof UnknownBuild)) throw error;
    const note = `which pages changed is not known: layers of build ${error.message} are in no snapshot of the boot`;
    return { diff: {}, notes: [note] };
  }
}
