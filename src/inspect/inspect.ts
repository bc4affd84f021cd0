import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Run } from '../host/run.ts';
import { formatExactBytes } from '../host/units.ts';
import { version } from '../host/version.ts';
import { compareImages } from './compare-images.ts';
import { type ImageFile, openImageFile } from './image-file.ts';
import { inspectBuild } from './inspect-build.ts';
import { inspectChain } from './inspect-chain.ts';
import { inspectDiff, type Parent } from './inspect-diff.ts';
import { inspectImage } from './inspect-image.ts';
import { overlay } from './overlay.ts';
import { hasQcow2Magic } from './qcow2-header.ts';
import { type InspectedItem, type Inspection, inspectionVersion } from './record.ts';
import { naming, unfit } from './unfit.ts';

export interface InspectRequest {
  /** Where relative paths start. */
  readonly cwd: string;
  readonly paths: readonly string[];
  /** What the first of `paths` was taken after: all of them are Diffs then. */
  readonly parent: string | undefined;
}

/**
 * Tells what is in files that are there already. What a path is, its content says: a folder is a build of e2b, a file that begins as a qcow2
 * is the top of a chain, and any other file is an image. Each image after the first is also compared with the one before it. With a parent
 * all paths are Diffs, each over the parent and those before it.
 *
 * @throws SnapgateError `record` for what is not there, cannot be read, or is not what it should be; `host` where a tool is missing
 */
export async function inspectPaths(run: Run, request: InspectRequest): Promise<Inspection> {
  const items =
    request.parent === undefined
      ? await inspectEach(run, request)
      : await inspectDiffs(run, request, request.parent);
  return { schema: 'snapgate/inspection', version: inspectionVersion, snapgate: version, items };
}

async function inspectEach(run: Run, { cwd, paths }: InspectRequest): Promise<InspectedItem[]> {
  const items: InspectedItem[] = [];
  const open: ImageFile[] = [];
  try {
    for (const path of paths) {
      const kind = identify(cwd, path);
      if (kind === 'build') items.push(await inspectBuild(run, cwd, path));
      else if (kind === 'qcow2') items.push(await inspectChain(run, cwd, path));
      else {
        const before = open.at(-1);
        const file = await openImageFile(run, cwd, path);
        open.push(file);
        if (before !== undefined) requireSameLength(before, file, oneAtATime);
        items.push(await inspectImage(run, file));
        if (before !== undefined) items.push(await compareImages(run, before, file));
      }
    }
    return items;
  } finally {
    for (const file of open) file.close();
  }
}

const oneAtATime =
  'Images that are given together are compared: name two of the same length, or one at a time.';

async function inspectDiffs(
  run: Run,
  { cwd, paths }: InspectRequest,
  parentPath: string,
): Promise<InspectedItem[]> {
  const open: ImageFile[] = [];
  const openNext = async (path: string) => {
    if (identify(cwd, path) !== 'image')
      throw unfit(
        path,
        'is no memory file',
        'With --parent, name Diffs of Firecracker and the memory file that they were taken after.',
      );
    const file = await openImageFile(run, cwd, path);
    open.push(file);
    return file;
  };
  try {
    const base = await openNext(parentPath);
    let parent: Parent = { view: base, paths: [parentPath] };
    const items: InspectedItem[] = [];
    for (const path of paths) {
      const diff = await openNext(path);
      requireSameLength(
        base,
        diff,
        'A Diff is as long as the memory that it was taken of: check that they belong together.',
      );
      items.push(await inspectDiff(run, diff, parent));
      parent = { view: overlay(parent.view, diff), paths: [...parent.paths, path] };
    }
    return items;
  } finally {
    for (const file of open) file.close();
  }
}

function requireSameLength(one: ImageFile, other: ImageFile, remedy: string): void {
  if (one.lengthBytes === other.lengthBytes) return;
  throw unfit(
    other.path,
    `has ${formatExactBytes(other.lengthBytes)}, and ${one.path} has ${formatExactBytes(one.lengthBytes)}`,
    remedy,
  );
}

function identify(cwd: string, path: string): 'build' | 'qcow2' | 'image' {
  const file = resolve(cwd, path);
  if (naming(path, () => statSync(file)).isDirectory()) return 'build';
  if (/\.header$/.test(path))
    throw unfit(
      path,
      'is the header of a layer',
      'Name the folder that it lies in: STORAGE/templates/BUILD-ID.',
    );
  return hasQcow2Magic(file, path) ? 'qcow2' : 'image';
}
