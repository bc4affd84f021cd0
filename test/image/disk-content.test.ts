import { createHash } from 'node:crypto';
import { statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { crc32c } from '../../src/image/crc32c.ts';
import { readDiskContent } from '../../src/image/disk-content.ts';
import { temporaryFolder } from '../baseline/repository.ts';
import { seededRandom } from '../stats/random.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

const blockBytes = 4096;

function disk(name: string, content: Buffer): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

/** The same account, block by block and of the whole content in memory. */
function plainly(content: Buffer) {
  const hash = createHash('sha256').update(`disk ${content.length}\n`);
  let usedBytes = 0;
  for (let at = 0; at < content.length; at += blockBytes) {
    const block = content.subarray(at, at + blockBytes);
    if (block.every((byte) => byte === 0)) continue;
    usedBytes += block.length;
    hash.update(`${at}\n`).update(block);
  }
  return { sha256: hash.digest('hex'), usedBytes };
}

describe('readDiskContent', () => {
  test.each([0, 1, blockBytes, 3 * 1024 ** 2 + 5 * blockBytes, 2 * 1024 ** 2 + 777])('%i bytes', (bytes) => {
    const next = seededRandom(bytes);
    const content = Buffer.alloc(bytes);
    for (let count = 0; count < 20 && bytes > 0; count += 1)
      content[Math.floor(next() * bytes)] = 1 + Math.floor(next() * 255);
    expect(readDiskContent(disk('d', content))).toEqual(plainly(content));
  });

  test('holes and zeros are one', () => {
    const content = Buffer.alloc(4 * 1024 ** 2);
    content[5] = 1;
    const dense = disk('dense', content);
    const sparse = disk('sparse', content.subarray(0, blockBytes));
    truncateSync(sparse, content.length);
    expect(statSync(sparse).blocks).toBeLessThan(statSync(dense).blocks);
    expect(readDiskContent(sparse)).toEqual(readDiskContent(dense));
  });

  test('another size, place or byte is another content', () => {
    const content = Buffer.alloc(10 * blockBytes);
    content[5] = 1;
    const moved = Buffer.alloc(content.length);
    moved[blockBytes + 5] = 1;
    const other = Buffer.from(content);
    other[5] = 2;
    const all = [content, moved, other, Buffer.concat([content, Buffer.alloc(blockBytes)])];
    expect(new Set(all.map((each) => readDiskContent(disk('d', each)).sha256)).size).toBe(4);
  });
});

test('crc32c of the check value of its definition (RFC 3720, B.4)', () => {
  const inverted = (data: Buffer) => (crc32c(0xffff_ffff, data) ^ 0xffff_ffff) >>> 0;
  expect(inverted(Buffer.from('123456789'))).toBe(0xe306_9283);
  expect(inverted(Buffer.alloc(32))).toBe(0x8a91_36aa);
  expect(inverted(Buffer.alloc(32, 0xff))).toBe(0x62a8_ab43);
});
