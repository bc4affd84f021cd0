import { statSync } from 'node:fs';
import { join } from 'node:path';
import { zeroBuildId } from '../../e2b/build-id.ts';
import { diffLayers } from '../../e2b/diff-layers.ts';
import { type LayerHeader, readHeaderFile } from '../../e2b/header.ts';
import { type Artifact, brokenData, dataFileName, headerFileName, readLayer } from '../../e2b/layer.ts';
import { differentlyMapped } from '../../e2b/layer-changes.ts';
import { openLayeredImage } from '../../e2b/layered-image.ts';
import type { CycleMetrics } from '../contract.ts';
import type { BuildStore } from './store.ts';

/**
 * What a build stores, in bytes: of its headers, its data files, and where there is a parent, of the pages that differ from it.
 *
 * @throws SnapgateError `record` for a build that lacks a file, or whose files do not fit each other
 */
export async function measureBuild(
  store: BuildStore,
  buildId: string,
  parentId: string | undefined,
  signal: AbortSignal,
): Promise<CycleMetrics> {
  await store.need(buildId, 'snapfile');
  const memfile = await fetchOwn(store, buildId, 'memfile');
  const rootfs = await fetchOwn(store, buildId, 'rootfs.ext4');
  const changes = parentId === undefined ? {} : await compareMemory(store, buildId, parentId, signal);
  return {
    'memfile.writtenBytes': memfile.ownBytes,
    ...changes,
    'memfile.storedBytes': memfile.storedBytes,
    'rootfs.writtenBytes': rootfs.ownBytes,
    'rootfs.storedBytes': rootfs.storedBytes,
    stateBytes: fileBytes(join(store.folderOf(buildId), 'snapfile')),
  };
}

/** A layer with its data, its header held against the build that was asked for. */
async function fetchOwn(store: BuildStore, buildId: string, artifact: Artifact) {
  const header = await fetchHeader(store, buildId, artifact);
  if (header.buildId !== buildId)
    throw brokenData(`its ${headerFileName(artifact)} is of build ${header.buildId}`);
  if (header.incomplete) throw brokenData(`its ${artifact} was not stored to the end`);
  await fetchData(store, header, buildId, artifact);
  return readLayer(store.folderOf(buildId), artifact);
}

async function fetchHeader(store: BuildStore, buildId: string, artifact: Artifact): Promise<LayerHeader> {
  const name = headerFileName(artifact);
  await store.need(buildId, `${artifact}.header`);
  return readHeaderFile(join(store.folderOf(buildId), name));
}

/** Of the layer itself, or of one that its image is stored by; a layer without data may have no file. */
async function fetchData(
  store: BuildStore,
  header: LayerHeader,
  buildId: string,
  artifact: Artifact,
): Promise<void> {
  const said = header.builds.get(buildId);
  const own =
    said === undefined && buildId !== header.buildId ? await fetchHeader(store, buildId, artifact) : header;
  const frames = own.builds.get(buildId)?.frames;
  const last = frames?.frame(frames.count - 1);
  const endBytes = last === undefined ? dataEnd(own, buildId) : last.storedOffsetBytes + last.storedBytes;
  if (endBytes === 0) return;
  // A table that is cut to what a header needs does not say where the data ends.
  const maxBytes = Math.max(endBytes, own.builds.get(buildId)?.rawBytes ?? 0, own.virtualBytes);
  await store.needData(buildId, dataFileName(artifact, frames?.compression ?? 'none'), maxBytes);
}

function dataEnd({ mapping }: LayerHeader, buildId: string): number {
  let end = 0;
  for (const range of mapping.ranges())
    if (range.buildId === buildId) end = Math.max(end, range.storageOffsetBytes + range.lengthBytes);
  return end;
}

async function compareMemory(
  store: BuildStore,
  buildId: string,
  parentId: string,
  signal: AbortSignal,
): Promise<CycleMetrics> {
  const artifact = 'memfile';
  const [header, parentHeader] = [
    await fetchHeader(store, buildId, artifact),
    await fetchHeader(store, parentId, artifact),
  ];
  for (const id of readBuilds(header, parentHeader)) await fetchData(store, header, id, artifact);
  for (const id of readBuilds(parentHeader, header)) await fetchData(store, parentHeader, id, artifact);
  await fetchData(store, parentHeader, parentId, artifact);
  const image = openLayeredImage(store.folderOf(buildId), artifact, store.folderOf);
  try {
    const parent = openLayeredImage(store.folderOf(parentId), artifact, store.folderOf);
    try {
      const { changedBytes, zeroedBytes, compressedBytes, hugeBytes } = await diffLayers(
        image,
        parent,
        signal,
      );
      return {
        'memfile.changedBytes': changedBytes,
        'memfile.zeroedBytes': zeroedBytes,
        'memfile.compressedBytes': compressedBytes,
        'memfile.hugeBytes': hugeBytes,
      };
    } finally {
      parent.close();
    }
  } finally {
    image.close();
  }
}

/** Builds that `header`'s image is read from where it may differ from the other's. */
function readBuilds(header: LayerHeader, other: LayerHeader): Set<string> {
  const ids = new Set<string>();
  for (const { offsetBytes, lengthBytes } of differentlyMapped(header, other))
    for (const range of header.mapping.within(offsetBytes, lengthBytes)) ids.add(range.buildId);
  ids.delete(zeroBuildId);
  return ids;
}

function fileBytes(path: string): number {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size;
  if (bytes !== undefined && bytes > 0) return bytes;
  throw brokenData(`${path} is ${bytes === undefined ? 'not there' : 'empty'}`);
}
