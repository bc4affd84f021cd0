import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { z } from 'zod';
import { readLayer } from '../../../../src/e2b/layer.ts';
import { openLayeredImage } from '../../../../src/e2b/layered-image.ts';
import { storedLz4Frame, writeHeader, zeroId } from '../../../e2b/write-header.ts';

/*
 * What the stand-ins of create-build and resume-build have for guests: a memory and a disk whose blocks are dirtied as the rootfs template
 * says that was built into create-build. Layers are in the real format: FAKE_E2B_FORMAT (1 to 5) and, from 4 on, FAKE_E2B_COMPRESSION.
 */

export type ArtifactName = 'memfile' | 'rootfs.ext4';

/** Kept in the snapfile, as a guest's behaviour is in its memory. */
export interface Guest {
  /** Pages of 4 KiB that a cycle dirties in any case, and for each second of rest. */
  readonly pagesPerCycle: number;
  readonly pagesPerSecond: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly blockBytes: number;
}

/** `# dirty: 10 + 3/s` in a template: what a daemon that it configures writes. */
export function behaviourOf(template: string): Pick<Guest, 'pagesPerCycle' | 'pagesPerSecond'> {
  const [, cycle = '0', second = '0'] = /^# dirty: (\d+) \+ (\d+)\/s$/m.exec(template) ?? [];
  return { pagesPerCycle: Number(cycle), pagesPerSecond: Number(second) };
}

/** Folder of a build, in a folder or in a bucket, which is a folder of FAKE_BUCKETS. */
export function buildFolderOf(storage: string, buildId: string): string {
  const bucket = /^gs:\/\/(.+)$/.exec(storage)?.[1];
  if (bucket === undefined) return resolve(storage, 'templates', buildId);
  return join(process.env['FAKE_BUCKETS'] ?? '/nowhere', bucket, buildId);
}

export interface LayerToStore {
  readonly storage: string;
  readonly artifact: ArtifactName;
  readonly buildId: string;
  readonly parentId: string | undefined;
  readonly virtualBytes: number;
  readonly blockBytes: number;
  readonly dirtyPages: readonly number[];
  /** Blocks that the guest has emptied. */
  readonly emptyBlocks: readonly number[];
}

interface Place {
  readonly buildId: string;
  readonly storageOffset: number;
}

/** Writes header and data of a layer over its parent's, block by block. */
export function storeLayer(layer: LayerToStore): void {
  const { storage, artifact, buildId, parentId, virtualBytes, blockBytes } = layer;
  const folder = buildFolderOf(storage, buildId);
  mkdirSync(folder, { recursive: true });
  const parent =
    parentId === undefined
      ? undefined
      : openLayeredImage(readLayer(buildFolderOf(storage, parentId), artifact), (id) =>
          buildFolderOf(storage, id),
        );
  const places = placesOf(parent?.layer.header, virtualBytes / blockBytes, blockBytes);
  for (const block of layer.emptyBlocks) places[block] = { buildId: zeroId, storageOffset: 0 };
  const blocks = [...new Set(layer.dirtyPages.map((page) => Math.floor((page * 4096) / blockBytes)))].sort(
    (a, b) => a - b,
  );
  const data = blocks.map((block, index) => {
    const content = Buffer.alloc(blockBytes);
    parent?.read(block * blockBytes, content);
    places[block] = { buildId, storageOffset: index * blockBytes };
    return content;
  });
  for (const page of layer.dirtyPages) {
    const block = Math.floor((page * 4096) / blockBytes);
    const at = page * 4096 - block * blockBytes;
    data[blocks.indexOf(block)]?.set(pageContent(buildId, page), at);
  }
  parent?.close();
  writeLayer(folder, layer, places, data);
}

function placesOf(
  header:
    | {
        mapping: {
          ranges(): Iterable<{
            offsetBytes: number;
            lengthBytes: number;
            buildId: string;
            storageOffsetBytes: number;
          }>;
        };
      }
    | undefined,
  blocks: number,
  blockBytes: number,
): Place[] {
  const places: Place[] = Array.from({ length: blocks }, () => ({ buildId: zeroId, storageOffset: 0 }));
  for (const range of header?.mapping.ranges() ?? [])
    for (let at = 0; at < range.lengthBytes; at += blockBytes)
      places[(range.offsetBytes + at) / blockBytes] = {
        buildId: range.buildId,
        storageOffset: range.storageOffsetBytes + at,
      };
  return places;
}

function pageContent(buildId: string, page: number): Buffer {
  const line = createHash('sha256').update(`${buildId} ${page}`).digest();
  return Buffer.concat(Array.from({ length: 128 }, () => line));
}

function writeLayer(
  folder: string,
  layer: LayerToStore,
  places: readonly Place[],
  data: readonly Buffer[],
): void {
  const { artifact, buildId, blockBytes, virtualBytes } = layer;
  const format = Number(process.env['FAKE_E2B_FORMAT'] ?? '5');
  const wanted = process.env['FAKE_E2B_COMPRESSION'];
  const compression: 'zstd' | 'lz4' | undefined =
    format >= 4 && (wanted === 'zstd' || wanted === 'lz4') ? wanted : undefined;
  // Two blocks a frame, so that frames and blocks do not coincide.
  const raw = groupsOfTwo(data);
  const stored = raw.map((frame) =>
    compression === 'zstd' ? zstdCompressSync(frame) : compression === 'lz4' ? storedLz4Frame(frame) : frame,
  );
  const suffix = compression === undefined ? '' : `.${compression}`;
  if (data.length > 0) writeFileSync(join(folder, artifact + suffix), Buffer.concat(stored));
  const frames = raw.map((frame, at) => ({ rawBytes: frame.length, storedBytes: stored[at]?.length ?? 0 }));
  const rawBytes = raw.reduce((sum, frame) => sum + frame.length, 0);
  const self = { id: buildId, rawBytes, ...(compression === undefined ? {} : { compression, frames }) };
  writeFileSync(
    join(folder, `${artifact}.header`),
    writeHeader({
      format,
      blockBytes,
      virtualBytes,
      generation: 1,
      buildId,
      baseBuildId: buildId,
      ranges: rangesOf(places, blockBytes),
      builds: format >= 4 ? [self] : [],
    }),
  );
}

function groupsOfTwo(data: readonly Buffer[]): Buffer[] {
  const groups: Buffer[] = [];
  for (let at = 0; at < data.length; at += 2) groups.push(Buffer.concat(data.slice(at, at + 2)));
  return groups;
}

function rangesOf(places: readonly Place[], blockBytes: number) {
  const ranges: { offset: number; length: number; buildId: string; storageOffset: number }[] = [];
  places.forEach(({ buildId, storageOffset }, block) => {
    const last = ranges.at(-1);
    const follows = buildId === zeroId || storageOffset === (last?.storageOffset ?? 0) + (last?.length ?? 0);
    if (last?.buildId === buildId && follows) last.length += blockBytes;
    else ranges.push({ offset: block * blockBytes, length: blockBytes, buildId, storageOffset });
  });
  return ranges;
}

export function storePlainFiles(
  storage: string,
  buildId: string,
  guest: Guest,
  versions: { kernel: string; firecracker: string },
): void {
  const folder = buildFolderOf(storage, buildId);
  writeFileSync(join(folder, 'snapfile'), JSON.stringify(guest).padEnd(8192));
  const template = {
    build_id: buildId,
    kernel_version: versions.kernel,
    firecracker_version: versions.firecracker,
  };
  writeFileSync(join(folder, 'metadata.json'), JSON.stringify({ version: 2, template }));
}

const guestSchema = z.object({
  pagesPerCycle: z.int(),
  pagesPerSecond: z.int(),
  memoryBytes: z.int(),
  diskBytes: z.int(),
  blockBytes: z.int(),
});
const metadataSchema = z.object({
  template: z.object({ kernel_version: z.string(), firecracker_version: z.string() }),
});

/** What is known of a build that exists; undefined where there is none. */
export function readGuest(
  storage: string,
  buildId: string,
): (Guest & { kernel: string; firecracker: string }) | undefined {
  const folder = buildFolderOf(storage, buildId);
  if (!existsSync(join(folder, 'metadata.json'))) return undefined;
  const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const { template } = metadataSchema.parse(read('metadata.json'));
  const guest = guestSchema.parse(read('snapfile'));
  return { ...guest, kernel: template.kernel_version, firecracker: template.firecracker_version };
}

/** One line of what the stand-in was told, where the test looks for it. */
export function noteCall(tool: string, args: readonly string[]): void {
  const path = process.env['FAKE_CALLS'];
  if (path === undefined) return;
  const env = {
    envd: process.env['HOST_ENVD_PATH'],
    base: process.env['ORCHESTRATOR_BASE_PATH'],
    secret: process.env['MY_API_KEY'],
  };
  writeFileSync(path, `${JSON.stringify({ tool, args, cwd: process.cwd(), env })}\n`, { flag: 'a' });
}
