import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun } from '../../src/host/process.ts';
import type { Run } from '../../src/host/run.ts';

/** Assembles and links the oracle guest with Debian's binutils into `dir`; the path of its ELF. */
export async function buildOracle(run: Run, dir: string): Promise<string> {
  const object = join(dir, 'oracle.o');
  const elf = join(dir, 'oracle.elf');
  await mustRun(run, 'as', ['--32', '-o', object, sourcePath('oracle.S')]);
  const link = ['-m', 'elf_i386', '-nostdlib', '-n', '--build-id=none', '--no-warn-rwx-segments'];
  await mustRun(run, 'ld', [...link, '-T', sourcePath('oracle.ld'), '-o', elf, object]);
  return elf;
}

/** The same guest in a 64-bit ELF, which is all that Firecracker loads; its code stays 32-bit. */
export async function buildOracle64(run: Run, dir: string): Promise<string> {
  const object = join(dir, 'oracle64.o');
  const elf = join(dir, 'oracle64.elf');
  await mustRun(run, 'as', ['--64', '-o', object, sourcePath('oracle.S')]);
  const link = ['-m', 'elf_x86_64', '-nostdlib', '-n', '--build-id=none', '--no-warn-rwx-segments'];
  await mustRun(run, 'ld', [...link, '-T', sourcePath('oracle.ld'), '-o', elf, object]);
  return elf;
}

function sourcePath(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
