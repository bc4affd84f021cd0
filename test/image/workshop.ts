import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeRun, openRun } from '../../src/host/cleanup.ts';
import type { SnapgateError } from '../../src/host/error.ts';
import type { Run } from '../../src/host/run.ts';
import { type BuildOptions, buildImage } from '../../src/image/build.ts';
import type { ImageInputs, RootfsImage, RootfsSource } from '../../src/image/types.ts';
import { refusal } from '../host/refusal.ts';

export const mebibyte = 1024 ** 2;

/** A run with a checkout to build from, all of it in a temporary folder. */
export interface Workshop extends Disposable {
  readonly folder: string;
  readonly checkout: string;
  readonly run: Run;
  readonly abort: AbortController;
  /** What was logged, a line each. */
  readonly logged: readonly string[];
  /** Path of a new file in the checkout. */
  file(name: string, content: Buffer | string): string;
  build(rootfs: RootfsSource, changes?: Partial<ImageInputs & BuildOptions>): Promise<RootfsImage>;
  /** The error that a build must end with. */
  refusal(rootfs: RootfsSource, changes?: Partial<ImageInputs & BuildOptions>): Promise<SnapgateError>;
}

export interface WorkshopOptions {
  /** Folder to make it in; the system's for temporary files if not given. */
  readonly parent?: string;
  /** Shared with another workshop; its own if not given. */
  readonly cacheDir?: string;
}

export function openWorkshop(options: WorkshopOptions = {}): Workshop {
  const folder = mkdtempSync(join(options.parent ?? tmpdir(), 'snapgate-image-'));
  const checkout = join(folder, 'checkout');
  mkdirSync(checkout);
  const kernel = join(folder, 'kernel');
  writeFileSync(kernel, bzImage('6.1.0-test'));
  const logged: string[] = [];
  const keep = (message: string) => void logged.push(message);
  const abort = new AbortController();
  const cacheDir = options.cacheDir ?? join(folder, 'cache');
  const log = { info: keep, warning: keep, detail: keep };
  const run = openRun(join(folder, 'work'), cacheDir, log, abort.signal);
  const build = (rootfs: RootfsSource, changes: Partial<ImageInputs & BuildOptions> = {}) => {
    const devices = 'pci' as const;
    const disk = { diskSizeBytes: 32 * mebibyte, devices };
    const inputs = { rootfs, kernel, initrd: 'none', ...disk, ...changes };
    return buildImage(run, inputs, { checkout, side: 'head', cacheLimitBytes: 1024 ** 3, ...changes });
  };
  return {
    folder,
    checkout,
    run,
    abort,
    logged,
    file(name, content) {
      const path = join(checkout, name);
      writeFileSync(path, content);
      return path;
    },
    build,
    refusal: (rootfs, changes) => refusal(build(rootfs, changes)),
    [Symbol.dispose]() {
      closeRun(run.dir);
      removeFolder(folder);
    },
  };
}

/** Removes a folder that may hold layers of a rootless buildah: read-only folders, and files of other ids. */
export function removeFolder(path: string): void {
  if (process.getuid?.() === 0 || !existsSync(path)) rmSync(path, { recursive: true, force: true });
  else execFileSync('buildah', ['unshare', 'rm', '-rf', '--', path], { stdio: 'ignore' });
}

/** Just enough of a kernel to be taken for one: the x86 boot protocol's mark, and where the release is told. */
export function bzImage(release: string): Buffer {
  const image = Buffer.alloc(0x400);
  image.write('HdrS', 0x202);
  image.writeUInt16LE(0x100, 0x20e);
  image.write(`${release} (test)`, 0x300);
  return image;
}
