import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256OfFile } from '../../src/image/file-hash.ts';
import { resolveVmlinux } from '../../src/image/vmlinux.ts';
import { refusal } from '../host/refusal.ts';
import { elfStart, unpackableKernel } from './unpackable-kernel.ts';
import { openWorkshop, type Workshop } from './workshop.ts';

let shop: Workshop;
beforeEach(() => {
  shop = openWorkshop();
});
afterEach(() => shop[Symbol.dispose]());

/** Content with literals, long and short matches, and matches that overlap what they make. */
const vmlinux = Buffer.concat([
  elfStart,
  Buffer.from('snapgate '.repeat(40)),
  Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  Buffer.from('a'.repeat(1000)),
  Buffer.from('ab'.repeat(300)),
  elfStart,
]);

/** `vmlinux` as `lz4 -l -9` of lz4 1.9.4 writes it. */
const vmlinuxLz4 = Buffer.from(
  [
    'AiFMGDsBAACEf0VMRgIBAQABAE8CAD4AAQAZn3NuYXBnYXRlIAkA/03/8gABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f',
    'ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj9AQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVpbXF1eX2BhYmNkZWZnaGlq',
    'a2xtbm9wcXJzdHV2d3h5ent8fX5/gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp+goaKjpKWmp6ipqqusra6vsLGys7S1',
    'tre4ubq7vL2+v8DBwsPExcbHyMnKy8zNzs/Q0dLT1NXW19jZ2tvc3d7f4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v9h',
    'AQD////YH2ICAP//RQ/oCChQAAAAAAA=',
  ].join(''),
  'base64',
);

function withSize(data: Buffer, size = vmlinux.length): Buffer {
  const end = Buffer.alloc(4);
  end.writeUInt32LE(size);
  return Buffer.concat([data, end]);
}

function compress(command: string, args: readonly string[], input = vmlinux): Buffer {
  return execFileSync(command, args, { input, maxBuffer: 64 * 1024 ** 2 });
}

async function resolve(content: Buffer): Promise<string> {
  const path = shop.file('vmlinuz', content);
  return resolveVmlinux(shop.run, { path, sha256: await sha256OfFile(path) }, 1024 ** 3);
}

describe('a bzImage is unpacked', () => {
  test.each<[string, () => Buffer]>([
    ['gzip', () => gzipSync(vmlinux)],
    ['xz', () => withSize(compress('xz', ['--check=crc32', '--x86', '--lzma2=dict=32MiB', '-c']))],
    [
      'xz with the dictionary of newer kernels',
      () => withSize(compress('xz', ['--lzma2=dict=128MiB', '-c'])),
    ],
    ['lzma', () => withSize(compress('xz', ['--format=lzma', '-c']))],
    ['zstd', () => withSize(compress('zstd', ['-22', '--ultra', '-c']))],
    ['lz4', () => withSize(vmlinuxLz4)],
    ['lz4 of two frames', () => withSize(Buffer.concat([vmlinuxLz4, vmlinuxLz4]), vmlinux.length * 2)],
  ])('%s', async (name, payload) => {
    const found = readFileSync(await resolve(unpackableKernel(payload())));
    const whole = name.endsWith('two frames') ? Buffer.concat([vmlinux, vmlinux]) : vmlinux;
    expect(found.equals(whole)).toBe(true);
  });

  test('of many blocks of lz4, incompressible ones too', async () => {
    const blocks = Array.from({ length: 3 }, () => randomBytes(8 * 1024 ** 2));
    blocks[0]?.set(elfStart);
    const found = readFileSync(await resolve(unpackableKernel(withSize(storedLz4(blocks), 24 * 1024 ** 2))));
    expect(found.equals(Buffer.concat(blocks))).toBe(true);
  });

  test('whose header says 0 setup sectors, which means 4', async () => {
    const path = await resolve(unpackableKernel(gzipSync(vmlinux), { setupSectors: 0 }));
    expect(readFileSync(path).equals(vmlinux)).toBe(true);
  });

  test('once, and by content', async () => {
    const one = await resolve(unpackableKernel(gzipSync(vmlinux)));
    const two = await resolve(unpackableKernel(gzipSync(vmlinux)));
    const other = await resolve(unpackableKernel(gzipSync(vmlinux), { offset: 800 }));
    expect(two).toBe(one);
    expect(other).not.toBe(one);
    expect(shop.logged.filter((line) => line.startsWith('unpacking'))).toHaveLength(2);
  });
});

/** Blocks of literals alone, as `lz4 -l` makes of what cannot be compressed. */
function storedLz4(blocks: readonly Buffer[]): Buffer {
  const parts = blocks.flatMap((block) => {
    const rest = block.length - 15;
    const length = Buffer.concat([Buffer.alloc(Math.floor(rest / 255), 255), Buffer.from([rest % 255])]);
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(1 + length.length + block.length);
    return [bytes, Buffer.from([0xf0]), length, block];
  });
  return Buffer.concat([Buffer.from([0x02, 0x21, 0x4c, 0x18]), ...parts]);
}

test('an ELF is the file itself', async () => {
  expect(await resolve(vmlinux)).toBe(join(shop.checkout, 'vmlinuz'));
  expect(shop.logged).toEqual([]);
});

describe('no kernel that could be unpacked', () => {
  const lz4 = (...bytes: number[]) =>
    unpackableKernel(withSize(Buffer.concat([vmlinuxLz4.subarray(0, 4), lz4Block(bytes)])));
  const anything = /^the kernel .* cannot be unpacked: /;
  test.each<[string, () => Buffer, RegExp]>([
    ['empty', () => Buffer.alloc(0), /is neither a bzImage nor an ELF for x86-64/],
    ['text', () => Buffer.from('vmlinuz'.repeat(500)), /neither/],
    ['an ELF for arm64', () => withMachine(183), /neither/],
    ['a header that is cut short', () => unpackableKernel(gzipSync(vmlinux)).subarray(0, 0x24f), /neither/],
    ['an old protocol', () => unpackableKernel(gzipSync(vmlinux), { protocol: 0x207 }), /older than 2\.08/],
    ['no payload', () => unpackableKernel(gzipSync(vmlinux), { bytes: 0 }), /tells of 0 compressed bytes/],
    [
      '4 GiB of payload',
      () => unpackableKernel(gzipSync(vmlinux), { bytes: 0xffffffff }),
      /4294967295 compressed bytes/,
    ],
    [
      'a payload past the end',
      () => unpackableKernel(gzipSync(vmlinux), { bytes: 100_000 }),
      /shorter than its header/,
    ],
    [
      'a payload beyond it',
      () => unpackableKernel(gzipSync(vmlinux), { offset: 0xffffffff }),
      /shorter than its header/,
    ],
    [
      'an unknown compression',
      () => unpackableKernel(withSize(Buffer.alloc(100, 0x89))),
      /not known here \(898989898989\)/,
    ],
    [
      '4 GiB of kernel',
      () => unpackableKernel(withSize(vmlinuxLz4, 0xffffffff)),
      /would have 4294967295 bytes/,
    ],
    ['damaged gzip', () => unpackableKernel(damage(gzipSync(vmlinux))), anything],
    ['damaged xz', () => unpackableKernel(withSize(damage(compress('xz', ['-c'])))), /xz cannot read it/],
    [
      'damaged zstd',
      () => unpackableKernel(withSize(damage(compress('zstd', ['-c'])))),
      /zstd cannot read it/,
    ],
    [
      'xz cut short',
      () => unpackableKernel(withSize(compress('xz', ['-c']).subarray(0, 200))),
      /xz cannot read it/,
    ],
    ['an lzma that wants 1 GiB', () => unpackableKernel(withSize(hungryLzma())), /xz cannot read it/],
    [
      'more than it says',
      () => unpackableKernel(withSize(vmlinuxLz4, vmlinux.length - 1)),
      /unpacks to more bytes than/,
    ],
    ['a bomb', () => unpackableKernel(withSize(bomb())), /unpacks to more bytes than/],
    [
      'less than it says',
      () => unpackableKernel(withSize(vmlinuxLz4, vmlinux.length + 1)),
      /where its end says/,
    ],
    ['what is no ELF', () => unpackableKernel(gzipSync(Buffer.alloc(5000, 1))), /no ELF for x86-64/],
    ['lz4 without blocks', () => lz4(), /unpacks to 0 bytes/],
    ['lz4 cut short', () => unpackableKernel(withSize(vmlinuxLz4.subarray(0, -1))), /cut short/],
    [
      'lz4 with half a size',
      () => unpackableKernel(withSize(Buffer.concat([vmlinuxLz4, Buffer.alloc(3)]))),
      /frame is cut short/,
    ],
    ['lz4 with a match before the start', () => lz4(0x10, 65, 9, 0), /match outside/],
    ['lz4 with a match at no distance', () => lz4(0x10, 65, 0, 0), /match outside/],
    ['lz4 that ends in a length', () => lz4(0xf0, 255), /ends too soon/],
    ['lz4 with literals past the end', () => lz4(0x50, 65), /literals past/],
    ['lz4 with half a distance', () => lz4(0x10, 65, 1), /ends too soon/],
    [
      'lz4 with a block larger than 8 MiB',
      () => lz4(0x1f, 65, 1, 0, ...Array(33_000).fill(255), 0),
      /match outside/,
    ],
  ])('%s', async (_, content, message) => {
    const error = await refusal(resolve(content()));
    expect(error.code).toBe('image');
    expect(error.message).toMatch(message);
    expect(error.remedy).toMatch(/^Give kernel: .*, or auto\.$/);
  });

  test('is refused before a disk is made for it, where a bus needs it unpacked', async () => {
    shop.file('rootfs.tar', '');
    const error = await shop.refusal({ kind: 'rootfs', path: 'rootfs.tar' }, { devices: 'mmio' });
    expect(error.message).toMatch(
      /^the kernel .* cannot be unpacked: its boot protocol is older than 2\.08$/,
    );
  });

  test('a file that is not there', async () => {
    const path = join(shop.checkout, 'none');
    const error = await refusal(resolveVmlinux(shop.run, { path, sha256: '0'.repeat(64) }, 1024 ** 3));
    expect(error.message).toContain('cannot be read: ENOENT');
  });
});

function lz4Block(bytes: readonly number[]): Buffer {
  if (bytes.length === 0) return Buffer.alloc(0);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length);
  return Buffer.concat([size, Buffer.from(bytes)]);
}

function withMachine(machine: number): Buffer {
  const copy = Buffer.from(vmlinux);
  copy.writeUInt16LE(machine, 18);
  return copy;
}

/** The middle of it turned over. */
function damage(data: Buffer): Buffer {
  const copy = Buffer.from(data);
  const from = Math.floor(copy.length / 2);
  for (let at = from; at < from + 8; at += 1) copy[at] = ~(copy[at] ?? 0) & 0xff;
  return copy;
}

/** 200 MB of an ELF in some kB. */
function bomb(): Buffer {
  return compress('zstd', ['-c'], Buffer.concat([elfStart, Buffer.alloc(200 * 1024 ** 2)]));
}

/** An lzma that asks for a dictionary of 1 GiB, of which its header tells at byte 1. */
function hungryLzma(): Buffer {
  const data = compress('xz', ['--format=lzma', '-c']);
  data.writeUInt32LE(1024 ** 3, 1);
  return data;
}
