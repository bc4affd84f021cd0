import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SnapgateError } from '../../src/host/error.ts';
import type { RootfsSource } from '../../src/image/types.ts';
import { ociArchive } from './container-archive.ts';
import { contentAt, e2fsprogs, inodesIn, requireClean } from './inspect.ts';
import { type Member, tar } from './tar.ts';
import { bzImage, mebibyte, openWorkshop, type Workshop } from './workshop.ts';

let shop: Workshop;
beforeEach(() => {
  shop = openWorkshop();
});
afterEach(() => {
  vi.unstubAllEnvs();
  // Whatever was refused, nothing of it is left, in the cache or in the run's folder.
  const kept = readdirSync(join(shop.folder, 'cache'), { recursive: true, encoding: 'utf8' });
  expect(kept.filter((name) => name.includes('tmp-'))).toEqual([]);
  expect(readdirSync(shop.run.dir).filter((name) => /^(rootfs|inject)-/.test(name))).toEqual([]);
  shop[Symbol.dispose]();
});

const rootfs = (path: string): RootfsSource => ({ kind: 'rootfs', path });
const image = (reference: string): RootfsSource => ({ kind: 'image', reference });
const buildCommand = (command: string, path = 'out'): RootfsSource => ({
  kind: 'build-command',
  command,
  path,
});
const dockerfile = (changes: Partial<Extract<RootfsSource, { kind: 'dockerfile' }>> = {}): RootfsSource => ({
  kind: 'dockerfile',
  dockerfile: 'Dockerfile',
  context: '.',
  buildArgs: {},
  target: undefined,
  ...changes,
});

function expectImageError(error: SnapgateError, why: string | RegExp, remedy: string | RegExp): void {
  expect(error.code).toBe('image');
  expect(error.message).toMatch(why);
  expect(error.remedy).toMatch(remedy);
}

describe('more than the disk holds', () => {
  const noise = (bytes: number) => Buffer.alloc(bytes, 'not zero');
  const file = (name: string, bytes: number): Member => ({ path: name, body: noise(bytes) });

  /** What the error says to raise disk-size to must be enough. */
  async function follow(source: RootfsSource, error: SnapgateError): Promise<void> {
    const diskSize = Number(/Raise disk-size to (\d+)MiB/.exec(error.remedy)?.[1]) * mebibyte;
    requireClean((await shop.build(source, { diskSizeBytes: diskSize })).rootfsPath);
  }

  test.each([
    ['far more', 40],
    ['more than is left beside inodes and journal', 15],
  ])('a tar of %s', async (_, megabytes) => {
    shop.file('big.tar', tar([file('big', megabytes * mebibyte)]));
    const error = await shop.refusal(rootfs('big.tar'), { diskSizeBytes: 16 * mebibyte });
    expectImageError(
      error,
      /^the tar \S+big\.tar needs about [\d.]+ MiB as a disk, and disk-size is 16\.0 MiB$/,
      /MiB/,
    );
    await follow(rootfs('big.tar'), error);
  });

  test('just what leaves no room for the agent', async () => {
    const path = shop.file('full.ext4', '');
    mkdirSync(join(shop.folder, 'files'));
    writeFileSync(join(shop.folder, 'files/fill'), noise(14 * mebibyte));
    e2fsprogs(
      'mke2fs',
      '-q',
      '-F',
      '-t',
      'ext4',
      '-O',
      '^has_journal',
      '-m',
      '0',
      '-d',
      join(shop.folder, 'files'),
      path,
      '16M',
    );
    const error = await shop.refusal(rootfs(path), { diskSizeBytes: 16 * mebibyte });
    expectImageError(
      error,
      /^the guest's disk of 16\.0 MiB has [\d.]+ \w+ free where snapgate's guest agent needs/,
      /MiB/,
    );
    await follow(rootfs(path), error);
  });

  test('an ext4, of an odd size', async () => {
    const path = shop.file('big.ext4', '');
    e2fsprogs('mke2fs', '-q', '-F', '-t', 'ext4', '-b', '1024', path, '20001k');
    const error = await shop.refusal(rootfs(path), { diskSizeBytes: 16 * mebibyte });
    expectImageError(
      error,
      'is 19.5 MiB (20481024 bytes) large, and disk-size is 16.0 MiB (16777216 bytes)',
      'Raise disk-size to 20MiB or more',
    );
    await follow(rootfs(path), error);
  });

  test('an image archive, also where its layers take it away again too late', async () => {
    const layers = [[file('a', 20 * mebibyte)], [file('b', 20 * mebibyte), { path: '.wh.a' }]].map(
      (members) => ({ data: tar(members) }),
    );
    shop.file('image.tar', ociArchive(layers));
    const error = await shop.refusal(image('image.tar'), { diskSizeBytes: 16 * mebibyte });
    expectImageError(error, /^the image archive \S+image\.tar needs about/, /MiB/);
    await follow(image('image.tar'), error);
  });

  test('extended attributes', async () => {
    const pax = { 'SCHILY.xattr.user.a': 'v'.repeat(4000) };
    const members = Array.from({ length: 700 }, (_, index) => ({ path: `f${index}`, pax }));
    const all = [...members, file('large', 9 * mebibyte)];
    shop.file('rootfs.tar', tar(all));
    const error = await shop.refusal(rootfs('rootfs.tar'), { diskSizeBytes: 16 * mebibyte });
    expectImageError(error, 'and disk-size is 16.0 MiB', /MiB/);
    await follow(rootfs('rootfs.tar'), error);
  });

  test('a bomb', async () => {
    shop.file('bomb.tar.gz', gzipSync(tar([{ path: 'zeros', body: Buffer.alloc(300 * mebibyte) }])));
    const error = await shop.refusal(rootfs('bomb.tar.gz'), { diskSizeBytes: 16 * mebibyte });
    expectImageError(
      error,
      'holds files of 300 MiB or more: far too much for a disk of 16.0 MiB',
      'disk-size',
    );
  });
});

describe('a rootfs that is none', () => {
  const gz = gzipSync(
    tar([
      { path: 'a', body: Buffer.from(Array.from({ length: 50_000 }, (_, index) => (index * 7919) % 251)) },
      { path: 'b', body: Buffer.alloc(2 * mebibyte) },
    ]),
  );
  const damagedAt = (at: number) => {
    const data = Buffer.from(gz);
    data[data.length + at] = (data.at(at) ?? 0) ^ 0xff;
    return data;
  };

  test.each<[string, () => Buffer | string, RegExp]>([
    ['empty', () => '', /rootfs: \S+ is empty$/],
    [
      'a squashfs',
      () => Buffer.concat([Buffer.from('hsqs'), Buffer.alloc(4096)]),
      /is a squashfs \(unpack it, and give the folder\)$/,
    ],
    ['compressed with bzip2', () => 'BZh91AY', /is compressed with bzip2$/],
    ['a kernel', () => bzImage('6.1'), /is a kernel$/],
    ['text', () => 'hello\n'.repeat(1000), /is none of these$/],
    ['a gzip whose data are damaged', () => damagedAt(-2000), /the archive \S+ is damaged: its gzip data/],
    ['a gzip whose checksum is damaged', () => damagedAt(-5), /the archive \S+ is damaged: its gzip data/],
    [
      'a gzip cut short',
      () => gz.subarray(0, gz.length - 9),
      /the archive \S+ is damaged: its gzip data end or break off/,
    ],
    [
      'a tar cut short within a file',
      () => tar([{ path: 'a', body: 'a'.repeat(5000) }]).subarray(0, 2000),
      /^the tar \S+ is damaged: it ends within a file, at byte 2000$/,
    ],
    [
      'a tar cut short between two files',
      () => tar([{ path: 'a', body: 'a' }, { path: 'b' }]).subarray(0, 1024),
      /^the tar \S+ is damaged: it has no end mark$/,
    ],
    ['an empty tar', () => gzipSync(tar([])), /^the tar \S+ holds no files$/],
    [
      'an image archive',
      () => ociArchive([]),
      /rootfs: \S+ is a container image archive, not a root file system$/,
    ],
  ])('%s', async (_, content, why) => {
    shop.file('rootfs', content());
    expectImageError(await shop.refusal(rootfs('rootfs')), why, /./);
  });

  test('xz and zstd, damaged and cut short', async () => {
    const plain = tar([{ path: 'a', body: Buffer.from(gz) }]);
    for (const tool of ['xz', 'zstd']) {
      const whole = execFileSync(tool, ['-c', '-'], { input: plain, stdio: ['pipe', 'pipe', 'ignore'] });
      const damaged = Buffer.from(whole);
      damaged.fill(0x55, 300, 320);
      for (const content of [damaged, whole.subarray(0, whole.length - 20)]) {
        const path = shop.file('rootfs', content);
        expectImageError(
          await shop.refusal(rootfs('rootfs')),
          `${path} is damaged`,
          'Make or download it again',
        );
      }
    }
  });

  test('an ext4 that is compressed', async () => {
    const path = shop.file('disk', '');
    e2fsprogs('mke2fs', '-q', '-F', '-t', 'ext4', path, '16M');
    shop.file('disk.gz', gzipSync(readFileSync(path)));
    expectImageError(
      await shop.refusal(rootfs('disk.gz')),
      'holds no files',
      'an ext4 must not be compressed',
    );
    truncateSync(path, 100 * mebibyte);
    shop.file('disk.gz', gzipSync(readFileSync(path)));
    expectImageError(await shop.refusal(rootfs('disk.gz')), 'is no tar', 'an ext4 must not be compressed');
  });

  test('a qcow2', async () => {
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(shop.checkout, 'disk.qcow2'), '16M']);
    expectImageError(
      await shop.refusal(rootfs('disk.qcow2')),
      'is a qcow2 image (convert it with qemu-img convert -O raw',
      'Give an ext4, a tar',
    );
  });

  test('a disk with partitions', async () => {
    // The mark that ends a master boot record, which a GPT has too.
    const disk = Buffer.alloc(mebibyte);
    disk.writeUInt16LE(0xaa55, 510);
    shop.file('disk', disk);
    expectImageError(await shop.refusal(rootfs('disk')), 'is a disk with partitions', 'Give an ext4, a tar');
  });

  test('an ext4 that is shorter than it says, and one of a later age', async () => {
    const path = shop.file('disk', '');
    e2fsprogs('mke2fs', '-q', '-F', '-t', 'ext4', path, '20M');
    truncateSync(path, 10 * mebibyte);
    const short = await shop.refusal(rootfs('disk'));
    expectImageError(short, /^the ext4 \S+disk is damaged beyond what e2fsck repairs$/, 'Make it again');
    expect(short.details?.lines.join('\n')).toContain('The filesystem size');
    e2fsprogs('mke2fs', '-q', '-F', '-t', 'ext4', path, '20M');
    e2fsprogs('debugfs', '-w', '-R', 'feature FEATURE_I29', path);
    expectImageError(
      await shop.refusal(rootfs('disk')),
      'has features that e2fsck of this machine does not know',
      'mke2fs -O',
    );
  });

  test('an empty folder, a missing one, a device', async () => {
    mkdirSync(join(shop.checkout, 'folder'));
    expectImageError(
      await shop.refusal(rootfs('folder')),
      /^the folder \S+folder holds no files$/,
      'Check that',
    );
    expectImageError(
      await shop.refusal(rootfs('missing')),
      `rootfs: missing is not in ${shop.checkout}`,
      'Check the path',
    );
    expectImageError(
      await shop.refusal(rootfs('/dev/null')),
      '/dev/null is neither a file nor a folder',
      'Give an ext4',
    );
  });
});

describe('an image that is none', () => {
  test('a tar of a root file system', async () => {
    shop.file('rootfs.tar', tar([{ path: 'bin/sh', body: '' }]));
    expectImageError(
      await shop.refusal(image('rootfs.tar')),
      /^the image archive \S+rootfs\.tar cannot be used: it has neither/,
      'is rootfs:, not image:',
    );
  });

  test('a folder, by its path', async () => {
    mkdirSync(join(shop.checkout, 'folder'));
    expectImageError(await shop.refusal(image('./folder')), 'is not a file', 'a folder is rootfs:');
  });

  test.each(['folder', 'snapgate-has-no-such:1', '--help', '', 'a\0b', 'x'.repeat(5000)])(
    'the name %j',
    async (name) => {
      mkdirSync(join(shop.checkout, 'folder'));
      const error = await shop.refusal(image(name));
      expectImageError(error, "nor an image in docker's or buildah's storage", 'Pull or build it before');
    },
  );

  test('what is not there', async () => {
    expectImageError(
      await shop.refusal(image('./missing.tar')),
      'image: ./missing.tar is not in',
      'Check the path',
    );
  });
});

describe('a build-command', () => {
  test('that fails, shows its last lines', async () => {
    const error = await shop.refusal(buildCommand('seq 50; echo the reason >&2; exit 7; echo no'));
    expectImageError(
      error,
      'the build-command of the head image failed (exit status 7)',
      'Its last lines say why',
    );
    expect(error.details?.lines.slice(-2)).toEqual(['50', 'the reason']);
  });

  test('that fails in the middle', async () => {
    expect((await shop.refusal(buildCommand('false; mkdir out'))).message).toContain('exit status 1');
    expect((await shop.refusal(buildCommand('echo $no_such_name; mkdir out'))).message).toContain('failed');
  });

  test('that leaves nothing', async () => {
    const error = await shop.refusal(buildCommand('true'));
    expectImageError(
      error,
      'build-command ended well, but left no rootfs at out',
      'It must leave an ext4, a tar or a folder',
    );
  });

  test('that leaves something else, or leads away', async () => {
    expectImageError(await shop.refusal(buildCommand('echo text > out')), 'is none of these', 'Give an ext4');
    expect((await shop.refusal(buildCommand('ln -sfn /etc out'))).message).toBe(
      'rootfs: out leads out of the checkout',
    );
  });

  test('of nothing, or for a path outside, is not even begun', async () => {
    expect((await shop.refusal(buildCommand('  '))).code).toBe('usage');
    expect((await shop.refusal(buildCommand('touch begun', '../out'))).code).toBe('usage');
    expect(readdirSync(shop.checkout)).toEqual([]);
  });

  test('sees no tokens', async () => {
    vi.stubEnv('GITHUB_TOKEN', 'secret');
    vi.stubEnv('ACTIONS_RUNTIME_TOKEN', 'secret');
    await shop.build(buildCommand('mkdir out; env > out/env; pwd > out/pwd'));
    expect(readFileSync(join(shop.checkout, 'out/env'), 'utf8')).not.toContain('secret');
    expect(readFileSync(join(shop.checkout, 'out/pwd'), 'utf8')).toBe(`${shop.checkout}\n`);
  });
});

describe('a Dockerfile', () => {
  beforeEach(() => vi.stubEnv('DOCKER_HOST', 'unix:///nowhere/docker.sock'));

  test('that does not build, shows the last lines', async () => {
    shop.file(
      'base.tar',
      tar([
        { path: 'bin/busybox', body: readFileSync('/bin/busybox'), mode: 0o755 },
        { path: 'bin/sh', type: '2', link: 'busybox' },
      ]),
    );
    shop.file('Dockerfile', 'FROM scratch\nADD base.tar /\nRUN echo the reason; exit 9\n');
    const error = await shop.refusal(dockerfile());
    expectImageError(
      error,
      'the buildah build of the head image failed (exit status 9)',
      'Try it by hand: buildah build -f Dockerfile .',
    );
    expect(error.details?.lines).toContain('the reason');
  });

  test('that is none, or has no such stage', async () => {
    shop.file('Dockerfile', 'FROM scratch AS one\nCOPY Dockerfile /\n');
    expectImageError(await shop.refusal(dockerfile({ target: 'two' })), 'failed', 'last lines');
    shop.file('Dockerfile', 'FROM scratch\nHELLO world\n');
    const error = await shop.refusal(dockerfile());
    expect(error.details?.lines.join('\n')).toMatch(/hello/i);
  });

  test('that lies elsewhere', async () => {
    symlinkSync('/etc/passwd', join(shop.checkout, 'Dockerfile'));
    symlinkSync('/etc', join(shop.checkout, 'etc'));
    for (const path of ['Dockerfile', join(shop.checkout, 'Dockerfile'), '../Dockerfile', '/etc/passwd'])
      expect((await shop.refusal(dockerfile({ dockerfile: path }))).message).toContain(
        'leads out of the checkout',
      );
    shop.file('Real', 'FROM scratch\n');
    expect((await shop.refusal(dockerfile({ dockerfile: 'Real', context: 'etc' }))).message).toContain(
      'context: etc leads out',
    );
    expectImageError(
      await shop.refusal(dockerfile({ dockerfile: 'missing' })),
      'dockerfile: missing is not in',
      'Check',
    );
  });

  test('without anything to build it', async () => {
    shop.file('Dockerfile', 'FROM scratch\n');
    vi.stubEnv('PATH', toolsWithout());
    const error = await shop.refusal(dockerfile());
    expect(error.code).toBe('host');
    expect(error.message).toBe(
      'no builder for the Dockerfile: docker is not installed, buildah is not installed',
    );
    expect(error.remedy).toContain('apt-get install -y --no-install-recommends buildah');
  });
});

test('a machine without xz', async () => {
  shop.file('rootfs', execFileSync('xz', ['-c'], { input: tar([{ path: 'a' }]) }));
  vi.stubEnv('PATH', toolsWithout());
  const error = await shop.refusal(rootfs('rootfs'));
  expect(error.code).toBe('host');
  expect(error.message).toBe('the command xz is not on this machine');
  expect(error.remedy).toContain('xz-utils');
});

describe('the rest of a guest', () => {
  beforeEach(() => {
    shop.file('rootfs.tar', tar([{ path: 'a' }]));
  });

  test('a kernel that is none, and one that is not there', async () => {
    shop.file('kernel', 'hello');
    expectImageError(
      await shop.refusal(rootfs('rootfs.tar'), { kernel: 'kernel' }),
      'is neither a bzImage nor an ELF',
      'auto',
    );
    expectImageError(
      await shop.refusal(rootfs('rootfs.tar'), { kernel: 'missing' }),
      'kernel: missing is not in',
      'Check the path',
    );
    expectImageError(
      await shop.refusal(rootfs('rootfs.tar'), { kernel: '.' }),
      'is not a file',
      'Give a file',
    );
    expectImageError(
      await shop.refusal(rootfs('rootfs.tar'), { kernel: 'none' }),
      'kernel: none is not in',
      'Check',
    );
    expectImageError(
      await shop.refusal(rootfs('rootfs.tar'), { initrd: 'missing' }),
      'initrd: missing is not in',
      'Check',
    );
  });

  test.each([0, 4096, 16 * mebibyte + 1, 16 * mebibyte + 512, 2 * 1024 ** 4, Number.NaN])(
    'a disk-size of %d',
    async (diskSizeBytes) => {
      const error = await shop.refusal(rootfs('rootfs.tar'), { diskSizeBytes });
      expect(error.code).toBe('usage');
      expect(error.message).toContain('disk-size is');
      expect(error.remedy).toBe('Give a multiple of 4 KiB from 16.0 MiB to 1.00 TiB.');
    },
  );
});

describe('hostile files', () => {
  /** A debugfs that took it for a command of its own would write a file of the host, or into the disk. */
  const evil = 'x"\nwrite /etc/passwd stolen\ndump /a /tmp/snapgate-escaped\n';
  const attribute = { 'SCHILY.xattr.user.a': 'v' };

  test('a line break in a name is kept, and is no command', async () => {
    shop.file(
      'rootfs.tar',
      tar([{ path: 'x', body: 'x', pax: { path: evil.replaceAll('/', '|') } }, { path: 'a' }]),
    );
    const { rootfsPath } = await shop.build(rootfs('rootfs.tar'));
    requireClean(rootfsPath);
    const names = [...inodesIn(rootfsPath, '/').keys()];
    expect(names).toContain(evil.replaceAll('/', '|'));
    expect(names).not.toContain('stolen');
  });

  test.each<[string, Member[]]>([
    ['in its own name', [{ path: 'x', pax: { ...attribute, path: 'a\nb' } }]],
    ['in the name of its folder', [{ path: 'x', pax: { ...attribute, path: 'a\nb/c' } }]],
    [
      'in a second name',
      [
        { path: 'z', pax: attribute },
        { path: 'x', type: '1', link: 'z', pax: { path: 'a\rb' } },
      ],
    ],
    [
      'behind a symlink',
      [
        { path: 'x', type: '5', pax: { path: 'a\nb' } },
        { path: 'l', type: '2', pax: { linkpath: 'a\nb' } },
        { path: 'l/f', pax: attribute },
      ],
    ],
  ])('a line break and an extended attribute: %s', async (_, members) => {
    shop.file('rootfs.tar', tar(members));
    expectImageError(
      await shop.refusal(rootfs('rootfs.tar')),
      'has an extended attribute, and a line break in its path',
      'Leave it out',
    );
  });

  test('attributes whose names are words for debugfs', async () => {
    const keys = ['user.a"b', 'user.-f', 'user.a\\', "user.'"];
    const pax = Object.fromEntries(keys.map((key) => [`SCHILY.xattr.${key}`, 'v']));
    shop.file('rootfs.tar', tar([{ path: 'a "b" c', pax }]));
    const { rootfsPath } = await shop.build(rootfs('rootfs.tar'));
    requireClean(rootfsPath);
    const listed = e2fsprogs('debugfs', '-R', 'ea_list "/a ""b"" c"', rootfsPath);
    expect(listed.match(/^ {2}user\..* \(1\) = "v"/gm)).toHaveLength(4);
  });

  test.each<[string, Member[]]>([
    ['a file', [{ path: '.snapgate' }]],
    ['a symlink to nowhere', [{ path: '.snapgate', type: '2', link: '/nowhere' }]],
    ['folders where files should be', [{ path: '.snapgate/agent/x' }]],
  ])('the agent’s place is taken by %s', async (_, members) => {
    shop.file('rootfs.tar', tar([...members, { path: 'a' }]));
    expectImageError(
      await shop.refusal(rootfs('rootfs.tar')),
      "the guest's files could not be put into",
      'disk-size',
    );
  });

  test('the agent’s files are there already: they are replaced, and what they were linked to is not', async () => {
    const members = [
      { path: 'bin/tool', body: 'tool' },
      { path: '.snapgate/agent', type: '1', link: 'bin/tool' },
      { path: '.snapgate/busybox', type: '2', link: '/bin/tool' },
    ];
    shop.file('rootfs.tar', tar(members));
    const { rootfsPath } = await shop.build(rootfs('rootfs.tar'));
    requireClean(rootfsPath);
    expect(contentAt(rootfsPath, '/bin/tool').toString()).toBe('tool');
    expect(contentAt(rootfsPath, '/.snapgate/agent').toString()).toMatch(/^#!/);
  });

  test('a symlink of the checkout leads away', async () => {
    symlinkSync('/etc', join(shop.checkout, 'folder'));
    for (const path of ['folder', 'folder/passwd', join(shop.checkout, 'folder')])
      expect((await shop.refusal(rootfs(path))).message).toContain('leads out of the checkout');
    expect((await shop.refusal(image('folder/passwd'))).message).toContain('leads out of the checkout');
  });
});

/** A folder for PATH that has neither docker, buildah nor xz. */
function toolsWithout(): string {
  const bin = join(shop.folder, 'bin');
  mkdirSync(bin);
  for (const tool of ['setpriv', 'sh', 'debugfs', 'mke2fs', 'fakeroot']) {
    const path = execFileSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${tool}`], {
      encoding: 'utf8',
    }).trim();
    symlinkSync(path, join(bin, tool));
  }
  return bin;
}
