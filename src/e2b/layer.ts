import { statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, SnapgateError } from '../host/error.ts';
import { formatBytes, formatExactBytes } from '../host/units.ts';
import { isBuildId } from './build-id.ts';
import type { Compression, Frame } from './frame-table.ts';
import { type BuildData, type LayerHeader, readHeaderFile } from './header.ts';

/** What a build has layers of. */
export const artifacts = ['memfile', 'rootfs.ext4'] as const;
export type Artifact = (typeof artifacts)[number];

/** One layer on disk: its header, and how large its data is. */
export interface Layer {
  readonly artifact: Artifact;
  readonly headerPath: string;
  readonly header: LayerHeader;
  /** undefined: a layer without data of its own may have no data file. */
  readonly dataPath: string | undefined;
  readonly compression: Compression;
  /** Bytes of the virtual image that the layer maps to its own data. */
  readonly ownBytes: number;
  /** The data before compression, as `inspect-build` has it in `image.diff_size`. */
  readonly rawBytes: number;
  /** The data file as it is stored; `header.storage_size` of `inspect-build`. */
  readonly storedBytes: number;
}

const suffixes: Readonly<Record<Compression, string>> = { none: '', zstd: '.zstd', lz4: '.lz4' };

export function dataFileName(artifact: Artifact, compression: Compression): string {
  return `${artifact}${suffixes[compression]}`;
}

export function headerFileName(artifact: Artifact): `${Artifact}.header` {
  return `${artifact}.header`;
}

/**
 * Reads the header of a build's memory or disk, and holds the data file against it.
 *
 * @param dir the build's folder, `<storage>/templates/<build id>`
 * @param header where it has been read already
 * @throws SnapgateError `record` for a header that is none, and for data that is missing or shorter than the header says
 */
export function readLayer(
  dir: string,
  artifact: Artifact,
  header = readHeaderFile(join(dir, headerFileName(artifact))),
): Layer {
  const own = header.builds.get(header.buildId);
  const compression = own?.frames?.compression ?? 'none';
  const path = join(dir, dataFileName(artifact, compression));
  const storedBytes = fileBytes(path);
  const mapped = mappedTo(header, header.buildId);
  const rawBytes = rawBytesOf(own, storedBytes ?? 0);
  checkData(path, header, mapped, storedBytes);
  return {
    artifact,
    headerPath: join(dir, headerFileName(artifact)),
    header,
    dataPath: storedBytes === undefined ? undefined : path,
    compression,
    ownBytes: mapped.bytes,
    rawBytes,
    storedBytes: storedBytes ?? 0,
  };
}

function fileBytes(path: string): number | undefined {
  try {
    const stat = statSync(path);
    return stat.isFile() ? stat.size : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Where what a header maps to a build ends in that build's data file, in bytes as they are stored; 0: it maps nothing to it.
 *
 * @param mapped where it has been counted already
 */
export function storedEnd(header: LayerHeader, buildId: string, mapped?: Mapped): number {
  const last = lastFrame(header.builds.get(buildId));
  if (last !== undefined) return last.storedOffsetBytes + last.storedBytes;
  return (mapped ?? mappedTo(header, buildId)).endBytes;
}

function lastFrame(build: BuildData | undefined): Frame | undefined {
  return build?.frames?.frame(build.frames.count - 1);
}

interface Mapped {
  readonly bytes: number;
  /** Where in the build's data, before compression, that ends. */
  readonly endBytes: number;
}

/** What a header maps to a build. */
function mappedTo({ mapping }: LayerHeader, buildId: string): Mapped {
  let bytes = 0;
  let endBytes = 0;
  for (const range of mapping.ranges()) {
    if (range.buildId !== buildId) continue;
    bytes += range.lengthBytes;
    endBytes = Math.max(endBytes, range.storageOffsetBytes + range.lengthBytes);
  }
  return { bytes, endBytes };
}

/** As inspect-build counts: what the header says, else the file. */
function rawBytesOf(own: BuildData | undefined, storedBytes: number): number {
  if (own === undefined) return storedBytes;
  if (own.frames === undefined || own.rawBytes > 0) return own.rawBytes;
  let bytes = 0;
  for (let index = 0; index < own.frames.count; index += 1) bytes += own.frames.frame(index).rawBytes;
  return bytes;
}

function checkData(path: string, header: LayerHeader, mapped: Mapped, storedBytes: number | undefined): void {
  const { bytes, endBytes } = mapped;
  if (bytes === 0) return;
  if (storedBytes === undefined)
    throw brokenData(`${path} is not there, and should hold ${formatBytes(bytes)} of the layer`);
  const needed = storedEnd(header, header.buildId, mapped);
  if (storedBytes < needed)
    throw brokenData(
      `${path} has ${formatExactBytes(storedBytes)}, and its header maps ${formatExactBytes(needed)}`,
    );
  const last = lastFrame(header.builds.get(header.buildId));
  const rawEnd = last === undefined ? storedBytes : last.rawOffsetBytes + last.rawBytes;
  if (rawEnd < endBytes)
    throw brokenData(
      `${path} holds ${formatExactBytes(rawEnd)} before compression, and its header maps ${formatExactBytes(endBytes)}`,
    );
}

/** The error of a layer whose data is not what its header says. */
export function brokenData(message: string, cause?: unknown): SnapgateError {
  return new SnapgateError(
    'record',
    message,
    'The build did not come to its end, or was copied in part: make it again, or copy the whole folder.',
    { cause },
  );
}

/** The folder of another build of the same storage. @throws SnapgateError `record` for what is no id */
export function buildFolder(templates: string, buildId: string): string {
  if (isBuildId(buildId)) return join(templates, buildId);
  throw new SnapgateError(
    'record',
    `${JSON.stringify(buildId.slice(0, 80))} is not the id of a build`,
    'The tools of e2b name builds by a UUID in lower case.',
  );
}
