import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { zeroBuildId } from '../e2b/build-id.ts';
import { readChain } from '../e2b/chain.ts';
import {
  type Artifact,
  artifacts,
  buildFolder,
  headerFileName,
  type Layer,
  readLayer,
} from '../e2b/layer.ts';
import { SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import { formatExactBytes } from '../host/units.ts';
import { createDistinctPages } from '../pages/distinct-pages.ts';
import { layerContent } from './layer-content.ts';
import { type NeededBytes, neededBytes } from './needed-bytes.ts';
import type { ArtifactInspection, BuildInspection, Content, MissingLayer, StoredLayer } from './record.ts';
import { unfit } from './unfit.ts';

/**
 * What a build of e2b is stored by: its own layer, and all layers of the same storage that it needs. A layer below that is not there, or is
 * broken, is told of and left out.
 *
 * @param path `<storage>/templates/<build id>`; the layers below are the folders beside it
 */
export async function inspectBuild(run: Run, cwd: string, path: string): Promise<BuildInspection> {
  const dir = resolve(cwd, path);
  const present = artifacts.filter((artifact) => existsSync(join(dir, headerFileName(artifact))));
  if (present.length === 0)
    throw unfit(
      path,
      'is a folder without memfile.header and rootfs.ext4.header',
      'Name the folder of a build of e2b, STORAGE/templates/BUILD-ID, or a file.',
    );
  const notes: string[] = [];
  const inspected: ArtifactInspection[] = [];
  let buildId = basename(dir);
  for (const artifact of present) {
    const chain = readBelow(dir, artifact);
    buildId = chain.top.header.buildId;
    inspected.push(await inspectArtifact(run, chain, notes));
  }
  if (buildId !== basename(dir))
    notes.push(`The folder is called ${basename(dir)}, and its header is of ${buildId}.`);
  return { kind: 'e2b', path, buildId, artifacts: inspected, notes };
}

interface LayersBelow {
  readonly top: Layer;
  /** The top first, then the newest. */
  readonly layers: readonly Layer[];
  /** By build: why. */
  readonly missing: ReadonlyMap<string, string>;
}

function readBelow(dir: string, artifact: Artifact): LayersBelow {
  const missing = new Map<string, string>();
  const layers = readChain(dir, artifact, (id) => {
    const found = layerOrReason(buildFolder(dirname(dir), id), artifact);
    if (typeof found !== 'string') return found;
    missing.set(id, found);
    return undefined;
  });
  const [top, ...below] = layers;
  if (top === undefined) throw new Error('a chain without its first layer');
  return { top, layers: [top, ...below.toSorted(byGeneration)], missing };
}

function byGeneration(one: Layer, other: Layer): number {
  return other.header.generation - one.header.generation;
}

/** A layer, or why it cannot be read. */
function layerOrReason(folder: string, artifact: Artifact): Layer | string {
  const headerPath = join(folder, headerFileName(artifact));
  if (!existsSync(headerPath)) return `there is no ${headerPath}`;
  try {
    return readLayer(folder, artifact);
  } catch (error) {
    if (error instanceof SnapgateError) return error.message;
    throw error;
  }
}

async function inspectArtifact(
  run: Run,
  { top, layers, missing }: LayersBelow,
  notes: string[],
): Promise<ArtifactInspection> {
  const { header, artifact } = top;
  const needed = neededBytes(header.mapping);
  const contents = await contentsOf(run, layers);
  const stored = layers.map((layer) =>
    storedLayer(layer, needed.get(layer.header.buildId), contents.get(layer)),
  );
  const absent = [...missing].map(([id, reason]) => missingLayer(id, reason, needed.get(id)));
  notes.push(...notesOf(top, layers, needed));
  for (const { buildId, content } of stored)
    if (content === undefined)
      notes.push(
        `${artifact} of ${buildId} unpacks to far more than it is stored as: its pages were not read.`,
      );
  return {
    artifact,
    virtualBytes: header.virtualBytes,
    zeroBytes: needed.get(zeroBuildId)?.mappedBytes ?? 0,
    layers: [...stored, ...absent],
  };
}

/** From the bottom up: what a layer has that is below it already is the layer's duplicate. */
async function contentsOf(run: Run, layers: readonly Layer[]): Promise<Map<Layer, Content | undefined>> {
  const seen = createDistinctPages();
  const contents = new Map<Layer, Content | undefined>();
  for (const layer of layers.toReversed()) contents.set(layer, await layerContent(run, layer, seen));
  return contents;
}

function storedLayer(layer: Layer, needed: NeededBytes = nothing, content: Content | undefined): StoredLayer {
  const { header, compression, ownBytes, rawBytes, storedBytes } = layer;
  return {
    state: 'present',
    buildId: header.buildId,
    generation: header.generation,
    headerFormat: header.format,
    blockBytes: header.blockBytes,
    compression,
    ownBytes,
    rawBytes,
    storedBytes,
    mappedBytes: needed.mappedBytes,
    neededBytes: needed.neededBytes,
    deadBytes: Math.max(0, rawBytes - needed.neededBytes),
    ...(content === undefined ? {} : { content }),
  };
}

function missingLayer(buildId: string, reason: string, needed: NeededBytes = nothing): MissingLayer {
  const { mappedBytes, neededBytes: bytes } = needed;
  return { state: 'missing', buildId, reason, mappedBytes, neededBytes: bytes };
}

const nothing: NeededBytes = { mappedBytes: 0, neededBytes: 0, endBytes: 0 };

/** What is wrong with the image as the inspected header has it. */
function notesOf(
  { header, artifact }: Layer,
  layers: readonly Layer[],
  needed: ReadonlyMap<string, NeededBytes>,
): string[] {
  const notes: string[] = [];
  if (header.incomplete)
    notes.push(
      `${artifact}.header was written while the build was uploaded: what it needs may not be there.`,
    );
  const mappedBytes = [...needed.values()].reduce((sum, each) => sum + each.mappedBytes, 0);
  if (mappedBytes < header.virtualBytes)
    notes.push(
      `${artifact}.header maps ${formatExactBytes(header.virtualBytes - mappedBytes)} of the image to nothing.`,
    );
  for (const layer of layers) {
    const { endBytes } = needed.get(layer.header.buildId) ?? nothing;
    if (endBytes > layer.rawBytes)
      notes.push(
        `${artifact} of ${layer.header.buildId} has ${formatExactBytes(layer.rawBytes)}, and the inspected header needs ${formatExactBytes(endBytes)}: the build cannot be resumed.`,
      );
  }
  return notes;
}
