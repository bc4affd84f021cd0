import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  addEntry,
  type FileTree,
  isIncomplete,
  newFileTree,
  removePath,
  type TreeFile,
  walkTree,
  whiteOut,
} from '../../src/image/file-tree.ts';
import { readTar } from '../../src/image/tar-reader.ts';
import { refusal } from '../host/refusal.ts';
import { seededRandom } from '../stats/random.ts';
import { inChunks } from './read-tar.ts';
import { type Member, tar } from './tar.ts';
import { mebibyte } from './workshop.ts';

let folder: string;
let tree: FileTree;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapgate-tree-'));
  mkdirSync(join(folder, 'scratch'));
  writeFileSync(join(folder, 'outside'), 'untouched');
  tree = newFileTree('the tar', join(folder, 'scratch'), 16 * mebibyte);
});

afterEach(() => {
  expect(readdirSync(folder).sort()).toEqual(['outside', 'scratch']);
  expect(readFileSync(join(folder, 'outside'), 'utf8')).toBe('untouched');
  rmSync(folder, { recursive: true });
});

async function add(...members: Member[]): Promise<void> {
  await readTar(inChunks(tar(members), 65_536), 'the tar', (entry) => addEntry(tree, entry, 1));
}

async function complaint(...members: Member[]): Promise<string> {
  return (await refusal(add(...members))).message;
}

function files(): Map<string, TreeFile> {
  return new Map(Array.from(walkTree(tree.root), ({ path, file }) => [path, file]));
}

function paths(): string[] {
  return [...files().keys()];
}

function contentOf(path: string): string {
  const contentPath = files().get(path)?.contentPath;
  return contentPath === undefined ? `no content at ${path}` : readFileSync(contentPath, 'utf8');
}

describe('what would lead outside stays inside or is refused', () => {
  test('absolute names are names below the root', async () => {
    await add({ path: '/outside', body: 'in' }, { path: '//etc//./passwd', body: 'p' });
    expect(paths()).toEqual(['/etc', '/etc/passwd', '/outside']);
    expect(contentOf('/outside')).toBe('in');
  });

  test.each([['../outside'], ['a/../../outside'], ['a/..'], ['..']])('%s', async (path) => {
    expect(await complaint({ path, body: 'x' })).toContain('leads out of the archive');
  });

  test.each([['../../../../../../../..'], ['/'], ['/../..'], ['..']])(
    'a file through a symlink to %s lands at the root',
    async (link) => {
      await add({ path: 'away', type: '2', link }, { path: 'away/outside', body: 'in' });
      expect(paths()).toEqual(['/away', '/outside']);
      expect(contentOf('/outside')).toBe('in');
    },
  );

  test('symlinks are followed as in a guest', async () => {
    await add(
      { path: 'usr/lib/', type: '5' },
      { path: 'lib', type: '2', link: 'usr/lib' },
      { path: 'usr/lib64', type: '2', link: '/lib/../lib' },
      { path: 'usr/lib64/a', body: 'a' },
    );
    expect(contentOf('/usr/lib/a')).toBe('a');
  });

  test('a file in place of a symlink does not write through it', async () => {
    await add(
      { path: 'a', body: 'first' },
      { path: 'b', type: '2', link: 'a' },
      { path: 'b', body: 'second' },
    );
    expect(contentOf('/a')).toBe('first');
    expect(contentOf('/b')).toBe('second');
  });

  test.each<[string, Member[]]>([
    ['a loop', [{ path: 'a', type: '2', link: 'b' }, { path: 'b', type: '2', link: 'a' }, { path: 'a/x' }]],
    ['itself', [{ path: 'a', type: '2', link: 'a' }, { path: 'a/x' }]],
    ['a file', [{ path: 'a', body: 'x' }, { path: 'a/x' }]],
    ['a device', [{ path: 'a', type: '3' }, { path: 'a/x' }]],
  ])('below a symlink to %s', async (_, members) => {
    expect(await complaint(...members)).toContain('lies below something that is not a folder');
  });

  test.each(['/etc/passwd', 'nowhere', 'folder', 'a/nowhere'])('a hard link to %s', async (link) => {
    const why = await complaint({ path: 'folder/', type: '5' }, { path: 'l', type: '1', link });
    expect(why).toContain('which is not in the archive before it');
  });

  test('a hard link to ..', async () => {
    expect(await complaint({ path: 'l', type: '1', link: '../outside' })).toContain(
      'leads out of the archive',
    );
  });
});

describe('what no Linux file system holds', () => {
  test.each<[string, Member, string]>([
    ['a name of 256 bytes', { path: 'x', pax: { path: 'n'.repeat(256) } }, 'a name that no file can have'],
    ['a NUL in a name', { path: 'x', pax: { path: 'a\0b' } }, 'a name that no file can have'],
    [
      'a path of 3,001 bytes',
      { path: 'x', pax: { path: 'a/'.repeat(1501) } },
      'a path of more than 3000 bytes',
    ],
    ['a symlink to nothing', { path: 'x', type: '2' }, 'a target that none can have'],
    [
      'a symlink to 4,096 bytes',
      { path: 'x', type: '2', pax: { linkpath: 'l'.repeat(4096) } },
      'a target that none can have',
    ],
    ['an id of 32 ones', { path: 'x', uid: 2 ** 32 - 1 }, 'belongs to the id 4294967295'],
    ['a negative id', { path: 'x', gid: -2 }, 'belongs to the id -2'],
    ['a device past 12 bits', { path: 'x', type: '3', major: 4096 }, 'the device 4096:0, which is none'],
    [
      'a device past 20 bits',
      { path: 'x', type: '4', minor: 2 ** 20 },
      'the device 0:1048576, which is none',
    ],
    [
      'a device of no number',
      { path: 'x', type: '3', patch: (h) => void h.write('zzz', 329) },
      'the device NaN:0',
    ],
    [
      'attributes of more than a block',
      { path: 'x', pax: { 'SCHILY.xattr.user.a': 'v'.repeat(4100) } },
      'more extended attributes than an ext4 can hold',
    ],
    [
      'a sparse file of 16 TiB',
      { path: 'x', pax: { 'GNU.sparse.size': String(2 ** 44), 'GNU.sparse.map': '0,0' } },
      'is 16.0 TiB long, more than a file can be',
    ],
  ])('%s', async (_, item, why) => {
    expect(await complaint(item)).toContain(why);
  });

  test('a path that is deeper, through symlinks, than any that is written out', async () => {
    const name = 'd'.repeat(200);
    const deep = Array.from({ length: 14 }, () => name).join('/');
    const members = [
      { path: 'x', type: '5', pax: { path: deep } },
      { path: 'in', type: '2', pax: { linkpath: deep } },
      { path: 'in/x', type: '5', pax: { path: `in/${name}/${name}/${name}` } },
    ];
    expect(await complaint(...members)).toContain('has a path of more than 3000 bytes');
  });

  test('a file of 65,001 names', async () => {
    await add({ path: 'a' });
    const file = files().get('/a');
    if (file) file.links = 64_999;
    await add({ path: 'last', type: '1', link: 'a' });
    expect(await complaint({ path: 'one-more', type: '1', link: 'a' })).toContain('a file with 65000 names');
  });

  test('times outside 32 bits are as near as can be', async () => {
    await add({ path: 'old', mtime: -5 }, { path: 'new', mtime: 2 ** 40 });
    expect(files().get('/old')?.mtime).toBe(0);
    expect(files().get('/new')?.mtime).toBe(2 ** 31 - 1);
  });
});

describe('bombs', () => {
  test('one file of a size that is a lie is refused before its content is read', async () => {
    const why = await complaint({ path: 'bomb', size: 2 ** 43 });
    expect(why).toBe('the tar holds files of 8.00 TiB or more: far too much for a disk of 16.0 MiB');
    expect(readdirSync(join(folder, 'scratch'))).toEqual([]);
  });

  test('names without end', async () => {
    const many = (kind: (index: number) => Member) => Array.from({ length: 1100 }, (_, index) => kind(index));
    for (const members of [
      many((index) => ({ path: `f${index}` })),
      many((index) => ({ path: `f${index}/`, type: '5' })),
      [{ path: 'a' }, ...many((index) => ({ path: `l${index}`, type: '1', link: 'a' }))],
      many((index) => ({ path: `d${index}/${'x/'.repeat(40)}`, type: '5' })),
    ]) {
      tree = newFileTree('the tar', mkdtempSync(join(folder, 'scratch/')), mebibyte);
      expect(await complaint(...members)).toMatch(/^the tar holds 1025 files or more: far too much/);
    }
  });

  test('attributes count as the blocks they take', async () => {
    await add({ path: 'small', pax: { 'SCHILY.xattr.user.a': 'v' } });
    expect(tree.liveBytes).toBe(0);
    await add({ path: 'large', pax: { 'SCHILY.xattr.user.a': 'v'.repeat(2000) } });
    expect(tree.liveBytes).toBe(4096);
  });
});

describe('contents', () => {
  test('a large file that replaces another is kept', async () => {
    const first = 'a'.repeat(10 * mebibyte);
    const second = 'b'.repeat(10 * mebibyte);
    await add({ path: 'app', body: first }, { path: 'app', body: second });
    await add({ path: 'app', body: first }, { path: 'app', body: second });
    expect(isIncomplete(tree)).toBe(false);
    expect(contentOf('/app') === second).toBe(true);
    expect(tree.liveBytes).toBe(10 * mebibyte);
  });

  test('what was too much at its time is not taken for an empty file later', async () => {
    const body = 'a'.repeat(12 * mebibyte);
    await add({ path: 'a', body }, { path: 'b', body }, { path: 'c', body });
    whiteOut(tree, 'a', 2);
    whiteOut(tree, 'b', 2);
    expect(tree.liveBytes).toBe(12 * mebibyte);
    expect(isIncomplete(tree)).toBe(true);
  });

  test('what is removed leaves no content behind', async () => {
    await add({ path: 'd/a', body: 'x' }, { path: 'd/b', type: '1', link: 'd/a' }, { path: 'e', body: 'y' });
    removePath(tree, 'd/a');
    expect(contentOf('/d/b')).toBe('x');
    removePath(tree, 'd');
    removePath(tree, 'e');
    removePath(tree, 'not/there');
    expect(readdirSync(join(folder, 'scratch'))).toEqual([]);
    expect(paths()).toEqual([]);
  });
});

test('only attributes that mean something elsewhere are kept, in one order', async () => {
  const keys = [
    'user.z',
    'user.a',
    'security.capability',
    'trusted.x',
    'trusted.overlay.opaque',
    'btrfs.x',
    'user.é',
    'user.a\nea_set',
  ];
  const pax = Object.fromEntries(keys.map((key) => [`SCHILY.xattr.${key}`, 'v']));
  await add({ path: 'a', pax });
  expect([...(files().get('/a')?.xattrs.keys() ?? [])]).toEqual([
    'security.capability',
    'trusted.x',
    'user.a',
    'user.z',
  ]);
});

test('what is counted is what a count of the whole tree says, whatever came and went', async () => {
  const next = seededRandom(7);
  const pick = <T>(items: readonly [T, ...T[]]) => items[Math.floor(next() * items.length)] ?? items[0];
  const name = () =>
    Array.from({ length: 1 + Math.floor(next() * 3) }, () => pick(['a', 'b', 'c', 'd'])).join('/');
  let largest = 0;
  for (let step = 0; step < 1500; step += 1) {
    const path = name();
    const item = pick<Member>([
      { path, body: 'x'.repeat(Math.floor(next() * 9000)) },
      { path, type: '5', pax: { 'SCHILY.xattr.user.a': 'v'.repeat(pick([1, 500])) } },
      { path, type: '1', link: name() },
      { path, type: '2', link: pick(['a', '/b', '../c', '.']) },
    ]);
    if (next() < 0.1) removePath(tree, path);
    // Refusals (below a file, a link to nothing) are part of the sequence.
    else await add(item).catch(() => {});
    expectCounted();
    largest = Math.max(largest, tree.files);
  }
  expect(largest).toBeGreaterThan(15);
});

function expectCounted(): void {
  const links = new Map<TreeFile, number>();
  for (const file of files().values()) links.set(file, (links.get(file) ?? 0) + 1);
  const all = [...links.keys()];
  const blocks = all.map(({ kind, sizeBytes, xattrs }) => {
    const attributes = (xattrs.get('user.a')?.length ?? 0) > 60 ? 1 : 0;
    return attributes + (kind === 'directory' ? 1 : Math.ceil(sizeBytes / 4096));
  });
  expect(tree.files).toBe(all.length + 1);
  expect(tree.liveBytes).toBe(blocks.reduce((sum, each) => sum + each, 0) * 4096);
  expect(all.map((file) => file.links)).toEqual([...links.values()]);
  expect(readdirSync(tree.contentDir).length).toBe(all.filter(({ kind }) => kind === 'file').length);
}
