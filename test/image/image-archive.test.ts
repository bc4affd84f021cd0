import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FileTree, newFileTree, walkTree } from '../../src/image/file-tree.ts';
import { flattenArchive } from '../../src/image/image-archive.ts';
import { refusal } from '../host/refusal.ts';
import { seededRandom } from '../stats/random.ts';
import {
  type ArchiveLayer,
  type ArchiveOptions,
  blob,
  dockerArchive,
  manifestDescriptor,
  ociArchive,
} from './container-archive.ts';
import { type Member, tar } from './tar.ts';
import { mebibyte, openWorkshop, type Workshop } from './workshop.ts';

let shop: Workshop;
beforeEach(() => {
  shop = openWorkshop();
});
afterEach(() => shop[Symbol.dispose]());

async function flatten(archive: Buffer): Promise<{ tree: FileTree; files: Map<string, string> }> {
  const path = shop.file('image.tar', archive);
  const scratch = join(shop.folder, `scratch-${readdirSync(shop.folder).length}`);
  mkdirSync(scratch);
  const tree = newFileTree('the image', scratch, 16 * mebibyte);
  await flattenArchive(shop.run, path, tree, scratch);
  return {
    tree,
    files: new Map(Array.from(walkTree(tree.root), ({ path: name, file }) => [name, told(file)])),
  };
}

function told(file: { kind: string; contentPath: string | undefined; link: string }): string {
  if (file.kind === 'symlink') return `-> ${file.link}`;
  return file.contentPath === undefined ? file.kind : readFileSync(file.contentPath, 'utf8');
}

async function complaint(archive: Buffer): Promise<string> {
  const error = await refusal(flatten(archive));
  expect(error.code).toBe('image');
  expect(error.remedy).not.toBe('');
  return error.message;
}

const folder = (path: string): Member => ({ path: `${path}/`, type: '5' });
const file = (path: string, body = path): Member => ({ path, body });
const layer = (...members: Member[]): ArchiveLayer => ({ data: tar(members) });

const layers = [
  layer(
    folder('etc'),
    file('etc/a', '1'),
    file('etc/b', '1'),
    folder('opt'),
    file('opt/x', '1'),
    file('opt/y', '1'),
  ),
  layer(
    folder('etc'),
    file('etc/.wh.a', ''),
    folder('opt'),
    file('opt/.wh..wh..opq', ''),
    file('opt/z', '2'),
  ),
  layer({ path: 'hard', type: '1', link: 'etc/b' }, file('new', '3'), file('.wh..wh.plnk', '')),
];

const flattened = {
  '/etc': 'directory',
  '/etc/b': '1',
  '/hard': '1',
  '/new': '3',
  '/opt': 'directory',
  '/opt/z': '2',
};

describe('formats', () => {
  test.each<[string, (layers: readonly ArchiveLayer[], options?: ArchiveOptions) => Buffer]>([
    ['docker save', dockerArchive],
    ['OCI', ociArchive],
  ])('%s', async (_, archive) => {
    const third = layers.slice(2);
    await expect(flatten(archive(third))).rejects.toThrow('which is not in the archive before it');
    const linkless = [...layers.slice(0, 2), layer(file('new', '3'))];
    expect(Object.fromEntries((await flatten(archive(linkless))).files)).toEqual({
      '/etc': 'directory',
      '/etc/b': '1',
      '/new': '3',
      '/opt': 'directory',
      '/opt/z': '2',
    });
  });

  test('a hard link to a file of a lower layer is one file with two names', async () => {
    const { tree, files } = await flatten(ociArchive(layers));
    expect(Object.fromEntries(files)).toEqual(flattened);
    const named = new Map(Array.from(walkTree(tree.root), ({ path, file: found }) => [path, found]));
    expect(named.get('/hard')).toBe(named.get('/etc/b'));
  });

  test('layers plain, gzip and zstd, in an archive that is compressed itself', async () => {
    const [first, second, third] = layers.map(({ data }) => data);
    if (!first || !second || !third) throw new Error('three layers');
    const archive = ociArchive([
      { data: gzipSync(first) },
      { data: zstdCompressSync(second) },
      { data: third },
    ]);
    for (const compressed of [archive, gzipSync(archive), zstdCompressSync(archive)])
      expect(Object.fromEntries((await flatten(compressed)).files)).toEqual(flattened);
  });

  test('docker save of 25 and later: manifest.json names blobs', async () => {
    const oci = (members: Member[]) => {
      const blobs = members.filter(({ path }) => path.startsWith('blobs/')).map(({ path }) => path);
      const [config, , ...layerBlobs] = blobs;
      const manifest = [{ Config: config, RepoTags: null, Layers: layerBlobs }];
      return [{ path: 'manifest.json', body: JSON.stringify(manifest) }, ...members];
    };
    expect(Object.fromEntries((await flatten(ociArchive(layers, { change: oci }))).files)).toEqual(flattened);
  });

  test('old docker save: a layer that equals another is a symlink to it', async () => {
    const same = layer(file('a', '1'));
    const link = (members: Member[]) => [
      ...members.filter(({ path }) => !path.includes('second')),
      { path: 'second/layer.tar', type: '2', link: '../first/layer.tar' },
      { path: 'first/layer.tar', body: same.data },
      { path: 'config.json', body: '{}' },
      {
        path: 'manifest.json',
        body: JSON.stringify([{ Config: 'config.json', Layers: ['second/layer.tar'] }]),
      },
    ];
    expect(Object.fromEntries((await flatten(dockerArchive([], { change: link }))).files)).toEqual({
      '/a': '1',
    });
  });

  test('an index of indexes: the image of this platform, its attestation passed over', async () => {
    const nest = (members: Member[]) => {
      const manifest = members[3]?.body ?? '';
      const attestation = '{"config":null}';
      const inner = JSON.stringify({
        manifests: [
          manifestDescriptor(attestation, { platform: { os: 'unknown', architecture: 'unknown' } }),
          manifestDescriptor('{"other":1}', { platform: { os: 'linux', architecture: 'arm64' } }),
          manifestDescriptor(manifest, { platform: { os: 'linux', architecture: 'amd64' } }),
        ],
      });
      const outer = JSON.stringify({ manifests: [manifestDescriptor(inner)] });
      const index = { path: 'index.json', body: outer };
      return [index, blob(inner), blob(attestation), ...members.filter(({ path }) => path !== 'index.json')];
    };
    expect(Object.fromEntries((await flatten(ociArchive(layers, { change: nest }))).files)).toEqual(
      flattened,
    );
  });

  test('one image of two names is one image', async () => {
    const twice = (members: Member[]) =>
      members.map((item) => {
        if (item.path !== 'index.json') return item;
        const { manifests } = JSON.parse(String(item.body));
        return { ...item, body: JSON.stringify({ manifests: [...manifests, ...manifests] }) };
      });
    expect(Object.fromEntries((await flatten(ociArchive(layers, { change: twice }))).files)).toEqual(
      flattened,
    );
  });

  test('what the image says of its process', async () => {
    const process = {
      Entrypoint: ['/init', "it's"],
      Cmd: null,
      Env: ['A=b'],
      WorkingDir: '/srv',
      User: 'web:44',
    };
    const path = shop.file('image.tar', ociArchive(layers, { process }));
    const tree = newFileTree('the image', shop.folder, 16 * mebibyte);
    expect(await flattenArchive(shop.run, path, tree, shop.folder)).toEqual({
      entrypoint: ['/init', "it's"],
      cmd: [],
      env: ['A=b'],
      workingDir: '/srv',
      user: 'web:44',
    });
  });
});

describe('layers', () => {
  test.each<[string, ArchiveLayer[], Record<string, string>]>([
    ['a whiteout of a folder', [layer(folder('a'), file('a/b')), layer(file('.wh.a'))], {}],
    [
      'a folder that is removed and made anew, in either order',
      [layer(folder('a'), file('a/old')), layer(folder('a'), file('a/new'), file('.wh.a'))],
      { '/a': 'directory', '/a/new': 'a/new' },
    ],
    [
      'an opaque mark after what its own layer has',
      [layer(folder('a'), file('a/old')), layer(folder('a'), file('a/new'), file('a/.wh..wh..opq'))],
      { '/a': 'directory', '/a/new': 'a/new' },
    ],
    [
      'a file in the place of a folder',
      [layer(folder('a'), file('a/b'), file('a/c')), layer(file('a', 'file'))],
      { '/a': 'file' },
    ],
    [
      'a folder in the place of a file and of a symlink',
      [
        layer(file('a'), { path: 's', type: '2', link: 'a' }),
        layer(folder('a'), folder('s'), file('s/x', 'x')),
      ],
      { '/a': 'directory', '/s': 'directory', '/s/x': 'x' },
    ],
    [
      'a whiteout through a symlink of a lower layer',
      [
        layer(folder('usr'), folder('usr/lib'), file('usr/lib/a'), {
          path: 'lib',
          type: '2',
          link: 'usr/lib',
        }),
        layer(file('lib/.wh.a')),
      ],
      { '/lib': '-> usr/lib', '/usr': 'directory', '/usr/lib': 'directory' },
    ],
    [
      'a whiteout of what is not there',
      [layer(file('a', '1')), layer(file('.wh.b'), file('c/.wh.d'))],
      { '/a': '1' },
    ],
    ['an empty layer', [layer(), layer(file('a', '1')), layer()], { '/a': '1' }],
    [
      'a file that is linked, replaced and still linked',
      [layer(file('a', '1'), { path: 'b', type: '1', link: 'a' }), layer(file('a', '2'))],
      { '/a': '2', '/b': '1' },
    ],
  ])('%s', async (_, stack, expected) => {
    expect(Object.fromEntries((await flatten(ociArchive(stack))).files)).toEqual(expected);
  });

  test.each(Array.from({ length: 20 }, (_, index) => index))(
    'a stack of any layers is what removing first and then adding makes (seed %i)',
    async (seed) => {
      const generator = layerGenerator(seed);
      const stack = Array.from({ length: 12 }, () => generator.layer());
      expect((await flatten(ociArchive(stack))).files).toEqual(generator.state());
    },
  );

  test('many layers that replace one large file do not add up', async () => {
    const large = (digit: string) => layer(file('app', digit.repeat(10 * mebibyte)));
    const { tree, files } = await flatten(dockerArchive(['1', '2', '3', '4'].map(large)));
    expect(files.get('/app')?.slice(0, 3)).toBe('444');
    expect(tree.liveBytes).toBe(10 * mebibyte);
  });
});

describe('what is no usable image', () => {
  test.each<[string, () => Buffer, string]>([
    [
      'a tar of a root file system',
      () => tar([folder('bin'), file('bin/sh')]),
      'neither a manifest.json nor an index.json',
    ],
    ['an empty list', () => tar([{ path: 'manifest.json', body: '[]' }]), 'it holds no image'],
    [
      'two images of docker save',
      () =>
        tar([
          {
            path: 'manifest.json',
            body: JSON.stringify(['a:1', 'b:2'].map((tag) => ({ Config: 'c', RepoTags: [tag], Layers: [] }))),
          },
        ]),
      'it holds several images: "a:1", "b:2"',
    ],
    [
      'two images of an OCI layout',
      () =>
        ociArchive(layers, {
          change: (members) => {
            const names = ['one', 'two'].map((name) =>
              manifestDescriptor(name, { annotations: { 'org.opencontainers.image.ref.name': name } }),
            );
            return [
              { path: 'index.json', body: JSON.stringify({ manifests: names }) },
              ...members.filter(({ path }) => path !== 'index.json'),
            ];
          },
        }),
      'it holds several images: "one", "two"',
    ],
    [
      'another processor',
      () => dockerArchive(layers, { architecture: 'arm64' }),
      'its image is for "linux/arm64", and this machine is linux/amd64',
    ],
    ['another system', () => ociArchive(layers, { os: 'windows' }), 'its image is for "windows/amd64"'],
    [
      'an index without this platform',
      () =>
        tar([
          {
            path: 'index.json',
            body: JSON.stringify({
              manifests: [manifestDescriptor('x', { platform: { os: 'linux', architecture: 's390x' } })],
            }),
          },
        ]),
      'it has no image for linux/amd64',
    ],
    [
      'a manifest that is no JSON',
      () => tar([{ path: 'manifest.json', body: '{"a' }]),
      'its "manifest.json" cannot be read',
    ],
    [
      'a manifest of another shape',
      () => tar([{ path: 'manifest.json', body: '[{"Config":1}]' }]),
      'its "manifest.json" cannot be read',
    ],
    [
      'a layer that is missing',
      () => ociArchive(layers, { change: (members) => members.slice(0, -1) }),
      'it lacks its "blobs/sha256/',
    ],
    [
      'a digest that leads elsewhere',
      () => tar([{ path: 'index.json', body: '{"manifests":[{"digest":"sha256:../../../etc/passwd"}]}' }]),
      'its "index.json" cannot be read',
    ],
    [
      'an index that holds itself',
      () =>
        tar([
          { path: 'index.json', body: JSON.stringify({ manifests: [manifestDescriptor('{}')] }) },
          blob('{}'),
        ]),
      'its manifest names no layers',
    ],
    [
      'a compressed bomb',
      () => gzipSync(tar([{ path: 'zeros', body: Buffer.alloc(70 * mebibyte) }])),
      'unpacks to more than 64.0 MiB',
    ],
    ['no archive', () => Buffer.from('hello '.repeat(300)), 'the image is damaged: no tar header at byte 0'],
    ['an archive cut short', () => ociArchive(layers).subarray(0, 5000), 'the image is damaged: it ends'],
  ])('%s', async (_, archive, why) => {
    expect(await complaint(archive())).toContain(why);
  });

  test('a blob that is not what its name says, be it JSON or a layer', async () => {
    for (const index of [2, 3, 4]) {
      const change = (members: Member[]) =>
        members.map((item, at) => (at === index ? { ...item, body: flipped(item.body ?? '') } : item));
      expect(await complaint(ociArchive(layers, { change }))).toContain('is not what its name says');
    }
  });

  test('a layer that is refused or damaged is named', async () => {
    const bad = ociArchive([...layers, layer({ path: '../x' })]);
    expect(await complaint(bad)).toMatch(
      /^layer "blobs\/sha256\/\w+" of the image holds an entry that is refused/,
    );
    const cut = ociArchive([{ data: gzipSync(layers[0]?.data ?? '').subarray(0, 60) }]);
    expect(await complaint(cut)).toMatch(/image\.tar is damaged: its gzip data end or break off/);
    expect(await complaint(ociArchive([{ data: Buffer.alloc(0) }]))).toMatch(
      /^layer .* is damaged: it ends at byte 0/,
    );
  });
});

function flipped(body: Buffer | string): Buffer {
  const data = Buffer.from(body);
  data[data.length - 1] = (data.at(-1) ?? 0) ^ 1;
  return data;
}

/**
 * Layers at random with the plainest possible account of what they make together, from the specification: whiteouts and opaque marks
 * take away from what was below, wherever they stand in their layer; then its own entries are put in place.
 */
function layerGenerator(seed: number) {
  const next = seededRandom(seed);
  const number = (below: number) => Math.floor(next() * below);
  const pick = <T>(items: readonly T[]): T | undefined => items[number(items.length)];
  let state = new Map<string, string>();
  let salt = 0;
  const remove = (path: string, isKept = false) => {
    state = new Map([...state].filter(([name]) => !name.startsWith(`${path}/`) && (isKept || name !== path)));
  };

  function layerMembers(): Member[] {
    const paths = [...state.keys()];
    const removed = Array.from({ length: number(3) }, () => pick(paths)).filter((path) => path !== undefined);
    const emptied = paths.filter((path) => state.get(path) === 'directory' && next() < 0.1);
    const marks = [
      ...removed.map((path) => path.replace(/[^/]*$/, '.wh.$&')),
      ...emptied.map((path) => `${path}/.wh..wh..opq`),
    ];
    for (const path of removed) remove(path);
    for (const path of emptied) remove(path, true);
    const members = Array.from({ length: 1 + number(4) }, () => addFile()).flat();
    // A mark may come before or after what its layer adds.
    for (const path of marks) members.splice(number(members.length + 1), 0, { path: path.slice(1) });
    return members;
  }

  function addFile(): Member[] {
    const names = Array.from({ length: 1 + number(3) }, () => pick(['a', 'b', 'c']) ?? 'a');
    const parents = names.slice(0, -1).map((_, index) => `/${names.slice(0, index + 1).join('/')}`);
    const path = `/${names.join('/')}`;
    salt += 1;
    for (const parent of parents) if (state.get(parent) !== 'directory') put(parent, 'directory');
    put(path, `content ${salt}`);
    return [...parents.map((parent) => folder(parent.slice(1))), file(path.slice(1), `content ${salt}`)];
  }

  function put(path: string, content: string): void {
    remove(path);
    state.set(path, content);
  }

  return {
    layer: () => layer(...layerMembers()),
    state: () => new Map([...state].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
