import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errnoOf, SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import { formatBytes } from '../host/units.ts';
import { cached } from './cache.ts';
import { placeInCheckout, resolveCheckoutPath } from './checkout-path.ts';
import { findBuilder } from './container-engine.ts';
import { readDiskContent } from './disk-content.ts';
import { requireFreeDisk } from './disk-space.ts';
import { adoptExt4, makeExt4 } from './ext4.ts';
import { newFileTree } from './file-tree.ts';
import { resolveInitrd } from './initrd.ts';
import { type ContainerConfig, guestFilesSha256, injectGuest } from './inject.ts';
import { resolveKernel } from './kernel.ts';
import type { RootfsContent } from './rootfs-content.ts';
import { isArchivePath, resolveRootfs } from './rootfs-source.ts';
import type { ImageInputs, RootfsImage } from './types.ts';
import { resolveVmlinux } from './vmlinux.ts';

export interface BuildOptions {
  /** Folder of the side's sources, which paths in the inputs are relative to. */
  readonly checkout: string;
  readonly side: 'base' | 'head';
  /** Disk that the cache may take: images, kernels and a builder's layers together. */
  readonly cacheLimitBytes: number;
}

/**
 * Makes a bootable guest of what the inputs name, or takes it from the cache where it was made before from the same content.
 *
 * @throws SnapgateError `usage` and `image` for what the user gave, `host` for what this machine lacks
 */
export async function buildImage(run: Run, inputs: ImageInputs, options: BuildOptions): Promise<RootfsImage> {
  await checkImageInputs(run, inputs, options.checkout);
  const kernelsBytes = options.cacheLimitBytes * cacheShares.kernels;
  const kernel = await resolveKernel(run, fileSpec(inputs.kernel, options.checkout, 'kernel'), kernelsBytes);
  const initrdSpec = fileSpec(inputs.initrd, options.checkout, 'initrd');
  const initrd = await resolveInitrd(run, initrdSpec, kernel, inputs.devices);
  const kernelPath =
    inputs.devices === 'mmio'
      ? await resolveVmlinux(run, kernel, options.cacheLimitBytes * cacheShares.disks)
      : kernel.path;
  const rootfs = await buildRootfs(run, inputs, options);
  return {
    kind: 'rootfs',
    ...rootfs,
    kernelPath,
    kernelVersion: kernel.version,
    kernelSha256: kernel.sha256,
    initrdPath: initrd?.path,
    initrdSha256: initrd?.sha256,
  };
}

/** The kernel that an image of these inputs boots with, without building it: what measurements are compared by. */
export async function imageKernel(
  run: Run,
  inputs: ImageInputs,
  { checkout, cacheLimitBytes }: Pick<BuildOptions, 'checkout' | 'cacheLimitBytes'>,
): Promise<Pick<RootfsImage, 'kernelVersion' | 'kernelSha256'>> {
  const spec = fileSpec(inputs.kernel, checkout, 'kernel');
  const kernel = await resolveKernel(run, spec, cacheLimitBytes * cacheShares.kernels);
  return { kernelVersion: kernel.version, kernelSha256: kernel.sha256 };
}

/** Checks what can be checked of the inputs before anything expensive: paths, the sizes of files, a builder for a Dockerfile. */
export async function checkImageInputs(run: Run, inputs: ImageInputs, checkout: string): Promise<void> {
  fileSpec(inputs.kernel, checkout, 'kernel');
  fileSpec(inputs.initrd, checkout, 'initrd');
  checkDiskSize(inputs.diskSizeBytes);
  const source = inputs.rootfs;
  switch (source.kind) {
    case 'rootfs':
      resolveCheckoutPath(checkout, source.path, 'rootfs', 'allowed');
      return;
    case 'image':
      if (isArchivePath(source.reference, checkout))
        resolveCheckoutPath(checkout, source.reference, 'image', 'allowed');
      return;
    case 'dockerfile':
      resolveCheckoutPath(checkout, source.dockerfile, 'dockerfile', 'refused');
      resolveCheckoutPath(checkout, source.context, 'context', 'refused');
      await findBuilder(run);
      return;
    case 'build-command':
      if (source.command.trim() === '')
        throw new SnapgateError(
          'usage',
          'build-command is empty',
          'Give the command that builds the rootfs.',
        );
      placeInCheckout(checkout, source.path, 'rootfs', 'allowed');
  }
}

type Rootfs = Pick<RootfsImage, 'rootfsPath' | 'rootfsSha256' | 'rootfsBytes' | 'init' | 'kernelArgs'>;

/** What of the cache's limit is for guests' disks, for buildah's layers, for kernels, and for the measurements of a bisect. */
export const cacheShares = { disks: 1 / 2, layers: 3 / 8, kernels: 7 / 64, measurements: 1 / 64 } as const;

/** Kept beside the ext4 in the cache. */
const recordSchema = z.object({
  rootfsSha256: z.string(),
  rootfsBytes: z.number(),
  init: z.enum(['systemd', 'init', 'none']),
  kernelArgs: z.array(z.string()),
});

/** Part of every key: counted up when the same content makes another disk than before. */
const formatVersion = 1;
const diskName = 'rootfs.ext4';
const recordName = 'rootfs.json';

async function buildRootfs(run: Run, inputs: ImageInputs, options: BuildOptions): Promise<Rootfs> {
  const { checkout, cacheLimitBytes } = options;
  const [layersBytes, disksBytes] = [
    cacheLimitBytes * cacheShares.layers,
    cacheLimitBytes * cacheShares.disks,
  ];
  const what = `the ${options.side} image`;
  const content = await resolveRootfs(run, inputs.rootfs, checkout, what, layersBytes);
  const parts = [formatVersion, content.key, inputs.diskSizeBytes, await guestFilesSha256(run)];
  const key = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40);
  let isNew = false;
  const dir = await cached(run, { kind: 'rootfs', key, limitBytes: disksBytes }, async (folder) => {
    isNew = true;
    run.log.info(`making the ${options.side} disk of ${content.description}`);
    await fillEntry(run, content, folder, inputs.diskSizeBytes);
  });
  if (!isNew) run.log.info(`the ${options.side} disk of ${content.description} is in the cache`);
  const record = recordSchema.parse(JSON.parse(readFileSync(join(dir, recordName), 'utf8')));
  return { rootfsPath: join(dir, diskName), ...record };
}

async function fillEntry(
  run: Run,
  content: RootfsContent,
  folder: string,
  diskSizeBytes: number,
): Promise<void> {
  const path = join(folder, diskName);
  try {
    const container = await writeDisk(run, content, path, diskSizeBytes);
    const start = await injectGuest(run, path, container);
    const { sha256, usedBytes } = readDiskContent(path);
    const record = { rootfsSha256: sha256, rootfsBytes: usedBytes, ...start };
    writeFileSync(join(folder, recordName), JSON.stringify(record));
  } catch (error) {
    throw errnoOf(error) === 'ENOSPC' ? diskFull(content, run) : error;
  }
}

async function writeDisk(
  run: Run,
  content: RootfsContent,
  path: string,
  diskSizeBytes: number,
): Promise<ContainerConfig | undefined> {
  checkRoom(run, content, diskSizeBytes);
  if (content.form.kind === 'ext4') {
    await adoptExt4(run, content.form.path, path, diskSizeBytes);
    return undefined;
  }
  const scratch = mkdtempSync(join(run.dir, 'rootfs-'));
  try {
    const tree = newFileTree(content.description, scratch, diskSizeBytes);
    const container = await content.form.fill(tree, scratch);
    await makeExt4(run, tree, path, diskSizeBytes, scratch);
    return container;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The unpacked files are in the run's folder while the disk is made in the cache. */
function checkRoom(run: Run, content: RootfsContent, diskSizeBytes: number): void {
  const files = Math.min(content.expectedBytes, diskSizeBytes);
  const disk = files + 64 * 1024 ** 2;
  const scratch = content.form.kind === 'tree' ? files : 0;
  const what = `making a disk of ${content.description}`;
  if (statSync(run.dir).dev === statSync(run.cacheDir).dev) {
    requireFreeDisk(run.dir, disk + scratch, what);
    return;
  }
  requireFreeDisk(run.dir, scratch, what);
  requireFreeDisk(run.cacheDir, disk, what);
}

function diskFull(content: RootfsContent, run: Run): SnapgateError {
  return new SnapgateError(
    'host',
    `the disk of ${run.dir} or of ${run.cacheDir} became full while a disk was made of ${content.description}`,
    'Free some, or point work-dir and cache-dir at a disk that has more.',
    { ofMachine: true },
  );
}

const smallestDisk = 16 * 1024 ** 2;
const largestDisk = 1024 ** 4;

function checkDiskSize(bytes: number): void {
  if (bytes >= smallestDisk && bytes <= largestDisk && bytes % 4096 === 0) return;
  throw new SnapgateError(
    'usage',
    `disk-size is ${formatBytes(bytes)} (${bytes} bytes)`,
    `Give a multiple of 4 KiB from ${formatBytes(smallestDisk)} to ${formatBytes(largestDisk)}.`,
  );
}

/** `auto` and `none` as they are; a path as the absolute path of the file. */
function fileSpec(spec: string, checkout: string, what: string): string {
  if (spec === 'auto' || (spec === 'none' && what === 'initrd')) return spec;
  const path = resolveCheckoutPath(checkout, spec, what, 'allowed');
  if (!statSync(path).isFile())
    throw new SnapgateError('image', `${what}: ${path} is not a file`, 'Give a file, or auto.');
  return path;
}
