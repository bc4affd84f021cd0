import { cpSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { inspectPaths } from '../../src/inspect/inspect.ts';
import type { BuildInspection } from '../../src/inspect/record.ts';
import { openTestRun } from '../baseline/test-run.ts';
import { chainNamed, chains, fixtures, inspectedByE2b, layerFolders } from '../e2b/fixture-chains.ts';
import { writeHeader, zeroId } from '../e2b/write-header.ts';
import { idOf, pages, writeLayer } from '../e2b/write-layer.ts';

const scratch = mkdtempSync('/var/tmp/snapgate-inspect-');
const { run, [Symbol.dispose]: close } = openTestRun(scratch);
afterAll(() => {
  close();
  rmSync(scratch, { recursive: true });
});

const pageBytes = 4096;

/** From inspect-build's list of the inspected header: pages of each build's data that it maps, in a set. */
function neededPages(top: string): Map<string, Set<number>> {
  const needed = new Map<string, Set<number>>();
  for (const { build_id, storage_offset, length } of inspectedByE2b(top).mappings.list) {
    const pages = needed.get(build_id) ?? new Set();
    for (let at = 0; at < length; at += pageBytes) pages.add((storage_offset + at) / pageBytes);
    needed.set(build_id, pages);
  }
  return needed;
}

function mappedBytes(layer: string, buildId: string): number {
  return inspectedByE2b(layer)
    .mappings.list.filter(({ build_id }) => build_id === buildId)
    .reduce((sum, { length }) => sum + length, 0);
}

async function inspected(path: string): Promise<BuildInspection> {
  const { items } = await inspectPaths(run, { cwd: scratch, paths: [path], parent: undefined });
  const [item] = items;
  if (item?.kind !== 'e2b' || items.length !== 1) throw new Error('not one build');
  return item;
}

const cases = chains.flatMap((chain) =>
  layerFolders(chain).map((folder, nth) => ({ chain, folder, nth, name: `${chain.name} ${nth}` })),
);

describe('builds that e2b wrote', () => {
  it.each(cases)('$name is what inspect-build says', async ({ chain, folder, nth }) => {
    const build = await inspected(folder);
    const needed = neededPages(folder);
    const below = layerFolders(chain)
      .slice(0, nth + 1)
      .toReversed();
    expect(build).toMatchObject({ path: folder, buildId: basename(folder), notes: [] });
    expect(build.artifacts).toHaveLength(1);
    const [artifact] = build.artifacts;
    expect(artifact?.artifact).toBe(chain.artifact);
    expect(artifact?.virtualBytes).toBe(inspectedByE2b(folder).image.virtual_size);
    expect(artifact?.zeroBytes).toBe(mappedBytes(folder, zeroId));
    expect(artifact?.layers).toEqual(
      below.map((layer) => {
        const { image, header } = inspectedByE2b(layer);
        const neededBytes = (needed.get(image.build_id)?.size ?? 0) * pageBytes;
        return {
          state: 'present',
          buildId: image.build_id,
          generation: expect.any(Number),
          headerFormat: header.version,
          blockBytes: chain.blockBytes,
          compression: expect.stringMatching(/^(none|zstd|lz4)$/),
          ownBytes: mappedBytes(layer, image.build_id),
          rawBytes: image.diff_size,
          storedBytes: header.storage_size,
          mappedBytes: mappedBytes(folder, image.build_id),
          neededBytes,
          deadBytes: image.diff_size - neededBytes,
          // Each page of the fixtures has a content of its own: see their README.
          content: {
            dataBytes: image.diff_size,
            zeroBytes: 0,
            duplicateBytes: 0,
            distinctBytes: image.diff_size,
            duplicatesExact: true,
          },
        };
      }),
    );
  });

  it('have dead bytes where a later layer has replaced them', async () => {
    const [artifact] = (await inspected(layerFolders(chainNamed('v1')).at(-1) ?? '')).artifacts;
    expect(artifact?.layers.map((layer) => layer.state === 'present' && layer.deadBytes)).toEqual([
      0,
      3 * pageBytes,
      7 * pageBytes,
    ]);
  });
});

/** A copy of a fixture's storage, to be broken. */
function copyOf(name: string): { readonly templates: string; readonly folders: string[] } {
  const to = mkdtempSync(join(scratch, `${name}-`));
  cpSync(join(fixtures, name), to, { recursive: true });
  const templates = join(to, 'templates');
  return {
    templates,
    folders: layerFolders(chainNamed(name)).map((folder) => join(templates, basename(folder))),
  };
}

describe('layers below', () => {
  it.each(['v1', 'v5-zstd', 'mixed'])(
    'of %s that are missing are told of, and the rest still is',
    async (name) => {
      const { folders } = copyOf(name);
      const [base = '', middle = '', top = ''] = folders;
      rmSync(middle, { recursive: true });
      const build = await inspected(top);
      const source = layerFolders(chainNamed(name)).at(-1) ?? '';
      const layers = build.artifacts[0]?.layers ?? [];
      expect(layers.map(({ state, buildId }) => [state, buildId])).toEqual([
        ['present', basename(top)],
        ['present', basename(base)],
        ['missing', basename(middle)],
      ]);
      expect(layers[2]).toMatchObject({
        reason: expect.stringContaining(middle),
        mappedBytes: mappedBytes(source, basename(middle)),
        neededBytes: (neededPages(source).get(basename(middle))?.size ?? 0) * pageBytes,
      });
    },
  );

  it('that are broken are told of with the reason', async () => {
    const { folders } = copyOf('v3');
    const [base = '', middle = '', top = ''] = folders;
    truncateSync(join(base, 'memfile'), 4096);
    writeFileSync(join(middle, 'memfile.header'), 'none');
    const layers = (await inspected(top)).artifacts[0]?.layers ?? [];
    expect(layers.map(({ state }) => state)).toEqual(['present', 'missing', 'missing']);
    expect(layers.map((layer) => (layer.state === 'missing' ? layer.reason : '')).sort()).toEqual([
      '',
      expect.stringContaining('has 4.00 KiB (4,096 bytes), and its header maps 76.0 KiB (77,824 bytes)'),
      expect.stringContaining('is no header of an e2b layer'),
    ]);
  });
});

describe('pages of layers', () => {
  it('are counted from the bottom up: what is below already is a duplicate', async () => {
    const templates = join(scratch, 'pages', 'templates');
    writeLayer(templates, 1, [[1, 0], [1, 1], [1, 2], [1, 3], undefined], { data: pages(0, 7, 7, 8) });
    // Of the layer below: page 1 twice, as a store does that has found equal blocks, and page 3 no more.
    const top = writeLayer(
      templates,
      2,
      [
        [1, 1],
        [1, 1],
        [2, 0],
        [2, 2],
        [2, 1],
      ],
      { data: pages(8, 9, 9, 0) },
    );
    const { artifacts, notes } = await inspected(top);
    expect(notes).toEqual([]);
    expect(artifacts[0]?.layers).toMatchObject([
      {
        buildId: idOf(2),
        ownBytes: 3 * pageBytes,
        rawBytes: 4 * pageBytes,
        mappedBytes: 3 * pageBytes,
        neededBytes: 3 * pageBytes,
        deadBytes: pageBytes,
        content: { zeroBytes: pageBytes, duplicateBytes: 2 * pageBytes, distinctBytes: pageBytes },
      },
      {
        buildId: idOf(1),
        ownBytes: 4 * pageBytes,
        mappedBytes: 2 * pageBytes,
        neededBytes: pageBytes,
        deadBytes: 3 * pageBytes,
        content: { zeroBytes: pageBytes, duplicateBytes: pageBytes, distinctBytes: 2 * pageBytes },
      },
    ]);
  });

  it('that a layer below does not have make the build one that cannot be resumed, which is said', async () => {
    const templates = join(scratch, 'beyond', 'templates');
    writeLayer(templates, 1, [[1, 0], undefined], { data: pages(5) });
    const top = writeLayer(templates, 2, [
      [1, 0],
      [1, 9],
    ]);
    const { notes } = await inspected(top);
    expect(notes).toEqual([
      expect.stringMatching(
        /has 4\.00 KiB \(4,096 bytes\), and the inspected header needs 40\.0 KiB \(40,960 bytes\): .*cannot be resumed/,
      ),
    ]);
  });

  it('are those of memory and disk apart, and a folder under another name is told of', async () => {
    const { folders } = copyOf('v1');
    const other = copyOf('mixed');
    const [memory = '', disk = ''] = [folders[0], other.folders[0]];
    const both = join(dirname(memory), 'renamed');
    cpSync(memory, both, { recursive: true });
    cpSync(disk, both, { recursive: true });
    const { artifacts, notes } = await inspected(both);
    expect(artifacts.map(({ artifact }) => artifact)).toEqual(['memfile', 'rootfs.ext4']);
    expect(notes).toEqual([expect.stringContaining('The folder is called renamed')]);
  });
});

it('does not unpack data that is far larger than what is stored', async () => {
  const rawBytes = 64 * 1024 ** 2;
  const frame = zstdCompressSync(Buffer.alloc(rawBytes));
  const frames = Array.from({ length: 17 }, () => ({ rawBytes, storedBytes: frame.length }));
  const dir = join(scratch, 'bomb', 'templates', idOf(1));
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'memfile.zstd'), Buffer.concat(frames.map(() => frame)));
  const range = { offset: 0, length: 17 * rawBytes, buildId: idOf(1), storageOffset: 0 };
  const header = {
    format: 4,
    blockBytes: pageBytes,
    virtualBytes: 17 * rawBytes,
    generation: 0,
    buildId: idOf(1),
    baseBuildId: idOf(1),
    ranges: [range],
    builds: [{ id: idOf(1), rawBytes: 17 * rawBytes, compression: 'zstd' as const, frames }],
  };
  writeFileSync(join(dir, 'memfile.header'), writeHeader(header));
  const { artifacts, notes } = await inspected(dir);
  const [layer] = artifacts[0]?.layers ?? [];
  expect(layer).toMatchObject({ rawBytes: 17 * rawBytes, storedBytes: 17 * frame.length, deadBytes: 0 });
  expect(layer).not.toHaveProperty('content');
  expect(notes).toEqual([expect.stringContaining('unpacks to far more than it is stored as')]);
});

describe('what is no build', () => {
  it('is an error that says what to name', async () => {
    await expect(inspected(scratch)).rejects.toMatchObject({
      code: 'record',
      message: expect.stringMatching(/without memfile\.header/),
    });
    const { folders } = copyOf('v2');
    await expect(inspected(join(folders[0] ?? '', 'memfile.header'))).rejects.toMatchObject({
      code: 'record',
      remedy: expect.stringContaining('Name the folder'),
    });
    writeFileSync(join(folders[2] ?? '', 'memfile.header'), Buffer.alloc(63));
    await expect(inspected(folders[2] ?? '')).rejects.toMatchObject({
      code: 'record',
      message: expect.stringMatching(/63 bytes/),
    });
  });
});
