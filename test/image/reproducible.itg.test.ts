import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RootfsSource } from '../../src/image/types.ts';
import { makeExt4 } from '../fixtures/ext4.ts';
import { ociArchive } from './container-archive.ts';
import { mustBuild } from './elsewhere.ts';
import { contentAt, inodeAt, requireClean, textAt } from './inspect.ts';
import { forAnyone, sample } from './sample.ts';
import { tar } from './tar.ts';
import { mebibyte, removeFolder } from './workshop.ts';

let folder: string;
/** On another file system, with another order of the names in a folder. */
let memory: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapgate-reproducible-'));
  memory = mkdtempSync('/dev/shm/snapgate-reproducible-with-quite-a-long-name-');
});
afterEach(() => {
  for (const dir of [folder, memory]) removeFolder(dir);
});

const dockerfile = `FROM scratch
ARG GREETING
ADD base.tar dense.tar /
COPY files /srv
RUN echo $GREETING > /etc/greeting; mkdir /etc/new; ln /etc/greeting /etc/new/same; chmod 4755 /etc/greeting
`;

/** A checkout of always the same content; names come in the order given, and are changed `time`. */
function checkout(path: string, time: number, order: 1 | -1): string {
  const put = (name: string, content: Buffer | string) => {
    const file = join(path, name);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, content);
    utimesSync(file, time, time);
  };
  const many = Array.from({ length: 300 }, (_, index) => [`files/folder/file-${index}`, `${index}`] as const);
  const others: [string, Buffer | string][] = [
    ['rootfs.tar', tar(sample)],
    // buildah writes holes out.
    ['dense.tar', tar(forAnyone().filter(({ path }) => path !== './var/sparse'))],
    ['image.tar', ociArchive([{ data: tar([{ path: 'a', body: 'a' }]) }, { data: gzipSync(tar(sample)) }])],
    ['files/one', 'one'],
    ['files/script.py', 'print()'],
    ['files/__pycache__/script.cpython-311.pyc', compiled(time)],
    ['Dockerfile', dockerfile],
    [
      'base.tar',
      tar([
        { path: 'bin/', type: '5' },
        { path: 'bin/busybox', body: readFileSync('/bin/busybox'), mode: 0o755 },
        { path: 'bin/sh', type: '2', link: 'busybox' },
      ]),
    ],
  ];
  const all = [...many, ...others];
  for (const [name, content] of order === 1 ? all : all.toReversed()) put(name, content);
  for (const name of ['files/__pycache__', 'files/folder', 'files']) utimesSync(join(path, name), time, time);
  return path;
}

/** PEP 552: magic, flags, time and size of the source. */
function compiled(time: number): Buffer {
  const data = Buffer.alloc(20, 'm');
  data.writeUInt32LE(0, 4);
  data.writeUInt32LE(time, 8);
  data.writeUInt32LE(7, 12);
  return data;
}

/** Builds a source of two checkouts of the same content, under circumstances that differ in everything. */
async function buildTwice(rootfs: RootfsSource): Promise<[string, string]> {
  const short = join(folder, 'a');
  const long = join(memory, 'b'.repeat(60));
  const one = await mustBuild({
    folder: short,
    checkout: checkout(join(folder, 'checkout'), 1_750_000_000, 1),
    rootfs,
    env: { TZ: 'Pacific/Auckland', LC_ALL: 'C' },
  });
  // File systems count time in seconds.
  await wait(1000 - (Date.now() % 1000));
  const other = await mustBuild({
    folder: long,
    checkout: checkout(join(memory, 'another', 'checkout'), 1_760_000_000, -1),
    rootfs,
    umask: '077',
    env: {
      TZ: 'America/St_Johns',
      LC_ALL: 'C.UTF-8',
      MKE2FS_CONFIG: join(folder, 'no-such-file'),
      TAR_OPTIONS: '--exclude=folder',
      SOURCE_DATE_EPOCH: '1',
    },
  });
  return [one, other];
}

function expectEqual([one, other]: [string, string]): void {
  requireClean(one);
  expect(readFileSync(one).equals(readFileSync(other))).toBe(true);
}

test('a folder', async () => {
  const disks = await buildTwice({ kind: 'rootfs', path: 'files' });
  expectEqual(disks);
  expect(textAt(disks[0], '/folder/file-299')).toBe('299');
});

test('times after 2024 become that, and Python’s compiled files stay true to their sources', async () => {
  const [disk] = await buildTwice({ kind: 'rootfs', path: 'files' });
  const fixedTime = 1_704_067_200;
  for (const path of ['/', '/one', '/folder', '/script.py'])
    expect(inodeAt(disk, path)?.mtime).toBe(fixedTime);
  expect(contentAt(disk, '/__pycache__/script.cpython-311.pyc')).toEqual(compiled(fixedTime));
});

test('a tar', async () => {
  expectEqual(await buildTwice({ kind: 'rootfs', path: 'rootfs.tar' }));
});

test('an image archive', async () => {
  expectEqual(await buildTwice({ kind: 'image', reference: 'image.tar' }));
});

test('what a build-command leaves', async () => {
  const command =
    'umask 022; mkdir -p out/d; cp files/one out/d; for name in c a b; do echo $name > out/$name; done';
  expectEqual(await buildTwice({ kind: 'build-command', command, path: 'out' }));
});

test('an ext4', async () => {
  mkdirSync(join(folder, 'ext4'));
  writeFileSync(join(folder, 'files.tar'), tar([{ path: 'a', body: 'a' }]));
  const path = makeExt4(join(folder, 'ext4'), join(folder, 'files.tar'), 20 * mebibyte);
  expectEqual(await buildTwice({ kind: 'rootfs', path }));
});

test('a Dockerfile, built by buildah without what the other build has cached', async () => {
  const rootfs = {
    kind: 'dockerfile',
    dockerfile: 'Dockerfile',
    context: '.',
    buildArgs: { GREETING: 'hello you' },
    target: undefined,
  } as const;
  const disks: string[] = [];
  for (const [name, time, order] of [
    ['one', 1_750_000_000, 1],
    ['another-place', 1_760_000_000, -1],
  ] as const) {
    const path = checkout(join(folder, name), time, order);
    const umask = order === 1 ? '022' : '077';
    disks.push(
      await mustBuild({
        folder: join(folder, `${name}-build`),
        checkout: path,
        umask,
        rootfs,
      }),
    );
  }
  const [one = '', other = ''] = disks;
  expectEqual([one, other]);
  expect(textAt(one, '/etc/new/same')).toBe('hello you\n');
  expect(inodeAt(one, '/etc/greeting')).toMatchObject({ mode: 0o4755, links: 2, mtime: 1_704_067_200 });
  expect(textAt(one, '/srv/folder/file-7')).toBe('7');
});

test('an unsorted tar of the same files is the same disk', async () => {
  const path = checkout(join(folder, 'checkout'), 1_750_000_000, 1);
  const members = [
    { path: 'a/', type: '5' },
    { path: 'a/x', body: 'x' },
    { path: 'b', body: 'b' },
    { path: 'c', type: '1', link: 'a/x' },
  ];
  const shuffled = [members[2], members[0], members[1], members[3]].filter((item) => item !== undefined);
  writeFileSync(join(path, 'one.tar'), tar(members));
  writeFileSync(join(path, 'other.tar'), execFileSync('gzip', ['-9c'], { input: tar(shuffled) }));
  const build = (name: string) =>
    mustBuild({ folder: join(folder, name), checkout: path, rootfs: { kind: 'rootfs', path: name } });
  expectEqual([await build('one.tar'), await build('other.tar')]);
});
