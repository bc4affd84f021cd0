import { expect } from 'vitest';
import { contentAt, type Inode, inodeAt, inodesIn, requireClean, targetAt, xattrsAt } from './inspect.ts';
import type { Member } from './tar.ts';

/** A root file system with one of everything that an ext4 can hold, without a shell. */
export const sample: readonly Member[] = [
  { path: './', type: '5', mode: 0o751, uid: 3, gid: 4, mtime: 1_100_000_000 },
  { path: './etc/', type: '5', mode: 0o750, gid: 42, mtime: 1_200_000_000 },
  { path: './etc/empty', mode: 0o600, mtime: 1_200_000_001 },
  { path: './etc/text', body: 'hello\n', mtime: 1_200_000_002 },
  { path: './bin/', type: '5' },
  { path: './bin/su', body: 'su', mode: 0o4755, uid: 0, gid: 7 },
  {
    path: './bin/ping',
    body: 'ping',
    mode: 0o755,
    pax: { 'SCHILY.xattr.security.capability': capability() },
  },
  { path: './var/', type: '5' },
  { path: './var/mail/', type: '5', mode: 0o2775, gid: 8 },
  { path: './tmp/', type: '5', mode: 0o1777 },
  { path: './home/', type: '5', pax: { 'SCHILY.xattr.user.folder': 'of a folder' } },
  { path: './home/large-ids', body: 'x', uid: 70_000, gid: 3_000_000_000 },
  {
    path: './home/noted',
    body: 'x',
    pax: {
      'SCHILY.xattr.user.note': Buffer.from([0, 10, 34, 255]),
      'SCHILY.xattr.user.long': 'n'.repeat(3000),
    },
  },
  { path: './home/acl', body: 'x', pax: { 'SCHILY.xattr.system.posix_acl_access': acl() } },
  { path: './links/', type: '5' },
  { path: './links/one', body: 'shared' },
  { path: './links/two', type: '1', link: './links/one' },
  { path: './links/three', type: '1', link: 'links/two' },
  ...[1, 59, 60, 255, 4095].map((length) => ({
    path: `./links/to-${length}`,
    type: '2',
    mode: 0o777,
    pax: { linkpath: 't'.repeat(length) },
  })),
  { path: './dev/', type: '5' },
  { path: './dev/null', type: '3', mode: 0o666, major: 1, minor: 3 },
  { path: './dev/wide', type: '3', mode: 0o600, major: 300, minor: 70_000 },
  { path: './dev/loop0', type: '4', mode: 0o660, gid: 6, major: 7, minor: 0 },
  { path: './dev/pipe', type: '6', mode: 0o622 },
  {
    path: './var/sparse',
    body: `${'A'.repeat(4096)}${'B'.repeat(4096)}`,
    pax: {
      'GNU.sparse.size': String(2 ** 40),
      'GNU.sparse.numblocks': '3',
      'GNU.sparse.map': `0,4096,${2 ** 39},4096,${2 ** 40},0`,
    },
  },
  ...names().map((name) => ({
    path: 'x',
    body: Buffer.from(name, 'latin1'),
    pax: { path: `names/${name}` },
  })),
  { path: 'x', body: 'deep', pax: { path: deepPath() } },
];

/** What of the sample any user can unpack, and a rootless builder can build with. */
export function forAnyone(): Member[] {
  const isPrivileged = ({ type, uid = 0, pax = {} }: Member) =>
    type === '3' ||
    type === '4' ||
    uid > 65_535 ||
    Object.keys(pax).some((key) => /security|system/.test(key));
  return sample.filter((member) => !isPrivileged(member));
}

/** Holds a disk against the sample, by debugfs and e2fsck. */
export function expectSample(disk: string): void {
  requireClean(disk);
  const at = (path: string) => inodeAt(disk, path);
  const like = (changes: Partial<Inode>) => expect.objectContaining(changes);
  expect(at('/')).toEqual(like({ type: 'directory', mode: 0o751, uid: 3, gid: 4, mtime: 1_100_000_000 }));
  expect(at('/etc')).toEqual(like({ type: 'directory', mode: 0o750, uid: 0, gid: 42 }));
  expect(at('/etc/empty')).toEqual(
    like({ type: 'regular', mode: 0o600, sizeBytes: 0, mtime: 1_200_000_001 }),
  );
  const text = { mtime: 1_200_000_002, atime: 1_200_000_002, ctime: 1_200_000_002, crtime: 1_200_000_002 };
  expect(at('/etc/text')).toEqual(like({ ...text, links: 1, sizeBytes: 6 }));
  expect(contentAt(disk, '/etc/text').toString()).toBe('hello\n');
  expect(at('/bin/su')).toEqual(like({ mode: 0o4755, gid: 7 }));
  expect(at('/var/mail')).toEqual(like({ mode: 0o2775, gid: 8 }));
  expect(at('/tmp')).toEqual(like({ type: 'directory', mode: 0o1777 }));
  expect(at('/home/large-ids')).toEqual(like({ uid: 70_000, gid: 3_000_000_000 }));
  expectXattrs(disk);
  expectLinks(disk);
  expect(at('/dev/null')).toEqual(like({ type: 'character special', mode: 0o666, device: '1:3' }));
  expect(at('/dev/wide')).toEqual(like({ type: 'character special', device: '300:70000' }));
  expect(at('/dev/loop0')).toEqual(like({ type: 'block special', gid: 6, device: '7:0' }));
  expect(at('/dev/pipe')).toEqual(like({ type: 'FIFO', mode: 0o622 }));
  expect(at('/var/sparse')).toEqual(like({ sizeBytes: 2 ** 40, blocks: 16 }));
  expect(contentAt(disk, `/${deepPath()}`).toString()).toBe('deep');
  const named = inodesIn(disk, '/names');
  expect([...named.keys()].sort()).toEqual(names().sort());
  for (const [name, inode] of named) expect(contentAt(disk, `<${inode}>`).toString('latin1')).toBe(name);
}

function expectXattrs(disk: string): void {
  expect(xattrsAt(disk, '/bin/ping')).toEqual(new Map([['security.capability', capability()]]));
  expect(xattrsAt(disk, '/home')).toEqual(new Map([['user.folder', Buffer.from('of a folder')]]));
  const noted = xattrsAt(disk, '/home/noted');
  expect(noted.get('user.note')).toEqual(Buffer.from([0, 10, 34, 255]));
  expect(noted.get('user.long')?.toString()).toBe('n'.repeat(3000));
  expect([...xattrsAt(disk, '/home/acl').keys()]).toEqual(['system.posix_acl_access']);
  expect(xattrsAt(disk, '/etc/text').size).toBe(0);
}

function expectLinks(disk: string): void {
  const [one, two, three] = ['one', 'two', 'three'].map((name) => inodeAt(disk, `/links/${name}`));
  expect(one).toMatchObject({ links: 3, type: 'regular' });
  expect([two?.number, three?.number]).toEqual([one?.number, one?.number]);
  for (const length of [1, 59, 60, 255, 4095])
    expect(targetAt(disk, `/links/to-${length}`)).toBe('t'.repeat(length));
}

/** As raw bytes, in latin1: spaces, quotes, control characters, what is no UTF-8, and the longest there can be. */
function names(): string[] {
  return [
    'two words',
    'a"b\'c\\d',
    '-rf',
    '*',
    '#',
    'line\nbreak',
    'bell\x07',
    'caf\xe9',
    '\xff\xfe',
    'n'.repeat(255),
  ];
}

function deepPath(): string {
  return `deep/${'folder/'.repeat(200)}file`;
}

/** cap_net_raw=ep, as `struct vfs_ns_cap_data` of version 2 (linux/capability.h). */
function capability(): Buffer {
  const data = Buffer.alloc(20);
  data.writeUInt32LE(0x0200_0001, 0);
  data.writeUInt32LE(1 << 13, 4);
  return data;
}

/** user::rw-, user:1000:r--, group::r--, mask::r--, other::--- (linux/posix_acl_xattr.h). */
function acl(): Buffer {
  const none = 0xffff_ffff;
  const entries = [
    [1, 6, none],
    [2, 4, 1000],
    [4, 4, none],
    [16, 4, none],
    [32, 0, none],
  ];
  const data = Buffer.alloc(4 + entries.length * 8);
  data.writeUInt32LE(2);
  entries.forEach(([tag = 0, permissions = 0, id = 0], index) => {
    data.writeUInt16LE(tag, 4 + index * 8);
    data.writeUInt16LE(permissions, 6 + index * 8);
    data.writeUInt32LE(id, 8 + index * 8);
  });
  return data;
}
