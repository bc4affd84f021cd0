import { describe, expect, test } from 'vitest';
import { SnapgateError } from '../../src/host/error.ts';
import { readTar } from '../../src/image/tar-reader.ts';
import { refusal } from '../host/refusal.ts';
import { inChunks, readAll } from './read-tar.ts';
import { type Member, member, paxRecord, paxRecords, putNumber, tar } from './tar.ts';

async function only(item: Member) {
  const { members } = await readAll(tar([item]));
  const [found] = members;
  if (!found || members.length !== 1) throw new Error(`${members.length} members`);
  return found;
}

async function complaint(archive: Buffer): Promise<string> {
  const error = await refusal(readAll(archive));
  expect(error.code).toBe('image');
  expect(error.remedy).not.toBe('');
  return error.message;
}

describe('attributes', () => {
  test.each<[string, Member, object]>([
    ['a file', { path: 'a', body: 'hello', mode: 0o4755 }, { kind: 'file', mode: 0o4755, sizeBytes: 5 }],
    ['a file of old tars', { path: 'a', type: '\0', format: 'old', body: 'x' }, { kind: 'file' }],
    ['a folder of old tars', { path: 'a/', format: 'old' }, { kind: 'directory' }],
    ['a contiguous file', { path: 'a', type: '7', body: 'x' }, { kind: 'file', sizeBytes: 1 }],
    ['a folder', { path: 'a/', type: '5', mode: 0o1777 }, { kind: 'directory', mode: 0o1777 }],
    ['a symlink', { path: 'a', type: '2', link: '../b' }, { kind: 'symlink', link: '../b' }],
    ['a hard link', { path: 'a', type: '1', link: 'b', size: 77 }, { kind: 'hardlink', sizeBytes: 0 }],
    ['a character device', { path: 'a', type: '3', major: 5, minor: 1 }, { major: 5, minor: 1 }],
    ['a block device', { path: 'a', type: '4', major: 259, minor: 700 }, { kind: 'block', minor: 700 }],
    ['a fifo', { path: 'a', type: '6' }, { kind: 'fifo' }],
    [
      'ids and times in base 256',
      { path: 'a', uid: 2 ** 31, mtime: 2 ** 40 },
      { uid: 2 ** 31, mtime: 2 ** 40 },
    ],
    ['a time before 1970', { path: 'a', mtime: -86_400 }, { mtime: -86_400 }],
    ['ids of pax', { path: 'a', pax: { uid: '70000', gid: '3000000' } }, { uid: 70_000, gid: 3_000_000 }],
    ['a time of pax', { path: 'a', pax: { mtime: '1700000000.987654321' } }, { mtime: 1_700_000_000 }],
    ['a negative time of pax', { path: 'a', pax: { mtime: '-0.5' } }, { mtime: -1 }],
    ['an empty record, which stands for nothing', { path: 'a', uid: 7, pax: { uid: '' } }, { uid: 7 }],
    ['a size of pax', { path: 'a', body: 'abc', size: 0, pax: { size: '3' } }, { sizeBytes: 3 }],
  ])('%s', async (_, item, expected) => {
    expect(await only(item)).toMatchObject(expected);
  });

  test('a name in two parts', async () => {
    const patch = (header: Buffer) => void header.write(`${'p'.repeat(150)}`, 345, 'latin1');
    expect((await only({ path: 'name', patch })).path).toBe(`${'p'.repeat(150)}/name`);
  });

  test('what stands after a GNU header is no part of the name', async () => {
    const patch = (header: Buffer) => void header.write('14000000000', 345, 'latin1');
    expect((await only({ path: 'name', format: 'gnu', patch })).path).toBe('name');
  });

  test('long names: of GNU with a NUL at the end, of pax without', async () => {
    const [path, link] = [`${'a/'.repeat(200)}é`, 'b'.repeat(300)];
    const gnu = Buffer.concat([
      member({ path: '././@LongLink', type: 'L', body: Buffer.from(`${path}\0`, 'latin1') }),
      member({ path: '././@LongLink', type: 'K', body: Buffer.from(`${link}\0`, 'latin1') }),
      member({ path: path.slice(0, 100), type: '2', link: link.slice(0, 100), format: 'gnu' }),
      tar([{ path: 'after' }]),
    ]);
    const pax = tar([{ path: 'x', type: '2', link: 'y', pax: { path, linkpath: link } }, { path: 'after' }]);
    for (const archive of [gnu, pax]) {
      const [first, after] = (await readAll(archive)).members;
      expect(first).toMatchObject({ path, link, kind: 'symlink' });
      expect(after).toMatchObject({ path: 'after', link: '' });
    }
  });

  test('a global header holds for all that follow, a local one for the next alone', async () => {
    const archive = Buffer.concat([
      member({ path: 'g', type: 'g', body: paxRecords({ uid: '500', comment: 'x' }) }),
      tar([{ path: 'a' }, { path: 'b', pax: { uid: '600' } }, { path: 'c', uid: 1 }]),
    ]);
    expect((await readAll(archive)).members.map(({ uid }) => uid)).toEqual([500, 600, 500]);
  });

  test('extended attributes are bytes', async () => {
    const value = Buffer.from([1, 0, 10, 255, 61]);
    const { xattrs } = await only({
      path: 'a',
      pax: { 'SCHILY.xattr.user.a=b\n': 'x', 'SCHILY.xattr.user.v': value },
    });
    expect(xattrs.get('user.v')).toEqual(value);
  });
});

const sparseBody = Buffer.from('AAAABBBB');
const oldSparse = (header: Buffer) => {
  [10, 4, 100, 4].forEach((value, index) => {
    putNumber(header, 386 + index * 12, 12, value);
  });
  putNumber(header, 483, 12, 200);
};
const map10 = Buffer.alloc(512);
map10.write('2\n10\n4\n100\n4\n');

test.each<[string, Member]>([
  ['old GNU', { path: 'a', type: 'S', format: 'gnu', body: sparseBody, patch: oldSparse }],
  [
    'pax 0.1',
    { path: 'a', body: sparseBody, pax: { 'GNU.sparse.size': '200', 'GNU.sparse.map': '10,4,100,4' } },
  ],
  [
    'pax 1.0',
    {
      path: 'a',
      body: Buffer.concat([map10, sparseBody]),
      pax: {
        'GNU.sparse.major': '1',
        'GNU.sparse.minor': '0',
        'GNU.sparse.realsize': '200',
        'GNU.sparse.name': 'a',
      },
    },
  ],
])('a sparse file: %s', async (_, item) => {
  const { members } = await readAll(tar([item, { path: 'after', body: 'end' }]));
  const expected = Buffer.alloc(200);
  expected.write('AAAA', 10);
  expected.write('BBBB', 100);
  expect(members[0]).toMatchObject({ path: 'a', sizeBytes: 200, storedBytes: 8 });
  expect(members[0]?.body).toEqual(expected);
  expect(members[1]?.body.toString()).toBe('end');
});

test('a sparse file: pax 0.0, whose records repeat', async () => {
  const numbers = [
    ['GNU.sparse.size', '200'],
    ...[10, 100].flatMap((offset) => [
      ['GNU.sparse.offset', String(offset)],
      ['GNU.sparse.numbytes', '4'],
    ]),
  ];
  const body = Buffer.concat(numbers.map(([key = '', value = '']) => paxRecord(key, value)));
  const archive = Buffer.concat([
    member({ path: 'pax', type: 'x', body }),
    tar([{ path: 'a', body: sparseBody }]),
  ]);
  const [found] = (await readAll(archive)).members;
  expect(found?.body.toString('latin1').replaceAll('\0', '')).toBe('AAAABBBB');
  expect(found?.body.indexOf('BBBB')).toBe(100);
});

const mixed = tar([
  { path: 'folder/', type: '5' },
  { path: 'one', body: 'x'.repeat(700) },
  { path: 'p', body: 'y'.repeat(512), pax: { path: 'long '.repeat(40), 'SCHILY.xattr.user.a': 'v' } },
  { path: 's', type: 'S', format: 'gnu', body: sparseBody, patch: oldSparse },
  { path: 'empty' },
  { path: 'l', type: '2', link: 'one' },
]);

describe('however the bytes come', () => {
  test.each([1, 7, 511, 512, 513, 1000])('in chunks of %i', async (chunkBytes) => {
    expect(await readAll(mixed, chunkBytes)).toEqual(await readAll(mixed));
  });

  test('a stream is read to its end, where a decompressor tells damage', async () => {
    let isDrained = false;
    async function* withTail() {
      yield mixed;
      yield Buffer.alloc(100_000);
      isDrained = true;
    }
    expect(await readTar(withTail(), 'the tar', () => undefined)).toBe(true);
    expect(isDrained).toBe(true);
  });

  test('a stream that breaks after the end mark breaks the reading', async () => {
    async function* broken() {
      yield mixed;
      throw new Error('crc');
    }
    await expect(readTar(broken(), 'the tar', () => undefined)).rejects.toThrow('crc');
  });
});

describe('damage', () => {
  test('cut short anywhere, it is refused, or has no end mark and the members so far', async () => {
    const whole = (await readAll(mixed)).members;
    for (let length = 0; length < mixed.length - 1024; length += 1) {
      const cut = await readAll(mixed.subarray(0, length)).catch((error: unknown) => error);
      if (cut instanceof SnapgateError) continue;
      const members = whole.filter(({ position, storedBytes }) => position + storedBytes <= length);
      expect(cut).toEqual({ members, hasEnd: false });
    }
  });

  test('any changed byte of a header is noticed', async () => {
    const archive = tar([{ path: 'a', body: 'hello' }]);
    // All but what ends the checksum, which archivers write in several ways.
    for (let at = 0; at < 512; at += at === 153 ? 3 : 1) {
      const damaged = Buffer.from(archive);
      damaged[at] = (damaged[at] ?? 0) ^ 0x01;
      expect(await complaint(damaged)).toMatch(/^the tar is damaged: /);
    }
  });

  test.each<[string, Buffer, RegExp]>([
    ['nothing', Buffer.alloc(0), /it ends at byte 0/],
    ['text', Buffer.from('hello '.repeat(200)), /no tar header at byte 0/],
    ['a negative size', tar([{ path: 'a', size: -5 }]), /negative size/],
    ['a size that no machine has', tar([{ path: 'a', size: 2 ** 70 }]), /a number that is none/],
    ['a size past the end', tar([{ path: 'a', size: 2 ** 40 }]), /ends within a file/],
    ['a negative size of pax', tar([{ path: 'a', pax: { size: '-1' } }]), /negative size/],
    [
      'an id that is no number',
      tar([{ path: 'a', patch: (h) => void h.write('rubbish', 108) }]),
      /a number that is none/,
    ],
    [
      'a time that is no number',
      tar([{ path: 'a', patch: (h) => void h.write('xxxxxxxxxxx', 136) }]),
      /a number that is none/,
    ],
    ['a pax number that is none', tar([{ path: 'a', pax: { uid: 'root' } }]), /a number that is none/],
    [
      'a pax record that claims too much',
      Buffer.concat([member({ path: 'x', type: 'x', body: '99 a=b\n' }), tar([{ path: 'a' }])]),
      /extended header that cannot be read/,
    ],
    [
      'a pax record that claims nothing',
      Buffer.concat([member({ path: 'x', type: 'x', body: '0 a=b\n' }), tar([{ path: 'a' }])]),
      /extended header that cannot be read/,
    ],
    [
      'a pax header cut short',
      member({ path: 'x', type: 'x', size: 4000, body: '9 a=bcd\n' }),
      /ends within an extended header/,
    ],
    ['a type of a later age', tar([{ path: 'a', type: 'Z' }]), /unknown type "Z"/],
    [
      'a sparse map that overlaps',
      tar([
        { path: 'a', body: 'AAAABBBB', pax: { 'GNU.sparse.size': '200', 'GNU.sparse.map': '10,4,12,4' } },
      ]),
      /sparse map/,
    ],
    [
      'a sparse map past the size',
      tar([
        { path: 'a', body: 'AAAABBBB', pax: { 'GNU.sparse.size': '50', 'GNU.sparse.map': '10,4,100,4' } },
      ]),
      /sparse map/,
    ],
    [
      'a sparse map of more than is stored',
      tar([{ path: 'a', body: 'AA', pax: { 'GNU.sparse.size': '9000', 'GNU.sparse.map': '0,4000' } }]),
      /ends within a file|does not fit/,
    ],
  ])('%s', async (_, archive, why) => {
    expect(await complaint(archive)).toMatch(why);
  });
});

describe('what has no end', () => {
  test('extended headers one after another', async () => {
    const header = member({
      path: 'x',
      type: 'x',
      body: paxRecord('SCHILY.xattr.user.a', 'v'.repeat(1024 ** 2)),
    });
    async function* flood() {
      for (;;) yield header;
    }
    const error = await refusal(readTar(flood(), 'the tar', () => undefined));
    expect(error.message).toBe('the tar is damaged: extended headers of more than 4 MiB');
  });

  test('global headers throughout', async () => {
    const header = member({ path: 'g', type: 'g', body: paxRecord('comment', 'v'.repeat(1024 ** 2)) });
    async function* flood() {
      for (;;) yield Buffer.concat([header, member({ path: 'a' })]);
    }
    const error = await refusal(readTar(flood(), 'the tar', () => undefined));
    expect(error.message).toBe('the tar is damaged: extended headers of more than 4 MiB');
  });

  test('a name of more than 4 MiB', async () => {
    expect(await complaint(member({ path: 'x', type: 'L', size: 2 ** 33 }))).toContain('more than 4 MiB');
  });

  test('zeros after the end mark', async () => {
    async function* flood() {
      yield tar([{ path: 'a' }]);
      for (;;) yield Buffer.alloc(1024 ** 2);
    }
    const error = await refusal(readTar(flood(), 'the tar', () => undefined));
    expect(error.message).toContain('whose end mark is followed by 64 MiB and more');
  });
});

test('errors name the archive, and names of entries drive no terminal', async () => {
  const path = '\u001b[2J\r\n::error::\u00c2\u009b31m';
  const error = await refusal(
    readTar(inChunks(tar([{ path, type: 'Z' }]), 512), 'layer 2 of x.tar', () => undefined),
  );
  expect(error.message).toContain('layer 2 of x.tar holds an entry that is refused: ');
  expect(error.message).not.toMatch(/\p{Cc}/u);
});
