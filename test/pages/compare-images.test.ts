import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareImages } from '../../src/pages/compare-images.ts';
import { pageBytes } from '../../src/pages/page-set.ts';
import { seededRandom } from '../stats/random.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'snapgate-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function fileOf(name: string, content: Buffer): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

describe('compareImages', () => {
  // 256 pages are what is read at a time.
  it.each([0, 1, 255, 256, 257, 700])('finds the changed and the zeroed pages of %i', (pages) => {
    const random = seededRandom(pages);
    const before = Buffer.alloc(pages * pageBytes, 3);
    const after = Buffer.from(before);
    const expected = { pages, changed: [] as number[], zeroed: [] as number[] };
    for (let page = 0; page < pages; page += 1) {
      const kind = random();
      if (kind > 0.2) continue;
      expected.changed.push(page);
      const content = after.subarray(page * pageBytes, (page + 1) * pageBytes);
      if (kind < 0.1) {
        content.fill(0);
        expected.zeroed.push(page);
      } else content.writeUInt8(4, kind < 0.15 ? 0 : pageBytes - 1);
    }
    expect(compareImages(fileOf('before', before), fileOf('after', after))).toEqual(expected);
  });

  it.each([
    ['lengths that differ', pageBytes, 2 * pageBytes],
    ['a part of a page', 100, 100],
  ])('refuses %s', (_what, first, second) => {
    const paths = [fileOf('before', Buffer.alloc(first)), fileOf('after', Buffer.alloc(second))] as const;
    expect(() => compareImages(...paths)).toThrow(RangeError);
  });
});
