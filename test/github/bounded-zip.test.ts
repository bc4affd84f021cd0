import { readdirSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readZip } from '../../src/github/bounded-zip.ts';
import { SnapgateError } from '../../src/host/error.ts';
import { type ZipEntry, zipOf } from './zip.ts';

const wanted = ['upload.json', 'measurement-head.json'];
const limits = { entries: 16, entryBytes: 1024 ** 2 };
const mebi = 1024 ** 2;

async function read(bytes: Buffer): Promise<ReadonlyMap<string, Buffer>> {
  return await readZip(bytes, wanted, 'the artifact', limits);
}

/** The one error of reading it; fails where there is none. */
async function refusal(bytes: Buffer): Promise<SnapgateError> {
  const error = await read(bytes).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (error instanceof SnapgateError) return error;
  throw new Error('it was not refused as it should be', { cause: error });
}

describe('an archive that is sound', () => {
  it('gives the wanted files, packed or stored, and lets others be', async () => {
    const files = await read(
      zipOf([
        { name: 'upload.json', content: '{}' },
        { name: 'measurement-head.json', content: 'stored', method: 0 },
        { name: 'report.md', content: 'other' },
        { name: 'folder/', content: '', mode: 0o040755, method: 0 },
        { name: 'folder/upload.json', content: 'not this one' },
      ]),
    );
    expect([...files].map(([name, content]) => [name, content.toString()])).toEqual([
      ['upload.json', '{}'],
      ['measurement-head.json', 'stored'],
    ]);
  });

  it('may lack what is wanted', async () => {
    expect((await read(zipOf([]))).size).toBe(0);
  });
});

const hostile: readonly (readonly [string, readonly ZipEntry[], RegExp])[] = [
  ['leads out', [{ name: '../upload.json' }], /invalid relative path/],
  ['leads out in the middle', [{ name: 'a/../../upload.json' }], /invalid relative path/],
  ['is absolute', [{ name: '/etc/passwd' }], /absolute path/],
  ['is absolute on another system', [{ name: 'C:/upload.json' }], /absolute path/],
  ['has backslashes', [{ name: '..\\upload.json' }], /invalid characters in fileName/],
  ['is a symbolic link', [{ name: 'upload.json', content: '/etc/passwd', mode: 0o120777 }], /is a link/],
  ['is a symbolic link elsewhere', [{ name: 'other', content: '/', mode: 0o120777 }], /is a link/],
  ['is a device', [{ name: 'upload.json', mode: 0o020666 }], /no plain file/],
  [
    'is there twice',
    [
      { name: 'upload.json', content: 'a' },
      { name: 'upload.json', content: 'b' },
    ],
    /twice/,
  ],
  ['is encrypted', [{ name: 'upload.json', content: 'a', flags: 0x801 }], /encrypted/],
  ['is strongly encrypted', [{ name: 'upload.json', content: 'a', flags: 0x841 }], /encryption/],
  ['is packed in an unknown way', [{ name: 'upload.json', content: 'a', method: 93 }], /compression method/],
  ['has the wrong check sum', [{ name: 'upload.json', content: 'a', crc: 1 }], /check sum/],
  ['is no deflate', [{ name: 'upload.json', packed: Buffer.from('nonsense'), size: 9 }], /invalid/],
  ['is declared longer than it is', [{ name: 'upload.json', content: 'abc', size: 900 }], /not enough bytes/],
  ['is declared shorter than it is', [{ name: 'upload.json', content: 'abc', size: 2 }], /too many bytes/],
  [
    'lies beyond the end',
    [{ name: 'upload.json', content: 'a', packedSize: 90_000 }],
    /overflows file bounds/,
  ],
  ['begins nowhere', [{ name: 'upload.json', content: 'a', offset: 70_000 }], /EOF|eof|end of/],
];

describe('an archive is refused, with one clear error,', () => {
  it.each(hostile)('where an entry %s', async (_, entries, why) => {
    const error = await refusal(zipOf(entries));
    expect(error.code).toBe('record');
    expect(error.message).toMatch(/^the artifact is not an archive that snapgate wrote: /);
    expect(error.message).toMatch(why);
  });

  it('where it has 10,000 entries, before any is looked at', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => ({ name: `${index}` }));
    expect((await refusal(zipOf(many))).message).toContain('10000 entries');
  });

  it('where it has more entries than it says: only those it says are read', async () => {
    const entries = [{ name: 'upload.json', content: 'one' }, { name: '../two' }];
    const files = await read(zipOf(entries, { entryCount: 1 }));
    expect([...files.keys()]).toEqual(['upload.json']);
  });

  it('where a file is declared larger than the limit', async () => {
    const error = await refusal(zipOf([{ name: 'upload.json', content: Buffer.alloc(mebi + 1) }]));
    expect(error.message).toContain('unpacked, more than 1.00 MiB');
  });

  it('where a bomb says that it is small, and unpacks no more than that of it', async () => {
    const bomb = deflateRawSync(Buffer.alloc(512 * mebi), { level: 9 });
    const before = process.memoryUsage().rss;
    const error = await refusal(zipOf([{ name: 'upload.json', packed: bomb, size: 1000 }]));
    expect(error.message).toMatch(/too many bytes/);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * mebi);
  });

  it.each([
    ['is nothing', Buffer.alloc(0)],
    ['is a page of HTML', Buffer.from('<html>not found</html>'.repeat(10))],
    ['is cut', zipOf([{ name: 'upload.json', content: '{}' }]).subarray(0, -5)],
  ])('where it %s', async (_, bytes) => {
    expect((await refusal(bytes)).code).toBe('record');
  });
});

it('survives any one byte of an archive being another, and writes nothing', async () => {
  const before = readdirSync('.');
  const sound = zipOf([{ name: 'upload.json', content: '{"schema":"snapgate/upload"}' }]);
  for (let at = 0; at < sound.length; at += 1) {
    for (const flip of [0x01, 0x80, 0xff]) {
      const broken = Buffer.from(sound);
      broken[at] = (broken[at] ?? 0) ^ flip;
      const outcome = await read(broken).catch((error: unknown) => error);
      if (outcome instanceof Map) {
        const content = outcome.get('upload.json')?.toString() ?? '{"schema":"snapgate/upload"}';
        expect(content).toBe('{"schema":"snapgate/upload"}');
      } else expect(outcome).toBeInstanceOf(SnapgateError);
    }
  }
  expect(readdirSync('.')).toEqual(before);
});
