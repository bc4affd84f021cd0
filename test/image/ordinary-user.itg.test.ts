import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RootfsSource } from '../../src/image/types.ts';
import { ociArchive } from './container-archive.ts';
import { buildElsewhere, mustBuild, type Outcome } from './elsewhere.ts';
import { inodeAt, requireClean, textAt } from './inspect.ts';
import { expectSample, sample } from './sample.ts';
import { tar } from './tar.ts';
import { removeFolder } from './workshop.ts';

/** Debian's `nobody`, where the tests run as root; else whoever runs them is ordinary enough. */
const isRoot = process.getuid?.() === 0;
const uid = isRoot ? 65_534 : process.getuid?.();
const gid = isRoot ? 65_534 : process.getgid?.();
const asUser = isRoot
  ? ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--inh-caps=-all']
  : [];

let folder: string;
let checkout: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapgate-user-'));
  checkout = join(folder, 'checkout');
  for (const path of [checkout, join(folder, 'home'), join(folder, 'tmp')]) mkdirSync(path);
});
afterEach(() => removeFolder(folder));

function file(name: string, content: Buffer | string): void {
  writeFileSync(join(checkout, name), content);
}

/** Builds as the user, with a home, a folder for temporary files and a cache of its own. */
function build(rootfs: RootfsSource, prefix: readonly string[] = []): Promise<Outcome> {
  const user = join(folder, 'user');
  mkdirSync(user, { recursive: true });
  if (isRoot) execFileSync('chown', ['-R', `${uid}:${gid}`, folder]);
  return buildElsewhere({
    folder: user,
    checkout,
    rootfs,
    prefix: [...prefix, ...asUser],
    env: {
      HOME: join(folder, 'home'),
      TMPDIR: join(folder, 'tmp'),
      XDG_RUNTIME_DIR: undefined,
      // sbin is not on an ordinary user's PATH.
      PATH: '/usr/local/bin:/usr/bin:/bin',
    },
  });
}

async function disk(rootfs: RootfsSource): Promise<string> {
  const { image, error } = await build(rootfs);
  if (image) return image.rootfsPath;
  throw new Error(`the build failed: ${JSON.stringify(error)}`);
}

/** The same build by whoever runs the tests, in another place. */
function reference(rootfs: RootfsSource): Promise<string> {
  return mustBuild({ folder: join(folder, 'reference'), checkout, rootfs });
}

test('a tar with owners, devices and capabilities is the disk that root makes of it', async () => {
  file('rootfs.tar', tar(sample));
  const rootfs: RootfsSource = { kind: 'rootfs', path: 'rootfs.tar' };
  const path = await disk(rootfs);
  expectSample(path);
  expect(readFileSync(path).equals(readFileSync(await reference(rootfs)))).toBe(true);
});

test('an image archive', async () => {
  file('image.tar', ociArchive([{ data: tar(sample) }]));
  expectSample(await disk({ kind: 'image', reference: 'image.tar' }));
});

test('a folder: its files are root’s', async () => {
  mkdirSync(join(checkout, 'folder'));
  file('folder/tool', 'tool');
  chmodSync(join(checkout, 'folder/tool'), 0o751);
  const path = await disk({ kind: 'rootfs', path: 'folder' });
  requireClean(path);
  expect(inodeAt(path, '/tool')).toMatchObject({ uid: 0, gid: 0, mode: 0o751 });
  expect(inodeAt(path, '/')).toMatchObject({ uid: 0, gid: 0 });
});

test('a build-command, and an ext4 that it leaves', async () => {
  const command = 'mkdir files; echo x > files/x; mke2fs -q -t ext4 -d files out 20M';
  const path = await disk({ kind: 'build-command', command, path: 'out' });
  requireClean(path);
  expect(textAt(path, '/x')).toBe('x\n');
});

// Root reads everything.
describe('what is not readable', () => {
  test('a file', async () => {
    file('rootfs.tar', tar(sample));
    chmodSync(join(checkout, 'rootfs.tar'), 0);
    const { error } = await build({ kind: 'rootfs', path: 'rootfs.tar' });
    expect(error).toMatchObject({
      code: 'image',
      message: `rootfs: ${checkout}/rootfs.tar is not readable to this user`,
    });
    expect(error?.remedy).toContain('chmod');
  });

  test('a file in a folder', async () => {
    mkdirSync(join(checkout, 'folder'));
    file('folder/secret', 'x');
    chmodSync(join(checkout, 'folder/secret'), 0);
    const { error } = await build({ kind: 'rootfs', path: 'folder' });
    expect(error).toMatchObject({
      code: 'image',
      message: `the folder ${checkout}/folder could not be read`,
    });
    expect(error?.lines.join()).toContain('secret: Cannot open: Permission denied');
  });
});

describe('a Dockerfile, by buildah without root', () => {
  const rootfs: RootfsSource = {
    kind: 'dockerfile',
    dockerfile: 'Dockerfile',
    context: '.',
    buildArgs: {},
    target: undefined,
  };
  beforeEach(() => {
    file(
      'base.tar',
      tar([
        { path: 'bin/busybox', body: readFileSync('/bin/busybox'), mode: 0o755 },
        { path: 'bin/sh', type: '2', link: 'busybox' },
      ]),
    );
    file('Dockerfile', 'FROM scratch\nADD base.tar /\nRUN echo x > /x; chown 1000:1001 /x; chmod 4755 /x\n');
  });

  // Root can make either; anyone else has what the machine gives.
  const cases = isRoot ? ['with ids', 'without ids'] : [hasIds() ? 'with ids' : 'without ids'];
  test.each(cases)('%s of its own', async (ids) => {
    const isWith = ids === 'with ids';
    const prefix = isRoot ? withIds(isWith ? `${uid}:200000:65536\n` : '') : [];
    const { image, error } = await build(rootfs, prefix);
    if (isWith) {
      const path = image?.rootfsPath ?? JSON.stringify(error);
      requireClean(path);
      expect(inodeAt(path, '/x')).toMatchObject({ uid: 1000, gid: 1001, mode: 0o4755 });
      expect(readFileSync(path).equals(readFileSync(await reference(rootfs)))).toBe(true);
      return;
    }
    expect(error?.code).toBe('host');
    expect(error?.message).toContain('this user has no range of ids in /etc/subuid and /etc/subgid');
    expect(error?.remedy).toContain('sudo usermod --add-subuids');
  });
});

function hasIds(): boolean {
  const lines = existsSync('/etc/subuid') ? readFileSync('/etc/subuid', 'utf8').split('\n') : [];
  return lines.some((line) => [userInfo().username, String(uid)].includes(line.split(':')[0] ?? ''));
}

/** A command in whose mount name space /etc/subuid and /etc/subgid are `ids`: for root, as itself or in a user name space. */
function withIds(ids: string): string[] {
  const etc = join(folder, 'etc');
  mkdirSync(etc);
  const script = [
    'mount -t tmpfs tmpfs "$1"',
    'cp -a /etc/. "$1"',
    'printf %s "$2" | tee "$1/subuid" > "$1/subgid"',
    'mount --bind "$1" /etc',
    'shift 2',
    'exec "$@"',
  ];
  return ['unshare', '--mount', 'sh', '-ec', script.join('\n'), 'sh', etc, ids];
}
