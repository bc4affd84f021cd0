import { statSync } from 'node:fs';
import { join } from 'node:path';
import { zeroBuildId } from '../../e2b/build-id.ts';
import { diffBuilds } from '../../e2b/diff-layers.ts';
import { type LayerHeader, readHeaderFile } from '../../e2b/header.ts';
import {
  type Artifact,
  brokenData,
  dataFileName,
  headerFileName,
  type Layer,
  readLayer,
  storedEnd,
} from '../../e2b/layer.ts';
import { differentlyMapped } from '../../e2b/layer-changes.ts';
import type { PageDiff } from '../../pages/page-tally.ts';
import type { CycleMetrics } from '../contract.ts';
import { memoryMetrics } from '../metrics.ts';
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
  const changes = parentId === undefined ? {} : await compareMemory(store, memfile, parentId, signal);
  return {
    ...memoryMetrics({ ...changes, writtenBytes: memfile.ownBytes }),
    'memfile.storedBytes': memfile.storedBytes,
    'rootfs.writtenBytes': rootfs.ownBytes,
    'rootfs.storedBytes': rootfs.storedBytes,
    stateBytes: fileBytes(join(store.folderOf(buildId), 'snapfile')),
  };
}

/** A layer with its data, its header held against the build that was asked for. */
async function fetchOwn(store: BuildStore, buildId: string, artifact: Artifact): Promise<Layer> {
  const header = await fetchHeader(store, buildId, artifact);
  if (header.buildId !== buildId)
    throw brokenData(`its ${headerFileName(artifact)} is of build ${header.buildId}`);
  if (header.incomplete) throw brokenData(`its ${artifact} was not stored to the end`);
  await fetchData(store, header, buildId, artifact);
  return readLayer(store.folderOf(buildId), artifact, header);
}

async function fetchHeader(store: BuildStore, buildId: string, artifact: Artifact): Promise<LayerHeader> {
  const name = headerFileName(artifact);
  await store.need(buildId, name);
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
  const endBytes = storedEnd(own, buildId);
  if (endBytes === 0) return;
  const data = own.builds.get(buildId);
  // A table that is cut to what a header needs does not say where the data ends.
  const maxBytes = Math.max(endBytes, data?.rawBytes ?? 0, own.virtualBytes);
  await store.needData(buildId, dataFileName(artifact, data?.frames?.compression ?? 'none'), maxBytes);
}

async function compareMemory(
  store: BuildStore,
  layer: Layer,
  parentId: string,
  signal: AbortSignal,
): Promise<PageDiff> {
  const { artifact, header } = layer;
  const parentHeader = await fetchHeader(store, parentId, artifact);
  for (const id of readBuilds(header, parentHeader)) await fetchData(store, header, id, artifact);
  for (const id of readBuilds(parentHeader, header)) await fetchData(store, parentHeader, id, artifact);
  await fetchData(store, parentHeader, parentId, artifact);
  const parent = readLayer(store.folderOf(parentId), artifact, parentHeader);
  return await diffBuilds(layer, parent, store.folderOf, signal);
}

/** Builds that `header`'s image is read from where it may differ from the other's. */
function readBuilds(header: LayerHeader, other: LayerHeader): Set<string> {
  const ids = new Set<string>();
  for (const { offset, bytes } of differentlyMapped(header, other))
    for (const range of header.mapping.within(offset, bytes)) ids.add(range.buildId);
  ids.delete(zeroBuildId);
  return ids;
}

function fileBytes(path: string): number {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size;
  if (bytes !== undefined && bytes > 0) return bytes;
  throw brokenData(`${path} is ${bytes === undefined ? 'not there' : 'empty'}`);
}
