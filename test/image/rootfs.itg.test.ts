import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RootfsImage } from '../../src/image/types.ts';
import { makeExt4 } from '../fixtures/ext4.ts';
import { dockerArchive, ociArchive } from './container-archive.ts';
import {
  contentAt,
  e2fsprogs,
  inodeAt,
  inodesIn,
  requireClean,
  targetAt,
  textAt,
  xattrsAt,
} from './inspect.ts';
import { expectSample, forAnyone, sample } from './sample.ts';
import { type Member, tar } from './tar.ts';
import { mebibyte, openWorkshop, type Workshop } from './workshop.ts';

let shop: Workshop;
beforeEach(() => {
  shop = openWorkshop();
});
afterEach(() => shop[Symbol.dispose]());

const rootfs = (path: string) => shop.build({ kind: 'rootfs', path });
const image = (reference: string) => shop.build({ kind: 'image', reference });

describe('a tar', () => {
  test('all of it is on the disk', async () => {
    shop.file('rootfs.tar', tar(sample));
    expectSample((await rootfs('rootfs.tar')).rootfsPath);
  });

  test('compressed, told by its content and not by its name, it is the same disk', async () => {
    const plain = tar(sample);
    const xz = (input: Buffer) => execFileSync('xz', ['-c'], { input, maxBuffer: 64 * mebibyte });
    const forms = [
      plain,
      gzipSync(plain),
      Buffer.concat([gzipSync(plain.subarray(0, 5000)), gzipSync(plain.subarray(5000))]),
      zstdCompressSync(plain),
      // As pzstd and zstd:chunked write it.
      Buffer.concat([
        skippable,
        zstdCompressSync(plain.subarray(0, 5000)),
        skippable,
        zstdCompressSync(plain.subarray(5000)),
      ]),
      xz(plain),
      xz(Buffer.concat([plain, Buffer.alloc(mebibyte)])),
    ];
    const disks: Buffer[] = [];
    for (const form of forms) {
      shop.file('rootfs.img', form);
      disks.push(readFileSync((await rootfs('rootfs.img')).rootfsPath));
    }
    expect(shop.logged.filter((line) => line.startsWith('making the head disk')).length).toBe(forms.length);
    for (const disk of disks) expect(disk.equals(disks[0] ?? Buffer.alloc(0))).toBe(true);
  });

  test.each(['v7', 'ustar', 'gnu', 'oldgnu', 'posix'])(
    'as GNU tar writes it in the format %s',
    async (format) => {
      const folder = join(shop.checkout, 'folder');
      mkdirSync(join(folder, 'a/b'), { recursive: true });
      writeFileSync(join(folder, 'a/b/file'), 'content', { mode: 0o640 });
      symlinkSync('b/file', join(folder, 'a/link'));
      execFileSync('tar', [
        `--format=${format}`,
        '-C',
        folder,
        '--owner=12',
        '--group=34',
        '-cf',
        join(shop.checkout, 't.tar'),
        '.',
      ]);
      const { rootfsPath } = await rootfs('t.tar');
      requireClean(rootfsPath);
      expect(textAt(rootfsPath, '/a/b/file')).toBe('content');
      expect(targetAt(rootfsPath, '/a/link')).toBe('b/file');
      expect(inodeAt(rootfsPath, '/a/b/file')).toMatchObject({ uid: 12, gid: 34 });
    },
  );

  test.each(['gnu', 'posix:0.0', 'posix:0.1', 'posix:1.0'])(
    'sparse as GNU tar writes it: %s',
    async (format) => {
      const [name = '', version] = format.split(':');
      const folder = join(shop.checkout, 'folder');
      mkdirSync(folder);
      const content = Buffer.alloc(3 * mebibyte);
      for (let at = 0; at < content.length; at += 128 * 1024) content.fill(1 + (at % 251), at, at + 4096);
      execFileSync('dd', [`of=${join(folder, 'sparse')}`, 'bs=4096', 'conv=sparse'], {
        input: content,
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      const options = [`--format=${name}`, '--sparse', ...(version ? [`--sparse-version=${version}`] : [])];
      execFileSync('tar', [...options, '-C', folder, '-cf', join(shop.checkout, 't.tar'), '.']);
      expect(readFileSync(join(shop.checkout, 't.tar')).length).toBeLessThan(mebibyte);
      const { rootfsPath } = await rootfs('t.tar');
      requireClean(rootfsPath);
      expect(contentAt(rootfsPath, '/sparse').equals(content)).toBe(true);
      // One more is its extent tree's.
      expect(inodeAt(rootfsPath, '/sparse')?.blocks).toBe(25 * 8);
    },
  );
});

describe('a folder', () => {
  test('its files, their modes, links, attributes and holes', async () => {
    const folder = join(shop.checkout, 'folder');
    mkdirSync(folder);
    shop.file('sample.tar', tar(forAnyone()));
    execFileSync('tar', [
      '--xattrs',
      '--xattrs-include=user.*',
      '--no-same-owner',
      '-p',
      '-C',
      folder,
      '-xf',
      join(shop.checkout, 'sample.tar'),
    ]);
    const { rootfsPath } = await rootfs('folder');
    requireClean(rootfsPath);
    // Whoever owns the checkout, in the guest it is root.
    expect(inodeAt(rootfsPath, '/bin/su')).toMatchObject({ mode: 0o4755, uid: 0, gid: 0 });
    expect(inodeAt(rootfsPath, '/tmp')).toMatchObject({ mode: 0o1777, type: 'directory' });
    expect(inodeAt(rootfsPath, '/etc/text')).toMatchObject({ mtime: 1_200_000_002 });
    const [one, two] = ['one', 'two'].map((name) => inodeAt(rootfsPath, `/links/${name}`));
    expect(one).toMatchObject({ number: two?.number, links: 3 });
    expect(targetAt(rootfsPath, '/links/to-4095')).toBe('t'.repeat(4095));
    expect(xattrsAt(rootfsPath, '/home')).toEqual(new Map([['user.folder', Buffer.from('of a folder')]]));
    expect(inodeAt(rootfsPath, '/dev/pipe')).toMatchObject({ type: 'FIFO', mode: 0o622 });
    expect(inodeAt(rootfsPath, '/var/sparse')).toMatchObject({ sizeBytes: 2 ** 40, blocks: 16 });
    const named = inodesIn(rootfsPath, '/names');
    expect(named.size).toBe(10);
    for (const [name, inode] of named)
      expect(contentAt(rootfsPath, `<${inode}>`).toString('latin1')).toBe(name);
  });

  test('a socket, and a symlink out of it, harm nothing', async () => {
    const folder = join(shop.checkout, 'folder');
    mkdirSync(folder);
    symlinkSync('/etc/passwd', join(folder, 'passwd'));
    const server = createServer().listen(join(folder, 's'));
    await once(server, 'listening');
    const { rootfsPath } = await rootfs('folder').finally(() => server.close());
    expect(inodesIn(rootfsPath, '/').has('s')).toBe(false);
    expect(targetAt(rootfsPath, '/passwd')).toBe('/etc/passwd');
  });
});

describe('an ext4', () => {
  test('is copied, grown and left as it is', async () => {
    const source = join(shop.folder, 'source');
    mkdirSync(source);
    // The fixture has small blocks, which hold no long target.
    const members = forAnyone().filter(({ path }) => !path.endsWith('to-4095'));
    shop.file('sample.tar', tar(members));
    const path = makeExt4(source, join(shop.checkout, 'sample.tar'), 20 * mebibyte);
    const before = readFileSync(path);
    const built = await rootfs(path);
    requireClean(built.rootfsPath);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readFileSync(built.rootfsPath).length).toBe(32 * mebibyte);
    expect(textAt(built.rootfsPath, '/etc/text')).toBe('hello\n');
    expect(inodeAt(built.rootfsPath, '/bin/su')).toMatchObject({ mode: 0o4755 });
    const same = await shop.build({ kind: 'rootfs', path }, { diskSizeBytes: 20 * mebibyte });
    requireClean(same.rootfsPath);
    expect(readFileSync(same.rootfsPath).length).toBe(20 * mebibyte);
  });

  test('ext2 with small blocks, and a journal that was not replayed', async () => {
    for (const args of [
      ['-t', 'ext2', '-b', '1024'],
      ['-t', 'ext4', '-J', 'size=4'],
    ]) {
      const path = shop.file('disk', '');
      e2fsprogs('mke2fs', '-q', '-F', ...args, path, '20M');
      if (args.includes('ext4')) e2fsprogs('debugfs', '-w', '-R', 'feature needs_recovery', path);
      const { rootfsPath } = await rootfs('disk');
      requireClean(rootfsPath);
      expect([...inodesIn(rootfsPath, '/').keys()]).toContain('.snapgate');
    }
  });
});

describe('an image archive', () => {
  test.each([
    ['docker save', dockerArchive],
    ['OCI', ociArchive],
  ])('%s: all of it is on the disk', async (_, archive) => {
    const half = Math.floor(sample.length / 2);
    const layers = [sample.slice(0, half), sample.slice(half)].map((members) => ({
      data: gzipSync(tar(members)),
    }));
    const marks = {
      data: tar([{ path: '.dockerenv' }, { path: 'run/', type: '5' }, { path: 'run/.containerenv' }]),
    };
    shop.file('image.tar', archive([...layers, marks]));
    const { rootfsPath } = await image('image.tar');
    expectSample(rootfsPath);
    expect(inodeAt(rootfsPath, '/.dockerenv')).toBeUndefined();
    expect(inodeAt(rootfsPath, '/run/.containerenv')).toBeUndefined();
  });

  test('how it is started', async () => {
    const layers = [{ data: tar([{ path: 'app', body: '', mode: 0o755 }]) }];
    const process = { Entrypoint: ['/app'], Env: ["A=it's"], User: '7' };
    shop.file('image.tar', ociArchive(layers, { process }));
    const built = await image('./image.tar');
    expect(built.init).toBe('none');
    expect(built.kernelArgs).toContain('init=/.snapgate/init');
    expect(textAt(built.rootfsPath, '/.snapgate/entrypoint')).toContain("'/app'");
    expect(textAt(built.rootfsPath, '/.snapgate/environment')).toBe("export 'A=it'\\''s'\n");
  });
});

describe('the guest that is made of it', () => {
  /** An executable, as some images have it at /sbin/init. */
  const program = (path: string): Member => ({ path, body: '#!', mode: 0o755 });
  const longPath = `nix/store/${'h'.repeat(60)}/systemd`;

  test.each<[string, Member[], RootfsImage['init'], string]>([
    ['nothing', [{ path: 'a' }], 'none', 'init=/.snapgate/init'],
    ['an init of its own', [program('sbin/init')], 'init', 'init=/.snapgate/init'],
    ['an init that cannot be run', [{ path: 'sbin/init', mode: 0o644 }], 'none', 'init=/.snapgate/init'],
    [
      'systemd',
      [program('lib/systemd/systemd'), { path: 'sbin/init', type: '2', link: '/lib/systemd/systemd' }],
      'systemd',
      'init=/sbin/init',
    ],
    [
      'systemd behind symlinks and with usr merged',
      [
        program('usr/lib/systemd/systemd'),
        { path: 'lib', type: '2', link: 'usr/lib' },
        { path: 'sbin', type: '2', link: 'usr/sbin' },
        { path: 'usr/sbin/init', type: '2', link: '../lib/systemd/systemd' },
      ],
      'systemd',
      'init=/sbin/init',
    ],
    [
      'systemd behind a symlink that is too long for an inode',
      [program(longPath), { path: 'init', type: '2', link: `/${longPath}` }],
      'systemd',
      'init=/init',
    ],
    [
      'busybox that nothing is set up for',
      [program('bin/busybox'), { path: 'sbin/init', type: '2', link: '../bin/busybox' }],
      'none',
      'init=/.snapgate/init',
    ],
    [
      'busybox with an inittab',
      [
        program('bin/busybox'),
        { path: 'sbin/init', type: '2', link: '../bin/busybox' },
        { path: 'etc/inittab', body: '::sysinit:/bin/true\n' },
      ],
      'init',
      'init=/.snapgate/init',
    ],
    ['a loop', [{ path: 'sbin/init', type: '2', link: 'init' }], 'none', 'init=/.snapgate/init'],
    [
      'an inittab of a gigabyte',
      [
        program('bin/busybox'),
        { path: 'sbin/init', type: '2', link: '../bin/busybox' },
        { path: 'etc/inittab', pax: { 'GNU.sparse.size': String(2 ** 30), 'GNU.sparse.map': '0,0' } },
      ],
      'none',
      'init=/.snapgate/init',
    ],
  ])('%s', async (_, members, init, arg) => {
    shop.file('rootfs.tar', tar(members));
    const built = await rootfs('rootfs.tar');
    requireClean(built.rootfsPath);
    expect(built.init).toBe(init);
    expect(built.kernelArgs).toContain(arg);
    expect(textAt(built.rootfsPath, '/.snapgate/agent')).toMatch(/^#!\/\.snapgate\/busybox sh\n/);
    expect(contentAt(built.rootfsPath, '/.snapgate/busybox').equals(readFileSync('/bin/busybox'))).toBe(true);
    expect(inodeAt(built.rootfsPath, '/.snapgate/busybox')).toMatchObject({ mode: 0o755, uid: 0, gid: 0 });
  });
});

/** A frame of zstd that holds nothing of the content (RFC 8878, 3.1.2). */
const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);
