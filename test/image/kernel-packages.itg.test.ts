import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { resolveDistributionKernel } from '../../src/image/distribution-kernel.ts';
import { resolveInitrd } from '../../src/image/initrd.ts';
import { type Kernel, resolveKernel } from '../../src/image/kernel.ts';
import { refusal } from '../host/refusal.ts';
import { bzImage, openWorkshop, type Workshop } from './workshop.ts';

/** Shared with the tests of guests: the packages are fetched once. */
const cacheDir = join(import.meta.dirname, '../../node_modules/.cache/snapgate-tests/cache');

let shop: Workshop;
beforeEach(() => {
  shop = openWorkshop();
});
afterEach(() => {
  vi.unstubAllEnvs();
  shop[Symbol.dispose]();
});

async function distributionKernel(): Promise<Kernel> {
  using shared = openWorkshop({ cacheDir });
  return await resolveKernel(shared.run, 'auto', 1024 ** 3);
}

describe('the initrd', () => {
  test('a busybox and the modules, each after those that it needs; whenever and wherever, the same bytes', async () => {
    const kernel = await distributionKernel();
    const one = await resolveInitrd(shop.run, 'auto', kernel);
    using other = openWorkshop({ parent: mkdtempSync(join(shop.folder, 'a-longer-name-')) });
    const umask = process.umask(0o077);
    vi.stubEnv('TZ', 'Asia/Kolkata');
    const two = await resolveInitrd(other.run, 'auto', kernel);
    process.umask(umask);
    if (!one || !two) throw new Error('an initrd was expected');
    expect(readFileSync(one.path).equals(readFileSync(two.path))).toBe(true);
    const root = mkdtempSync(join(shop.folder, 'unpacked-'));
    execFileSync('cpio', ['-id', '--quiet', '--no-absolute-filenames'], {
      cwd: root,
      input: readFileSync(one.path),
    });
    expect(readFileSync(join(root, 'bin/busybox')).equals(readFileSync('/bin/busybox'))).toBe(true);
    const loaded = [...readFileSync(join(root, 'init'), 'utf8').matchAll(/insmod \/modules\/(\S+)/g)].map(
      (match) => match[1] ?? '',
    );
    expect(readdirSync(join(root, 'modules')).sort()).toEqual(loaded.toSorted());
    expect(loaded).toContain('virtio_blk.ko');
    for (const [index, name] of loaded.entries())
      for (const needed of dependencies(kernel, name)) expect(loaded.slice(0, index)).toContain(needed);
  });

  test('for devices on mmio: the disk and a vsock, nothing of PCI or consoles', async () => {
    const initrd = await resolveInitrd(shop.run, 'auto', await distributionKernel(), 'mmio');
    if (!initrd) throw new Error('an initrd was expected');
    const files = execFileSync('cpio', ['-t', '--quiet'], { input: readFileSync(initrd.path) }).toString();
    const modules = [...files.matchAll(/^modules\/(\S+)$/gm)].map((match) => match[1]);
    expect(modules).toEqual(
      expect.arrayContaining(['virtio_mmio.ko', 'virtio_blk.ko', 'vmw_vsock_virtio_transport.ko']),
    );
    expect(modules).not.toContain('virtio_pci.ko');
    expect(modules).not.toContain('virtio_console.ko');
  });

  test('none, a file, and for a kernel without modules at hand none', async () => {
    const kernel: Kernel = { path: '/k', version: '0.0.0-none', sha256: 'k', modulesDir: undefined };
    expect(await resolveInitrd(shop.run, 'none', kernel)).toBeUndefined();
    expect(await resolveInitrd(shop.run, 'auto', kernel)).toBeUndefined();
    const path = shop.file('initrd', 'x');
    expect(await resolveInitrd(shop.run, path, kernel)).toMatchObject({ path });
    const error = await refusal(resolveInitrd(shop.run, '/no/such/initrd', kernel));
    expect(error).toMatchObject({ code: 'image', message: 'there is no initrd at /no/such/initrd' });
  });
});

/** Modules that depmod says a module needs, its own reading of what modprobe is asked. */
function dependencies(kernel: Kernel, name: string): string[] {
  const plain = (path: string) => basename(path).replace(/\.(xz|zst|gz)$/, '');
  const folder = join(kernel.modulesDir ?? '', 'lib/modules', kernel.version);
  const lines = readFileSync(join(folder, 'modules.dep'), 'utf8').split('\n');
  const line = lines.find((each) => plain(each.split(':')[0] ?? '') === name);
  return (line?.split(':')[1] ?? '')
    .split(' ')
    .filter((path) => path !== '')
    .map(plain);
}

describe('kernel: auto where apt knows no packages', () => {
  let kernels: string;
  let aptDir: string;
  beforeEach(() => {
    kernels = join(shop.run.cacheDir, 'kernels');
    aptDir = mkdtempSync(join(tmpdir(), 'snapgate-apt-'));
    // An apt of its own, without sources.
    mkdirSync(join(aptDir, 'lists/partial'), { recursive: true });
    mkdirSync(join(aptDir, 'cache/archives/partial'), { recursive: true });
    const settings = {
      'Dir::State::lists': join(aptDir, 'lists'),
      'Dir::State::status': '/dev/null',
      'Dir::Cache': join(aptDir, 'cache'),
      'Dir::Etc::sourcelist': '/dev/null',
      'Dir::Etc::sourceparts': '/dev/null',
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";`);
    writeFileSync(join(aptDir, 'apt.conf'), lines.join('\n'));
    vi.stubEnv('APT_CONFIG', join(aptDir, 'apt.conf'));
  });
  afterEach(() => rmSync(aptDir, { recursive: true, force: true }));

  /** An entry as of a package that was unpacked, `days` ago. */
  function entry(release: string, days: number): string {
    const path = join(kernels, `linux-image-${release}_1`);
    mkdirSync(join(path, 'boot'), { recursive: true });
    mkdirSync(join(path, 'lib/modules', release), { recursive: true });
    writeFileSync(
      join(path, 'boot', `vmlinuz-${release}`),
      Buffer.concat([bzImage(release), Buffer.alloc(100_000)]),
    );
    const time = Date.now() / 1000 - days * 24 * 3600;
    utimesSync(path, time, time);
    return path;
  }

  test('the one used last is taken from the cache, and what is old and too much goes', async () => {
    const [oldest, newest, middle] = [entry('1.0', 30), entry('3.0', 2), entry('2.0', 20)];
    const found = await resolveDistributionKernel(shop.run, 250_000);
    expect(found).toEqual({ path: join(newest, 'boot/vmlinuz-3.0'), modulesDir: newest });
    expect(shop.logged.at(-1)).toMatch(
      /^apt knows no linux-image-\S+: the kernel used last is taken from the cache$/,
    );
    expect([oldest, newest, middle].map((path) => existsSync(path))).toEqual([false, true, true]);
  });

  test('without one, the error says what to do', async () => {
    const error = await refusal(resolveDistributionKernel(shop.run, 250_000));
    expect(error.code).toBe('host');
    expect(error.message).toMatch(/^no kernel to boot guests with: apt knows no linux-image-/);
    expect(error.remedy).toContain('sudo apt-get update');
  });
});
