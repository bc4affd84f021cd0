import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BuildDataReader, openBuildData } from './build-data.ts';
import { zeroBuildId } from './build-id.ts';
import type { FrameTable } from './frame-table.ts';
import { type LayerHeader, readHeaderFile } from './header.ts';
import { type Artifact, brokenData, dataFileName, headerFileName, type Layer } from './layer.ts';

/** The whole image as a guest would find it: read through a layer's mapping from the data of all builds that it names. */
export interface LayeredImage {
  readonly layer: Layer;
  /**
   * Fills `into` with the image from an offset on; what lies beyond the image's end is zero.
   * @throws SnapgateError `record` for what no layer holds, and for data that is missing or broken
   */
  read(offsetBytes: number, into: Uint8Array): void;
  close(): void;
}

/**
 * Nothing is opened before it is read.
 *
 * @param folderOf folder of any other build that the layer is stored by
 */
export function openLayeredImage(layer: Layer, folderOf: (buildId: string) => string): LayeredImage {
  const { header } = layer;
  const dir = dirname(layer.headerPath);
  const open = new Map<string, BuildDataReader>();
  const dataOf = (buildId: string) => {
    const known = open.get(buildId);
    if (known !== undefined) return known;
    const opened = openDataOf(layer, buildId, buildId === header.buildId ? dir : folderOf(buildId));
    open.set(buildId, opened);
    return opened;
  };
  return {
    layer,
    read(offset, into) {
      const beyond = Math.max(0, Math.min(into.length, offset + into.length - header.virtualBytes));
      into.fill(0, into.length - beyond);
      if (beyond < into.length) readMapped(layer, dataOf, offset, into.subarray(0, into.length - beyond));
    },
    close() {
      for (const data of open.values()) data.close();
    },
  };
}

function readMapped(
  { header, headerPath }: Layer,
  dataOf: (buildId: string) => BuildDataReader,
  offset: number,
  into: Uint8Array,
): void {
  let end = offset;
  for (const range of header.mapping.within(offset, into.length)) {
    if (range.offsetBytes > end) break;
    const part = into.subarray(range.offsetBytes - offset, range.offsetBytes - offset + range.lengthBytes);
    if (range.buildId === zeroBuildId) part.fill(0);
    else dataOf(range.buildId).read(range.storageOffsetBytes, part);
    end = range.offsetBytes + range.lengthBytes;
  }
  if (end < offset + into.length) throw brokenData(`${headerPath} maps byte ${end} of its image to nothing`);
}

function openDataOf({ header, artifact, headerPath }: Layer, buildId: string, dir: string): BuildDataReader {
  const frames = framesOf(header, buildId, artifact, dir);
  const path = join(dir, dataFileName(artifact, frames?.compression ?? 'none'));
  if (existsSync(path)) return openBuildData(path, frames);
  throw brokenData(`${path} is not there, and ${headerPath} maps a part of its image to it`);
}

/** A header below format 4 says nothing of how others are stored, and one above may have lost it: the build's own says it then. */
function framesOf(
  header: LayerHeader,
  buildId: string,
  artifact: Artifact,
  dir: string,
): FrameTable | undefined {
  const said = header.builds.get(buildId);
  if (said !== undefined) return said.frames;
  const path = join(dir, headerFileName(artifact));
  if (buildId === header.buildId || !existsSync(path)) return undefined;
  return readHeaderFile(path).builds.get(buildId)?.frames;
}
