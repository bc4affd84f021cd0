import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { errnoOf, SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import { resolveDistributionKernel } from './distribution-kernel.ts';
import { sha256OfFile } from './file-hash.ts';

export interface Kernel {
  readonly path: string;
  /** e.g. `6.1.0-49-cloud-amd64`, or the file's name where it says nothing of itself. */
  readonly version: string;
  readonly sha256: string;
  /** Folder whose lib/modules/VERSION holds its modules; undefined for a kernel given by path. */
  readonly modulesDir: string | undefined;
}

/**
 * The kernel to boot guests with: a path, or `auto`: the distribution's own for virtual machines, unpacked into the cache and never installed.
 *
 * @param limitBytes of all cached kernels together; the least recently used ones go first
 * @throws SnapgateError `image` for a path that is no kernel, `host` where there is none to be had
 */
export async function resolveKernel(run: Run, spec: string, limitBytes: number): Promise<Kernel> {
  const kernel = spec === 'auto' ? await distributionKernel(run, limitBytes) : await givenKernel(spec);
  run.log.info(`kernel ${kernel.version}`);
  return kernel;
}

async function distributionKernel(run: Run, limitBytes: number): Promise<Kernel> {
  const found = await resolveDistributionKernel(run, limitBytes);
  return {
    path: found.path,
    version: kernelVersion(found.path),
    sha256: await sha256OfFile(found.path),
    modulesDir: found.modulesDir,
  };
}

async function givenKernel(path: string): Promise<Kernel> {
  const version = kernelVersion(path);
  return { path, version, sha256: await sha256OfFile(path), modulesDir: undefined };
}

/**
 * The release that a kernel says of itself, else its file's name.
 *
 * @throws SnapgateError `image` where the file is neither a bzImage nor an ELF
 */
export function kernelVersion(path: string): string {
  const content = readKernel(path);
  // The x86 boot protocol: `HdrS` at 0x202; the version string lies at 0x200 + the u16 at 0x20e.
  if (content.length > 0x210 && content.toString('latin1', 0x202, 0x206) === 'HdrS')
    return firstWord(content, 0x200 + content.readUInt16LE(0x20e)) ?? basename(path);
  if (content.length > 4 && content.readUInt32BE(0) === 0x7f454c46) {
    const banner = 'Linux version ';
    const at = content.indexOf(banner, 0, 'latin1');
    return (at < 0 ? undefined : firstWord(content, at + banner.length)) ?? basename(path);
  }
  throw new SnapgateError('image', `${path}, given as the kernel, is neither a bzImage nor an ELF`, remedy);
}

const remedy = 'Give kernel: the path of a bzImage (vmlinuz) or of an uncompressed vmlinux, or auto.';

function readKernel(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    throw new SnapgateError('image', `the kernel ${path} cannot be read: ${errnoOf(error)}`, remedy, {
      cause: error,
    });
  }
}

/** It reaches reports: only what a release may hold, and bounded. */
function firstWord(content: Buffer, offset: number): string | undefined {
  return /^[A-Za-z0-9][A-Za-z0-9._+~-]*/.exec(content.toString('latin1', offset, offset + 128))?.[0];
}
