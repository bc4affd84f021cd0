import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Run } from '../host/run.ts';
import { formatExactBytes } from '../host/units.ts';
import { dataExtents, type Extent } from '../pages/data-extents.ts';
import { pageBytes } from '../pages/page-set.ts';
import { readUpTo } from '../pages/whole-io.ts';
import { wholePages, within } from './extents.ts';
import { naming, unfit } from './unfit.ts';

/** Memory, or a disk, that can be read. */
export interface ImageView {
  readonly lengthBytes: number;
  /** Whole pages that may hold something else than zeros: ascending, apart. */
  readonly extents: readonly Extent[];
  /** Fills `into` with what is at an offset; holes are zero and not read. */
  read(offset: number, into: Uint8Array): void;
}

/** One open file without a format. */
export interface ImageFile extends ImageView {
  /** As it was given. */
  readonly path: string;
  /** The same, absolute. */
  readonly file: string;
  readonly allocatedBytes: number;
  close(): void;
}

/** The largest file of ext4; page numbers are 32 bits wide. */
const maxImageBytes = 2 ** 44;

/**
 * Opens a file that holds a memory or a disk as it is.
 *
 * @throws SnapgateError `record` for what is no file, cannot be read, or has no length in whole pages
 */
export async function openImageFile(run: Run, cwd: string, path: string): Promise<ImageFile> {
  const file = resolve(cwd, path);
  const fd = openPlainFile(file, path);
  try {
    const { size, blocks } = fstatSync(fd);
    checkLength(path, size);
    const extents = wholePages(await dataExtents(run, file), size);
    return {
      path,
      file,
      lengthBytes: size,
      allocatedBytes: blocks * 512,
      extents,
      read: (offset, into) => readData(fd, path, extents, offset, into),
      close: () => closeSync(fd),
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Opens a regular file to be read. Anything else is refused, and never waited for. @param path as it was given */
export function openPlainFile(file: string, path: string): number {
  const fd = naming(path, () => openSync(file, constants.O_RDONLY | constants.O_NONBLOCK));
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw unfit(path, 'is no file', 'Name a file, or the folder of a build of e2b.');
}

function checkLength(path: string, size: number): void {
  if (size === 0) throw unfit(path, 'is empty', 'Check that what wrote it has come to its end.');
  if (size > maxImageBytes)
    throw unfit(
      path,
      `has ${formatExactBytes(size)}, more than the 16 TiB that are read`,
      'Check what it is.',
    );
  if (size % pageBytes === 0) return;
  throw unfit(
    path,
    `has ${formatExactBytes(size)}, no multiple of ${pageBytes}: it is neither a memory nor a disk, or cut short`,
    'Name a memory file, a Diff, a raw disk, a qcow2 image, or the folder of a build of e2b. A file that was copied in part must be copied again.',
  );
}

function readData(
  fd: number,
  path: string,
  extents: readonly Extent[],
  offset: number,
  into: Uint8Array,
): void {
  let end = 0;
  for (const part of within(extents, offset, into.length)) {
    const from = part.offset - offset;
    into.fill(0, end, from);
    readWhole(fd, path, part.offset, into.subarray(from, from + part.bytes));
    end = from + part.bytes;
  }
  into.fill(0, end);
}

function readWhole(fd: number, path: string, offset: number, into: Uint8Array): void {
  if (naming(path, () => readUpTo(fd, into, offset)) < into.length)
    throw unfit(path, 'became shorter while it was read', 'Inspect it when nothing writes to it any more.');
}
