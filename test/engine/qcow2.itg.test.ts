import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clusterBytes, createOverlay, writtenExtents } from '../../src/engine/qemu/qcow2.ts';
import type { Extent } from '../../src/pages/data-extents.ts';
import { seededRandom } from '../stats/random.ts';

const mebibyte = 1024 * 1024;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'snapgate-qcow2-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function sparseFile(name: string, bytes: number): string {
  const path = join(dir, name);
  writeFileSync(path, '');
  truncateSync(path, bytes);
  return path;
}

function overlayOn(backing: string, format: 'raw' | 'qcow2', bytes: number, name = 'overlay.qcow2'): string {
  const path = join(dir, name);
  createOverlay(path, bytes, { path: backing, format });
  return path;
}

function qemuImg(...args: string[]): string {
  return execFileSync('qemu-img', args, { encoding: 'utf8' });
}

function check(overlay: string): void {
  const found: unknown = JSON.parse(qemuImg('check', '--output=json', '-f', 'qcow2', overlay));
  expect(found).not.toHaveProperty('corruptions');
  expect(found).not.toHaveProperty('leaks');
  expect(found).toMatchObject({ 'check-errors': 0 });
}

/** What qemu-img says is the overlay's own (depth 0) and holds something: data, or zeroes that hide what is below. */
function extentsByQemu(overlay: string): Extent[] {
  const map: { start: number; length: number; depth: number; data: boolean; zero: boolean }[] = JSON.parse(
    qemuImg('map', '--output=json', '-f', 'qcow2', overlay),
  );
  return merge(map.filter(({ depth, data, zero }) => depth === 0 && (data || zero)));
}

function merge(parts: readonly { start: number; length: number }[]): Extent[] {
  const extents: { offset: number; bytes: number }[] = [];
  for (const { start, length } of parts) {
    const last = extents.at(-1);
    if (last && last.offset + last.bytes === start) last.bytes += length;
    else extents.push({ offset: start, bytes: length });
  }
  return extents;
}

function qemuIo(path: string, commands: readonly string[], format = 'qcow2'): void {
  const args = commands.flatMap((command) => ['-c', command]);
  const said = execFileSync('qemu-io', ['-f', format, '-t', 'unsafe', ...args, path], { encoding: 'utf8' });
  expect(said).not.toMatch(/error|failed|verification/i);
}

describe('createOverlay', () => {
  it.each([
    ['one sector', 512],
    ['one cluster', clusterBytes],
    ['what is no multiple of a sector, as a raw file may be', 1_000_001],
    ['one table', 2 * mebibyte],
    ['one byte more than a table', 2 * mebibyte + 1],
    ['a usual disk', 768 * mebibyte],
    ['one cluster of tables', 1024 * mebibyte],
    ['more than that', 1024 * mebibyte + clusterBytes],
    ['100 GiB', 100 * 1024 * mebibyte],
  ])('makes an overlay that qemu-img finds whole and empty: %s', (_what, bytes) => {
    const backing = sparseFile('disk.ext4', bytes);
    const overlay = overlayOn(backing, 'raw', bytes);
    check(overlay);
    expect(JSON.parse(qemuImg('info', '--output=json', overlay))).toMatchObject({
      format: 'qcow2',
      'virtual-size': Math.ceil(bytes / 512) * 512,
      'cluster-size': clusterBytes,
      'backing-filename': backing,
      'backing-filename-format': 'raw',
    });
    expect(writtenExtents(overlay)).toEqual([]);
  });

  it('reads from its backing file until it is written to, and keeps what was', () => {
    const backing = sparseFile('disk, with:a "name"\n', mebibyte);
    qemuIo(backing, ['write -P 0x11 0 1M'], 'raw');
    const overlay = overlayOn(backing, 'raw', mebibyte);
    qemuIo(overlay, ['write -P 0x22 10000 5000', 'read -P 0x11 0 10000', 'read -P 0x22 10000 5000']);
    qemuIo(overlay, ['read -P 0x11 15000 33576', 'read -P 0x22 10000 5000']);
    check(overlay);
    expect(writtenExtents(overlay)).toEqual([{ offset: 8192, bytes: 8192 }]);
  });

  it('refuses a disk whose tables it has no room to count', () => {
    expect(() => overlayOn('/none', 'raw', 2 ** 50)).toThrow(RangeError);
  });
});

describe('writtenExtents', () => {
  it.each([3, 4, 5])('agrees with qemu-img map after random writes and zeroes (seed %i)', (seed) => {
    const random = seededRandom(seed);
    const bytes = 64 * mebibyte;
    const base = overlayOn(sparseFile('disk.ext4', bytes), 'raw', bytes, 'base.qcow2');
    qemuIo(base, ['write -P 1 0 3M', 'write -P 1 32M 1M']);
    const overlay = overlayOn(base, 'qcow2', bytes);
    const commands = Array.from({ length: 150 }, () => {
      const length = 512 * (1 + Math.floor(random() ** 4 * 600));
      const offset = 512 * Math.floor(random() ** 2 * ((bytes - length) / 512));
      const zeroed = random() < 0.2 ? '-z' : `-P ${1 + Math.floor(random() * 255)}`;
      return `write ${zeroed} ${offset} ${length}`;
    });
    qemuIo(overlay, commands);
    check(overlay);
    expect(writtenExtents(overlay)).toEqual(extentsByQemu(overlay));
    expect(writtenExtents(overlay).length).toBeGreaterThan(50);
  });

  it('counts zeroes that were written over content, and over nothing', () => {
    const bytes = 8 * mebibyte;
    const base = overlayOn(sparseFile('disk.ext4', bytes), 'raw', bytes, 'base.qcow2');
    qemuIo(base, ['write -P 1 0 64k']);
    const overlay = overlayOn(base, 'qcow2', bytes);
    qemuIo(overlay, ['write -z 0 64k', 'write -P 0 4M 8k']);
    expect(writtenExtents(overlay)).toEqual([
      { offset: 0, bytes: 65_536 },
      { offset: 4 * mebibyte, bytes: 8192 },
    ]);
  });

  it('sees more than the tables that an overlay is made with can count', () => {
    const bytes = 64 * mebibyte;
    const overlay = overlayOn(sparseFile('disk.ext4', bytes), 'raw', bytes);
    qemuIo(overlay, ['write -P 7 0 64M']);
    check(overlay);
    expect(writtenExtents(overlay)).toEqual([{ offset: 0, bytes }]);
  });

  it('counts the last cluster of a disk that ends inside of it as a whole one', () => {
    const bytes = 2 * mebibyte + 512;
    const overlay = overlayOn(sparseFile('disk.ext4', bytes), 'raw', bytes);
    qemuIo(overlay, ['write -P 7 2M 512']);
    expect(writtenExtents(overlay)).toEqual([{ offset: 2 * mebibyte, bytes: clusterBytes }]);
  });

  it('agrees after the overlay was committed into the one below, as a cycle does', () => {
    const bytes = 16 * mebibyte;
    const base = overlayOn(sparseFile('disk.ext4', bytes), 'raw', bytes, 'base.qcow2');
    for (const cycle of [1, 2, 3]) {
      const overlay = overlayOn(base, 'qcow2', bytes);
      qemuIo(overlay, [`write -P ${cycle} ${cycle}M 100k`, `write -P ${cycle} 0 4k`]);
      qemuImg('commit', '-q', '-d', '-t', 'unsafe', '-f', 'qcow2', overlay);
      qemuIo(base, [`read -P ${cycle} ${cycle}M 100k`, `read -P ${cycle} 0 4k`]);
    }
    check(base);
    expect(writtenExtents(base)).toEqual(extentsByQemu(base));
    expect(writtenExtents(base).map(({ offset }) => offset / mebibyte)).toEqual([0, 1, 2, 3]);
  });

  it('refuses what is not of its making', () => {
    const other = join(dir, 'other.qcow2');
    qemuImg('create', '-q', '-f', 'qcow2', other, '1M');
    expect(() => writtenExtents(other)).toThrow('is not an overlay of 4096-byte clusters');
    expect(() => writtenExtents(sparseFile('raw', mebibyte))).toThrow('is not an overlay');
  });
});
