import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import { runBuildCommand } from './build-command.ts';
import { placeInCheckout, resolveCheckoutPath } from './checkout-path.ts';
import { buildDockerfile, findLocalImage, type LocalImage, saveImage } from './container-engine.ts';
import { sha256OfFile } from './file-hash.ts';
import type { FileTree } from './file-tree.ts';
import { flattenArchive } from './image-archive.ts';
import type { ContainerConfig } from './inject.ts';
import type { RootfsContent } from './rootfs-content.ts';
import { readRootfsPath } from './rootfs-path.ts';
import { normaliseTimes, removeContainerMarks } from './stamps.ts';
import type { RootfsSource } from './types.ts';

/**
 * Finds or builds what an input names, in the checkout of one side.
 *
 * @param what for progress and errors: `the head image`
 * @param cacheLimitBytes disk that a builder's layers may take between builds
 */
export async function resolveRootfs(
  run: Run,
  source: RootfsSource,
  checkout: string,
  what: string,
  cacheLimitBytes: number,
): Promise<RootfsContent> {
  switch (source.kind) {
    case 'rootfs':
      return readRootfsPath(run, resolveCheckoutPath(checkout, source.path, 'rootfs', 'allowed'));
    case 'build-command':
      await runBuildCommand(run, source.command, checkout, what);
      return readRootfsPath(run, leftByBuild(checkout, source.path));
    case 'image':
      return imageContent(run, source.reference, checkout);
    case 'dockerfile':
      return dockerfileContent(run, source, checkout, what, cacheLimitBytes);
  }
}

/** True for an `image` that names a file, rather than an image in an engine: a folder may well be called like one. */
export function isArchivePath(reference: string, checkout: string): boolean {
  if (/^\.{0,2}\//.test(reference)) return true;
  const path = join(checkout, reference);
  return existsSync(path) && statSync(path).isFile();
}

function leftByBuild(checkout: string, path: string): string {
  if (existsSync(placeInCheckout(checkout, path, 'rootfs', 'allowed')))
    return resolveCheckoutPath(checkout, path, 'rootfs', 'allowed');
  throw new SnapgateError(
    'image',
    `build-command ended well, but left no rootfs at ${path}`,
    'It must leave an ext4, a tar or a folder at the path that rootfs names, relative to the checkout.',
  );
}

async function imageContent(run: Run, reference: string, checkout: string): Promise<RootfsContent> {
  if (isArchivePath(reference, checkout))
    return archiveContent(run, resolveCheckoutPath(checkout, reference, 'image', 'allowed'));
  const image = await findLocalImage(run, reference);
  if (!image)
    throw new SnapgateError(
      'image',
      `image: ${JSON.stringify(reference)} is neither a file in ${checkout} nor an image in docker's or buildah's storage`,
      'Pull or build it before (docker pull …): snapgate pulls nothing. Or give the path of a docker save or OCI archive.',
    );
  return localImageContent(run, image, `the image ${reference}`, 'image', removeContainerMarks);
}

async function archiveContent(run: Run, path: string): Promise<RootfsContent> {
  if (!statSync(path).isFile())
    throw new SnapgateError(
      'image',
      `image: ${path} is not a file`,
      'Give a docker save or OCI archive; a folder is rootfs:.',
    );
  return {
    key: `archive:${await sha256OfFile(path)}`,
    description: `the image archive ${path}`,
    expectedBytes: statSync(path).size * 2,
    form: {
      kind: 'tree',
      fill: async (tree, scratch) => {
        const config = await flattenArchive(run, path, tree, scratch);
        removeContainerMarks(tree);
        return config;
      },
    },
  };
}

async function dockerfileContent(
  run: Run,
  source: Extract<RootfsSource, { kind: 'dockerfile' }>,
  checkout: string,
  what: string,
  cacheLimitBytes: number,
): Promise<RootfsContent> {
  const dockerfile = resolveCheckoutPath(checkout, source.dockerfile, 'dockerfile', 'refused');
  const context = resolveCheckoutPath(checkout, source.context, 'context', 'refused');
  const scratch = mkdtempSync(join(run.dir, 'build-'));
  const image = await buildDockerfile(run, { source, dockerfile, context, what, scratch, cacheLimitBytes });
  const description = `${source.dockerfile}, built by ${image.engine}`;
  return localImageContent(run, image, description, 'dockerfile', (tree) => {
    removeContainerMarks(tree);
    normaliseTimes(tree);
  });
}

function localImageContent(
  run: Run,
  image: LocalImage,
  description: string,
  kind: string,
  finish: (tree: FileTree) => void,
): RootfsContent {
  const fill = async (tree: FileTree, scratch: string): Promise<ContainerConfig> => {
    const path = await saveImage(run, image, scratch);
    const config = await flattenArchive(run, path, tree, scratch);
    rmSync(path);
    finish(tree);
    return config;
  };
  return { key: `${kind}:${image.id}`, description, expectedBytes: 0, form: { kind: 'tree', fill } };
}
