import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { errnoOf, SnapgateError } from '../host/error.ts';
import { mustRun, packageOf } from '../host/process.ts';
import type { Run } from '../host/run.ts';

export interface Busybox {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/**
 * The host's static busybox, checked: it goes into every guest and initrd.
 *
 * @throws SnapgateError `host` where there is none, or one that is not static or lacks one of `applets`
 */
export async function resolveBusybox(
  run: Run,
  applets: readonly string[],
  path = '/bin/busybox',
): Promise<Busybox> {
  const content = readBusybox(path);
  if (isDynamic(content)) throw unfit(path, 'is not statically linked');
  const offered = new Set((await mustRun(run, path, ['--list'], { timeoutMs: 10_000 })).split('\n'));
  const missing = applets.filter((applet) => !offered.has(applet));
  if (missing.length > 0) throw unfit(path, `lacks ${missing.join(', ')}`);
  return { path, sizeBytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}

function readBusybox(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw unfit(path, 'is not there');
    throw error;
  }
}

/** An ELF program header of type PT_INTERP (3) names a dynamic linker (elf(5), 64-bit little-endian). */
function isDynamic(elf: Buffer): boolean {
  if (elf.length < 64 || elf.readUInt32BE(0) !== 0x7f454c46) return true;
  const offset = Number(elf.readBigUInt64LE(0x20));
  const size = elf.readUInt16LE(0x36);
  const count = elf.readUInt16LE(0x38);
  if (offset + size * count > elf.length) return true;
  return Array.from({ length: count }, (_, index) => elf.readUInt32LE(offset + index * size)).includes(3);
}

function unfit(path: string, why: string): SnapgateError {
  return new SnapgateError(
    'host',
    `${path}, which snapgate puts into guests, ${why}`,
    `Install a static one: ${packageOf('busybox')}.`,
  );
}
