import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { inspectionSchema } from '../../src/inspect/record.ts';
import { emitSchemas } from '../../src/report/schemas.ts';
import { run } from '../cli/shell.ts';
import { chainNamed, layerFolders } from '../e2b/fixture-chains.ts';
import { accepts } from '../report/json-schema.ts';
import { pageBytes, scatteredPages, writeSparse } from './sparse-files.ts';

const cwd = mkdtempSync('/var/tmp/snapgate-inspect-');
afterAll(() => rmSync(cwd, { recursive: true }));

const filePages = 2048;
const lengthBytes = filePages * pageBytes;
writeSparse(join(cwd, 'one'), lengthBytes, scatteredPages(1, filePages, 50));
writeSparse(join(cwd, 'two'), lengthBytes, scatteredPages(2, filePages, 50));
const [build = ''] = layerFolders(chainNamed('v5-lz4')).toReversed();
execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(cwd, 'disk.qcow2'), '16M']);

const inspect = (...argv: string[]) => run(['inspect', ...argv], { cwd, env: { TMPDIR: cwd } });

async function recordOf(...argv: string[]) {
  const { status, stdout, stderr } = await inspect(...argv, '--json');
  expect([status, stderr]).toEqual([0, '']);
  const record: unknown = JSON.parse(stdout);
  expect(accepts(JSON.parse(emitSchemas()['inspection.schema.json'] ?? ''), record)).toBe(true);
  return inspectionSchema.parse(record);
}

/** Every number of bytes in a record. */
function bytesIn(value: unknown): number[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) =>
    key.endsWith('Bytes') && typeof part === 'number' ? [part] : bytesIn(part),
  );
}

describe.each<[string, readonly string[], readonly string[]]>([
  ['an image', ['one'], ['image']],
  ['two images', ['one', 'two'], ['image', 'image', 'comparison']],
  ['a Diff', ['two', '--parent', 'one'], ['diff']],
  ['a build', [build], ['e2b']],
  ['a chain', ['disk.qcow2'], ['qcow2']],
  [
    'all kinds at once',
    ['one', build, 'disk.qcow2', 'two'],
    ['image', 'e2b', 'qcow2', 'image', 'comparison'],
  ],
])('%s', (_, argv, kinds) => {
  it('is a record that is what its schema says', async () => {
    const { items } = await recordOf(...argv);
    expect(items.map(({ kind }) => kind)).toEqual(kinds);
  });

  it('is shown in lines of 80 characters, but for paths, in units and to the byte', async () => {
    const { status, stdout, stderr } = await inspect(...argv);
    expect([status, stderr]).toEqual([0, '']);
    const long = stdout.split('\n').filter((line) => line.length > 80);
    expect(long.filter((line) => !line.includes('/'))).toEqual([]);
    expect(stdout.split('\n').filter((line) => /\s$/.test(line))).toEqual([]);
    expect(stdout).toMatch(/\d (KiB|MiB)/);
    for (const item of (await recordOf(...argv)).items) {
      const shown =
        item.kind === 'image' || item.kind === 'comparison' || item.kind === 'diff' ? bytesIn(item) : [];
      for (const bytes of shown)
        expect(
          /^(4096|16384|65536|2097152)$/.test(String(bytes)) ||
            stdout.includes(bytes.toLocaleString('en-US')),
        ).toBe(true);
    }
  });
});

it('shows each layer of a build to the byte', async () => {
  const { stdout } = await inspect(build);
  const [item] = (await recordOf(build)).items;
  const layers = item?.kind === 'e2b' ? (item.artifacts[0]?.layers ?? []) : [];
  expect(layers).toHaveLength(3);
  for (const layer of layers) {
    if (layer.state !== 'present') throw new Error('a layer is missing');
    const { buildId, ownBytes, deadBytes, storedBytes, content } = layer;
    const figures = [ownBytes, deadBytes, content?.zeroBytes, content?.duplicateBytes, storedBytes];
    const exact = figures.map((bytes) => (bytes ?? 0).toLocaleString('en-US')).join(' +');
    expect(stdout).toMatch(new RegExp(`${buildId}  format 5.*\n.*\n +${exact}\n`));
  }
});

it('takes a name that drives a terminal for text', async () => {
  const name = 'mem\u001b[2J\u202egnp\nline';
  writeSparse(join(cwd, name), pageBytes, new Map());
  const { stdout } = await inspect(name);
  expect(stdout).toMatch(/^mem�\[2J�gnp�line: image of 4\.00 KiB \(4,096 bytes\)\n/);
  const gone = await inspect(`${name}-gone`);
  expect(gone.stderr).toMatch(/^snapgate: mem�\[2J�gnp�line-gone is not there\n/);
  const record = await recordOf(name);
  expect(record.items).toMatchObject([{ path: name }]);
});

describe('an error says what, where and what to do', () => {
  writeFileSync(join(cwd, 'odd'), Buffer.alloc(4097));
  writeFileSync(join(cwd, 'empty'), '');
  writeSparse(join(cwd, 'short'), 2 * pageBytes, new Map());
  mkdirSync(join(cwd, 'folder'));
  execFileSync('mkfifo', [join(cwd, 'pipe')]);
  writeFileSync(join(cwd, 'cut.qcow2'), Buffer.from('QFI\u00fb\0\0\0\u0003', 'latin1'));
  writeFileSync(join(cwd, 'endless'), '');
  truncateSync(join(cwd, 'endless'), 2 ** 43);

  it.each<[readonly string[], number, RegExp]>([
    [[], 64, /inspect takes 1 to 8 paths: .*; 0 were given\nsnapgate inspect --help/],
    [Array(9).fill('one'), 64, /; 9 were given\n/],
    [['gone'], 65, /gone is not there\nCheck the path/],
    [['one/below'], 65, /one\/below is not there\n/],
    [['odd'], 65, /odd has 4\.00 KiB \(4,097 bytes\), no multiple of 4096: .*\nName a memory file/],
    [['empty'], 65, /empty is empty\nCheck that what wrote it/],
    [
      ['folder'],
      65,
      /folder is a folder without memfile\.header and rootfs\.ext4\.header\nName the folder of a build/,
    ],
    [['pipe'], 65, /pipe is no file\nName a file/],
    [['/dev/null'], 65, /\/dev\/null is no file\n/],
    [['cut.qcow2'], 65, /cut\.qcow2 ends within its header, after 8 bytes\n/],
    [
      ['one', 'short'],
      65,
      /short has 8\.00 KiB \(8,192 bytes\), and one has 8\.00 MiB \(8,388,608 bytes\)\nImages that are given together/,
    ],
    [
      ['short', '--parent', 'one'],
      65,
      /short has 8\.00 KiB \(8,192 bytes\), and one has 8\.00 MiB \(8,388,608 bytes\)\nA Diff is as long as/,
    ],
    [['one', '--parent', 'disk.qcow2'], 65, /disk\.qcow2 is no memory file\nWith --parent, name Diffs/],
    [['one', '--parent', 'gone'], 65, /gone is not there\n/],
    [['one', '--format', 'json'], 64, /there is no option --format/],
  ])('%j', async (argv, code, message) => {
    const { status, stdout, stderr } = await inspect(...argv);
    expect([status, stdout]).toEqual([code, '']);
    expect(stderr).toMatch(message);
    const asJson = await inspect(...argv, '--json');
    expect(JSON.parse(asJson.stdout)).toMatchObject({ error: { code: code === 64 ? 'usage' : 'record' } });
  });

  it('of 8 TiB of holes is none', async () => {
    expect((await recordOf('endless')).items).toMatchObject([{ dataBytes: 0, holeBytes: 2 ** 43 }]);
  });
});
