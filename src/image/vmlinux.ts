import { closeSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { errnoOf, SnapgateError } from '../host/error.ts';
import { Lz4Error } from '../host/lz4-block.ts';
import type { Run } from '../host/run.ts';
import { cached } from './cache.ts';
import { requireFreeDisk } from './disk-space.ts';
import { lz4LegacyBlocks, lz4LegacyMagic } from './lz4-legacy.ts';
import { streamCommand } from './stream-command.ts';

/**
 * Path of the uncompressed ELF (vmlinux) of a kernel, which is all that Firecracker boots: the file itself where it is one; else what a bzImage
 * holds, from the cache or unpacked into it.
 *
 * @param kernel `sha256`: of the file at `path`
 * @param limitBytes disk that images and unpacked kernels in the cache may take together
 * @throws SnapgateError `image` for another kind of file, a damaged one, or a compression that is not known; `host` for a missing command
 */
export async function resolveVmlinux(
  run: Run,
  kernel: { readonly path: string; readonly sha256: string },
  limitBytes: number,
): Promise<string> {
  const { path } = kernel;
  if (isElf(await readPart(path, 0, elfHeaderBytes))) return path;
  const { offset, bytes } = findPayload(path, await readPart(path, 0, headerBytes));
  const key = kernel.sha256.slice(0, 40);
  const dir = await cached(run, { kind: 'vmlinux', key, limitBytes }, async (folder) => {
    const payload = await readPart(path, offset, bytes);
    if (payload.length < bytes) throw damaged(path, 'it is shorter than its header says');
    run.log.info(`unpacking the kernel ${path}`);
    await unpack(run, path, payload, join(folder, vmlinuxName));
  });
  return join(dir, vmlinuxName);
}

const vmlinuxName = 'vmlinux';

/** A vmlinux without debug information has some 60 MB. */
const maxVmlinuxBytes = 512 * 1024 ** 2;
const maxPayloadBytes = 256 * 1024 ** 2;

const elfHeaderBytes = 20;

/** A 64-bit little-endian ELF for x86-64: EI_CLASS, EI_DATA and e_machine of elf(5). */
function isElf(start: Buffer): boolean {
  return (
    start.length >= elfHeaderBytes &&
    start.readUInt32BE(0) === 0x7f454c46 &&
    start[4] === 2 &&
    start[5] === 1 &&
    start.readUInt16LE(18) === 62
  );
}

/** Up to and with payload_length (Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header"). */
const headerBytes = 0x250;

/** Where a bzImage has its compressed kernel. */
function findPayload(path: string, header: Buffer): { offset: number; bytes: number } {
  if (header.length < headerBytes || header.toString('latin1', 0x202, 0x206) !== 'HdrS')
    throw new SnapgateError(
      'image',
      `the kernel ${path} is neither a bzImage nor an ELF for x86-64`,
      `Give kernel: the path of a bzImage (vmlinuz) or of an uncompressed vmlinux for x86-64, or auto.`,
    );
  // payload_offset is since protocol 2.08 (Linux 2.6.26); 0 setup sectors are 4, for old times' sake.
  if (header.readUInt16LE(0x206) < 0x208) throw damaged(path, 'its boot protocol is older than 2.08');
  const setupSectors = header.readUInt8(0x1f1) || 4;
  const offset = (setupSectors + 1) * 512 + header.readUInt32LE(0x248);
  const bytes = header.readUInt32LE(0x24c);
  if (bytes < 8 || bytes > maxPayloadBytes)
    throw damaged(path, `its header tells of ${bytes} compressed bytes`);
  return { offset, bytes };
}

/** A part of a file, less of it where the file ends before. */
async function readPart(path: string, start: number, bytes: number): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const available = Math.max(0, (await file.stat()).size - start);
      const { buffer, bytesRead } = await file.read({
        buffer: Buffer.alloc(Math.min(bytes, available)),
        position: start,
      });
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    const remedy = 'Give kernel: the path of a file that this user may read, or auto.';
    throw new SnapgateError('image', `the kernel ${path} cannot be read: ${errnoOf(error)}`, remedy, {
      cause: error,
    });
  }
}

interface Format {
  readonly magic: Buffer;
  /** The command that decompresses its stdin, or what does so here. */
  readonly decoder: readonly [command: string, ...args: string[]] | 'lz4';
  /** Whether the build has put the uncompressed size behind the data (size_append in scripts/Makefile.lib); gzip ends with it by itself. */
  readonly hasSize: boolean;
}

/** The dictionary of a kernel has 128 MiB at most (scripts/xz_wrap.sh). */
const xzArgs = ['-dcq', '--memlimit-decompress=256MiB'];

/** What the distributions use or have used: Debian LZ4 and xz, Ubuntu zstd, LZ4 and gzip, others LZMA. */
const formats: readonly Format[] = [
  { magic: Buffer.from([0x1f, 0x8b, 0x08]), decoder: ['gzip', '-dcq'], hasSize: false },
  { magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), decoder: ['xz', ...xzArgs], hasSize: true },
  { magic: Buffer.from([0x5d, 0, 0]), decoder: ['xz', '--format=lzma', ...xzArgs], hasSize: true },
  { magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), decoder: ['zstd', '-dcq'], hasSize: true },
  { magic: lz4LegacyMagic, decoder: 'lz4', hasSize: true },
];

async function unpack(run: Run, path: string, payload: Buffer, target: string): Promise<void> {
  const format = formats.find(({ magic }) => payload.subarray(0, magic.length).equals(magic));
  if (format === undefined)
    throw new SnapgateError(
      'image',
      `the kernel ${path} is compressed in a way that is not known here (${payload.toString('hex', 0, 6)})`,
      'Give kernel: the path of its uncompressed vmlinux, or auto.',
    );
  const size = payload.readUInt32LE(payload.length - 4);
  if (size > maxVmlinuxBytes) throw damaged(path, `it would have ${size} bytes`);
  requireFreeDisk(run.cacheDir, size, `unpacking the kernel ${path}`);
  const data = format.hasSize ? payload.subarray(0, -4) : payload;
  const written = await decode(run, path, format, data, (content) =>
    writeKernel(path, content, size, target),
  );
  if (written !== size) throw damaged(path, `it unpacks to ${written} bytes where its end says ${size}`);
}

async function decode(
  run: Run,
  path: string,
  { decoder }: Format,
  data: Buffer,
  use: (content: AsyncIterable<Buffer> | Iterable<Buffer>) => Promise<number>,
): Promise<number> {
  if (decoder !== 'lz4') {
    const [command, ...args] = decoder;
    const failure = (lines: readonly string[]) => damaged(path, `${command} cannot read it`, lines);
    return streamCommand(run, { command, args, input: Readable.from([data]), failure }, use);
  }
  try {
    return await use(lz4LegacyBlocks(data));
  } catch (error) {
    throw error instanceof Lz4Error ? damaged(path, `its LZ4 frame ${error.message}`) : error;
  }
}

/** Writes an ELF of at most `size` bytes; how many there were. */
async function writeKernel(
  path: string,
  content: AsyncIterable<Buffer> | Iterable<Buffer>,
  size: number,
  target: string,
): Promise<number> {
  let written = 0;
  const fd = openSync(target, 'wx', 0o600);
  try {
    for await (const chunk of content) {
      if (written === 0 && !isElf(chunk)) throw damaged(path, 'what it holds is no ELF for x86-64');
      if (written + chunk.length > size)
        throw damaged(path, `it unpacks to more bytes than the ${size} it tells of`);
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
      written += chunk.length;
    }
    return written;
  } finally {
    closeSync(fd);
  }
}

function damaged(path: string, why: string, lines: readonly string[] = []): SnapgateError {
  return new SnapgateError(
    'image',
    `the kernel ${path} cannot be unpacked: ${why}`,
    'Give kernel: the path of another one or of its uncompressed vmlinux, or auto.',
    lines.length === 0 ? {} : { details: { title: 'last lines of its decompressor', lines } },
  );
}
