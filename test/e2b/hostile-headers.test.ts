import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseHeader, readHeaderFile } from '../../src/e2b/header.ts';
import { xxhash32 } from '../../src/e2b/xxhash32.ts';
import { fixtures } from './fixture-chains.ts';
import { type HeaderToWrite, wrapBlock, writeHeader, zeroId } from './write-header.ts';

const scratch = mkdtempSync(join(tmpdir(), 'snapgate-headers-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const own = '11111111-1111-4111-8111-111111111111';
const parent = '22222222-2222-4222-8222-222222222222';

const plain: HeaderToWrite = {
  format: 3,
  blockBytes: 4096,
  virtualBytes: 8 * 4096,
  generation: 1,
  buildId: own,
  baseBuildId: parent,
  ranges: [
    { offset: 0, length: 8192, buildId: parent, storageOffset: 0 },
    { offset: 8192, length: 4096, buildId: own, storageOffset: 0 },
    { offset: 12_288, length: 20_480, buildId: zeroId, storageOffset: 0 },
  ],
};

function patched(bytes: Buffer, at: number, value: bigint): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeBigUInt64LE(value, at);
  return copy;
}

function refusal(bytes: Buffer): string {
  try {
    parseHeader(bytes, 'memfile.header');
  } catch (error) {
    return String(error);
  }
  return 'taken';
}

describe('a header', () => {
  it('is read as it was written, in every format', () => {
    for (const format of [1, 2, 3, 4, 5]) {
      const header = parseHeader(writeHeader({ ...plain, format }), 'memfile.header');
      expect([...header.mapping.ranges()].map(({ offsetBytes, buildId }) => [offsetBytes, buildId])).toEqual([
        [0, parent],
        [8192, own],
        [12_288, zeroId],
      ]);
    }
  });

  it('tells apart as many builds as it names, in whatever order', () => {
    const nameOf = (number: number) => `${String(number).padStart(8, '0')}-0000-4000-8000-000000000000`;
    const ranges = Array.from({ length: 5000 }, (_, at) => ({
      offset: at * 4096,
      length: 4096,
      buildId: nameOf((at * 7919) % 1237),
      storageOffset: 0,
    }));
    const virtualBytes = ranges.length * 4096;
    const { mapping } = parseHeader(writeHeader({ ...plain, virtualBytes, ranges }), 'memfile.header');
    expect([...mapping.ranges()].map(({ buildId }) => buildId)).toEqual(ranges.map(({ buildId }) => buildId));
  });

  it('without ranges is a layer that holds the whole image', () => {
    const { mapping } = parseHeader(
      writeHeader({ ...plain, ranges: [], virtualBytes: 5000 }),
      'memfile.header',
    );
    expect([...mapping.ranges()]).toEqual([
      { offsetBytes: 0, lengthBytes: 8192, buildId: own, storageOffsetBytes: 0 },
    ]);
  });

  const written = writeHeader(plain);
  it.each<[string, Buffer, RegExp]>([
    ['empty', Buffer.alloc(0), /has 0 bytes only/],
    ['cut in its metadata', written.subarray(0, 63), /has 63 bytes only/],
    ['cut in a range', written.subarray(0, -1), /is cut short/],
    ['of a format to come', patched(written, 0, 6n), /format 6, which is not known/],
    ['of format 0', patched(written, 0, 0n), /format 0/],
    ['with blocks of no bytes', patched(written, 8, 0n), /blocks of 0 bytes/],
    ['with blocks of 5000 bytes', patched(written, 8, 5000n), /blocks of 5000 bytes/],
    ['of an image of an exabyte', patched(written, 16, 1n << 60n), /more than 2\^53/],
    ['of an image of 32 TiB', patched(written, 16, 1n << 45n), /more than 16 TiB/],
    ['with a range off the page', patched(written, 64, 1n), /no multiple of 4096/],
    ['with an empty range', patched(written, 72, 0n), /an empty range/],
    ['with ranges that overlap', patched(written, 72, 12_288n), /overlap or are not in order/],
    ['with a range outside the image', patched(written, 152, 24_576n), /outside the image/],
    ['with a range beyond all images', patched(written, 152, 0xffff_ffff_ffff_f000n), /beyond 16 TiB/],
  ])('that is %s is refused', (_, bytes, why) => {
    expect(refusal(bytes)).toMatch(why);
    expect(refusal(bytes)).toContain('memfile.header is no header of an e2b layer');
  });

  const packed = writeHeader({ ...plain, format: 5 });
  const metadata = packed.subarray(0, 64);
  const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
  /** A frame of 1000 times the same block, without checksums, that is said to hold 10,000 bytes. */
  const framed = (...block: Buffer[]) => {
    const descriptor = Buffer.of(0b0110_0000, 0b0100_0000);
    const head = [u32(0x184d2204), descriptor, Buffer.of((xxhash32(descriptor) >>> 8) & 0xff)];
    const blocks = Array.from({ length: 1000 }, () => Buffer.concat(block));
    return Buffer.concat([metadata, Buffer.of(0), u32(10_000), ...head, ...blocks, u32(0)]);
  };
  it.each<[string, Buffer, RegExp]>([
    ['without its compressed part', metadata, /is cut short/],
    ['cut in its compressed part', packed.subarray(0, -5), /is cut short/],
    ['with bytes behind it', Buffer.concat([packed, Buffer.of(0)]), /bytes after its end/],
    [
      'of 4 GiB when decompressed',
      Buffer.concat([metadata, Buffer.of(0), u32(0xffff_ffff)]),
      /could be 134217728/,
    ],
    [
      'that would grow a thousand times',
      Buffer.concat([metadata, Buffer.of(0), u32(1_000_000), packed.subarray(69)]),
      /says that \d+ bytes become 1000000/,
    ],
    [
      'that would shrink',
      Buffer.concat([metadata, Buffer.of(0), u32(100), Buffer.alloc(5000)]),
      /says that 5000 bytes are only 100/,
    ],
    ['of empty blocks', framed(u32(0x8000_0000)), /an empty block/],
    ['of blocks that become nothing', framed(u32(1), Buffer.of(0)), /an empty block/],
    ['of blocks of four bytes', framed(u32(0x8000_0004), u32(1)), /too many blocks/],
    [
      'of more builds than e2b takes',
      wrapBlock(metadata, 0, Buffer.concat([u32(65_536), Buffer.alloc(65_536 * 64)])),
      /65536 builds/,
    ],
    ['of more builds than bytes', wrapBlock(metadata, 0, u32(0x7fff_ffff)), /2147483647 builds/],
    ['of more ids than bytes', wrapBlock(metadata, 0, Buffer.concat([u32(0), u32(9)])), /9 builds/],
    [
      'of more ranges than bytes',
      wrapBlock(metadata, 0, Buffer.concat([u32(0), u32(0), u32(5_000_000)])),
      /5000000 ranges/,
    ],
    [
      'of a range of a build that it does not name',
      wrapBlock(metadata, 0, Buffer.concat([u32(0), u32(0), u32(1), Buffer.of(0, 1, 0, 0)])),
      /build 0 of 0/,
    ],
    [
      'of a number without end',
      wrapBlock(metadata, 0, Buffer.concat([u32(0), u32(0), u32(1), Buffer.alloc(20, 0xff)])),
      /more than 53 bits/,
    ],
  ])('of format 5 %s is refused', (_, bytes, why) => {
    expect(refusal(bytes)).toMatch(why);
  });

  it('whose bytes were changed in storage does not match its checksum', () => {
    const changed = Buffer.from(packed);
    changed[packed.length - 20] = (changed[packed.length - 20] ?? 0) ^ 1;
    expect(refusal(changed)).toMatch(/checksum/);
  });

  it('that is a file of 10 GiB, a folder, a FIFO, or not there is refused by name', () => {
    const path = join(scratch, 'memfile.header');
    writeFileSync(path, written);
    truncateSync(path, 10 * 1024 ** 3);
    expect(() => readHeaderFile(path)).toThrow(/has 10737418240 bytes, and could have/);
    expect(() => readHeaderFile(scratch)).toThrow(/is no file/);
    const fifo = join(scratch, 'fifo');
    execFileSync('mkfifo', [fifo]);
    expect(() => readHeaderFile(fifo)).toThrow(/is no file/);
    expect(() => readHeaderFile(join(scratch, 'none'))).toThrow(/none cannot be read \(ENOENT\)/);
  });

  it('that is broken is an error within its limits, 10,000 times', { timeout: 300_000 }, async () => {
    const program = join(import.meta.dirname, 'mutate-headers.ts');
    const limits = { timeout: 240_000, killSignal: 'SIGKILL' as const };
    const { stdout } = await promisify(execFile)(process.execPath, [program, '10000', '20260822'], limits);
    const seen = z.object({ values: z.int(), errors: z.int(), peakBytes: z.int() }).parse(JSON.parse(stdout));
    expect(seen.values + seen.errors).toBe(10_000);
    // Both happen often: neither are all refused at the door, nor is nothing checked.
    expect(seen.values).toBeGreaterThan(500);
    expect(seen.errors).toBeGreaterThan(5000);
    expect(seen.peakBytes).toBeLessThan(300 * 1024 ** 2);
  });

  it('is what the fixtures hold, which the mutations start at', () => {
    const names = readdirSync(fixtures, { recursive: true, encoding: 'utf8' });
    const formats = names
      .filter((name) => name.endsWith('.header'))
      .map((name) => parseHeader(readFileSync(join(fixtures, name)), name).format);
    expect(new Set(formats)).toEqual(new Set([1, 2, 3, 4, 5]));
  });
});
