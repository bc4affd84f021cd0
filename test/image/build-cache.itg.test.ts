import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closeRun } from '../../src/host/cleanup.ts';
import { SnapgateError } from '../../src/host/error.ts';
import type { RootfsSource } from '../../src/image/types.ts';
import { refusal } from '../host/refusal.ts';
import { buildElsewhere } from './elsewhere.ts';
import { tar } from './tar.ts';
import { elfStart, unpackableKernel } from './unpackable-kernel.ts';
import { mebibyte, openWorkshop, type Workshop } from './workshop.ts';

let shop: Workshop;
beforeEach(() => {
  shop = openWorkshop();
});
afterEach(() => shop[Symbol.dispose]());

const rootfs = (path: string): RootfsSource => ({ kind: 'rootfs', path });

function entries(): string[] {
  return namesIn('content').filter((name) => name !== 'users');
}

function namesIn(folder: string): string[] {
  const path = join(shop.run.cacheDir, folder);
  return existsSync(path) ? readdirSync(path) : [];
}

function makes(): number {
  return shop.logged.filter((line) => line.startsWith('making the head disk')).length;
}

describe('an unchanged image is not built again', () => {
  test('a tar', async () => {
    const path = shop.file('rootfs.tar', tar([{ path: 'a', body: Buffer.alloc(8 * mebibyte, 'x') }]));
    const first = await shop.build(rootfs('rootfs.tar'));
    const startedMs = performance.now();
    expect(await shop.build(rootfs('rootfs.tar'))).toEqual(first);
    expect(performance.now() - startedMs).toBeLessThan(1000);
    expect(makes()).toBe(1);
    expect(shop.logged.at(-1)).toBe(`the head disk of the tar ${path} is in the cache`);
    expect(entries()).toHaveLength(1);
    expect(statSync(first.rootfsPath).mode & 0o222).toBe(0);
  });

  test('for another bus: the same disk, and a kernel that is unpacked', async () => {
    shop.file('rootfs.tar', tar([{ path: 'a', body: Buffer.from('x') }]));
    const kernel = shop.file('vmlinuz', unpackableKernel(gzipSync(elfStart)));
    const pci = await shop.build(rootfs('rootfs.tar'), { kernel });
    const mmio = await shop.build(rootfs('rootfs.tar'), { kernel, devices: 'mmio' });
    expect(pci.kernelPath).toBe(kernel);
    expect(readFileSync(mmio.kernelPath).equals(elfStart)).toBe(true);
    expect(mmio).toEqual({ ...pci, kernelPath: mmio.kernelPath });
    expect(makes()).toBe(1);
  });

  test('a folder of a later checkout', async () => {
    const folder = join(shop.checkout, 'folder');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a'), 'a');
    await shop.build(rootfs('folder'));
    const later = join(shop.checkout, 'later');
    cpSync(folder, later, { recursive: true });
    for (const path of ['later/a', 'later'])
      utimesSync(join(shop.checkout, path), 1_900_000_000, 1_900_000_000);
    await shop.build(rootfs('later'));
    expect(makes()).toBe(1);
  });

  test('what a build-command leaves anew each time', async () => {
    const command = 'umask 022; rm -rf out; mkdir out; echo x > out/x';
    for (let turn = 0; turn < 2; turn += 1) await shop.build({ kind: 'build-command', command, path: 'out' });
    expect(makes()).toBe(1);
  });

  test('but another content, mode, or size of disk is another image', async () => {
    const folder = join(shop.checkout, 'folder');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a'), 'a', { mode: 0o644 });
    const first = await shop.build(rootfs('folder'));
    const larger = await shop.build(rootfs('folder'), { diskSizeBytes: 64 * mebibyte });
    writeFileSync(join(folder, 'b'), 'b', { mode: 0o755 });
    const changed = await shop.build(rootfs('folder'));
    expect(new Set([first, larger, changed].map(({ rootfsSha256 }) => rootfsSha256)).size).toBe(3);
    expect(entries()).toHaveLength(3);
  });
});

test('the limit: what was used longest ago goes, what this run uses stays', async () => {
  const build = async (name: string, limit: number) => {
    shop.file(name, tar([{ path: name }]));
    await shop.build(rootfs(name), { cacheLimitBytes: limit });
  };
  await build('a', 1);
  await build('b', 1);
  expect(entries()).toHaveLength(2);
  closeRun(shop.run.dir);
  using next = openWorkshop({ cacheDir: shop.run.cacheDir });
  next.file('c', tar([{ path: 'c' }]));
  await next.build(rootfs('c'), { cacheLimitBytes: 1 });
  expect(entries()).toHaveLength(1);
});

test('processes that build one image at once all succeed, and one entry stays', async () => {
  shop.file('rootfs.tar', tar([{ path: 'a', body: Buffer.alloc(4 * mebibyte, 'x') }]));
  const build = (name: string) =>
    buildElsewhere({
      folder: join(shop.folder, name),
      checkout: shop.checkout,
      rootfs: rootfs('rootfs.tar'),
      cacheDir: shop.run.cacheDir,
    });
  const outcomes = await Promise.all(['one', 'two', 'three'].map(build));
  const hashes = outcomes.map(({ image, error }) => image?.rootfsSha256 ?? error);
  expect(new Set(hashes).size).toBe(1);
  expect(entries()).toHaveLength(1);
  expect(namesIn('content/users')).toEqual([]);
});

describe('an interruption leaves nothing half-made', () => {
  test.each<[string, RootfsSource, string]>([
    ['a tar', rootfs('rootfs.tar.gz'), 'making the head disk'],
    ['a folder', rootfs('folder'), 'making the head disk'],
    ['a build-command', { kind: 'build-command', command: 'echo begun; sleep 600', path: 'out' }, 'begun'],
  ])('of %s', async (_, source, sign) => {
    shop.file(
      'rootfs.tar.gz',
      tar(Array.from({ length: 2000 }, (_each, index) => ({ path: `f${index}`, body: 'x'.repeat(5000) }))),
    );
    mkdirSync(join(shop.checkout, 'folder'));
    for (let index = 0; index < 200; index += 1)
      writeFileSync(join(shop.checkout, `folder/${index}`), 'x'.repeat(50_000));
    const building = refusal(shop.build(source));
    while (!shop.logged.some((line) => line.startsWith(sign))) await wait(5);
    shop.abort.abort(new SnapgateError('interrupted', 'interrupted by SIGTERM', 'Again.'));
    expect((await building).code).toBe('interrupted');
    expect(entries()).toEqual([]);
    closeRun(shop.run.dir);
    expect(existsSync(shop.run.dir)).toBe(false);
    expect(namesIn('content/users')).toEqual([]);
    using next = openWorkshop({ cacheDir: shop.run.cacheDir });
    next.file('a.tar', tar([{ path: 'a' }]));
    const { rootfsPath } = await next.build(rootfs('a.tar'));
    expect(readFileSync(rootfsPath).length).toBe(32 * mebibyte);
  });
});
