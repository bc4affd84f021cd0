import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readChain } from '../../src/e2b/chain.ts';
import { diffLayers } from '../../src/e2b/diff-layers.ts';
import { buildFolder, readLayer } from '../../src/e2b/layer.ts';
import { openLayeredImage } from '../../src/e2b/layered-image.ts';
import { fixtures } from './fixture-chains.ts';
import { zeroId } from './write-header.ts';
import { idOf, pages, writeLayer } from './write-layer.ts';

const scratch = mkdtempSync(join(tmpdir(), 'snapgate-layers-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const never = new AbortController().signal;

function templatesOf(name: string): string {
  return join(scratch, name, 'templates');
}

function memoryIn(templates: string) {
  return (id: string) => {
    const dir = buildFolder(templates, id);
    return existsSync(dir) ? readLayer(dir, 'memfile') : undefined;
  };
}

function openIn(templates: string, number: number) {
  return openLayeredImage(readLayer(join(templates, idOf(number)), 'memfile'), (id) =>
    buildFolder(templates, id),
  );
}

describe('a chain of layers', () => {
  it('that goes round in a circle is an error that names where', () => {
    const templates = templatesOf('loop');
    writeLayer(
      templates,
      1,
      [
        [1, 0],
        [3, 0],
      ],
      { data: pages(1) },
    );
    writeLayer(
      templates,
      2,
      [
        [1, 0],
        [2, 0],
      ],
      { data: pages(2) },
    );
    const top = writeLayer(
      templates,
      3,
      [
        [3, 0],
        [2, 0],
      ],
      { data: pages(3) },
    );
    expect(() => readChain(top, 'memfile', memoryIn(templates))).toThrow(/lead back to it/);
  });

  it('whose base id names a layer above it is an error', () => {
    const templates = templatesOf('base-loop');
    writeLayer(templates, 1, [[1, 0]], { data: pages(1), baseBuildId: idOf(2) });
    const top = writeLayer(templates, 2, [[2, 0]], { data: pages(2) });
    expect(() => readChain(top, 'memfile', memoryIn(templates))).toThrow(/lead back to it/);
  });

  it('leaves out a layer that is not there', () => {
    const templates = templatesOf('gone');
    const top = writeLayer(
      templates,
      2,
      [
        [1, 0],
        [2, 0],
      ],
      { data: pages(2) },
    );
    expect(readChain(top, 'memfile', memoryIn(templates))).toHaveLength(1);
  });

  it('of many layers that all name the same builds is read, and a circle in it found', () => {
    const templates = templatesOf('crowd');
    const count = 300;
    // Of what all of them name, only the first is there.
    const gone = Array.from({ length: count }, (_, at) => [100_000 + at, 0] as const);
    const shared = [[1, 0] as const, ...gone];
    writeLayer(templates, 1, gone);
    for (let number = 2; number <= count; number += 1) writeLayer(templates, number, shared);
    const all = Array.from({ length: count }, (_, at) => [at + 1, 0] as const);
    const top = writeLayer(templates, count + 1, all);
    expect(readChain(top, 'memfile', memoryIn(templates))).toHaveLength(count + 1);
    writeLayer(templates, 1, [[count, 0], ...gone]);
    expect(() => readChain(top, 'memfile', memoryIn(templates))).toThrow(/lead back to it/);
  });

  it('of which a header gives an id that is none does not lead out of the storage', () => {
    expect(() => buildFolder('/storage', '../../etc')).toThrow(/is not the id of a build/);
  });
});

describe('data that is not what a header says', () => {
  const one = templatesOf('short');
  const dir = writeLayer(
    one,
    1,
    [
      [1, 0],
      [1, 1],
    ],
    { data: pages(1, 2) },
  );

  it('is an error when it is short, and when it is missing', () => {
    truncateSync(join(dir, 'memfile'), 8191);
    expect(() => readLayer(dir, 'memfile')).toThrow(
      /memfile has 8\.00 KiB \(8,191 bytes\), and its header maps 8\.00 KiB \(8,192 bytes\)/,
    );
    rmSync(join(dir, 'memfile'));
    expect(() => readLayer(dir, 'memfile')).toThrow(/memfile is not there/);
  });

  it('is an error, and is not waited for, when it is a FIFO', () => {
    const templates = templatesOf('fifo');
    const folder = writeLayer(templates, 1, [[1, 0]], { data: pages(1) });
    const top = writeLayer(templates, 2, [[1, 0]]);
    rmSync(join(folder, 'memfile'));
    execFileSync('mkfifo', [join(folder, 'memfile')]);
    const image = openLayeredImage(readLayer(top, 'memfile'), (id) => buildFolder(templates, id));
    expect(() => image.read(0, Buffer.alloc(4096))).toThrow(/memfile is no file/);
    image.close();
  });

  it('is none where a layer has nothing of its own', () => {
    const templates = templatesOf('nothing');
    writeLayer(templates, 1, [[1, 0]], { data: pages(1) });
    const empty = readLayer(writeLayer(templates, 2, [[1, 0]]), 'memfile');
    expect([empty.ownBytes, empty.rawBytes, empty.storedBytes, empty.dataPath]).toEqual([0, 0, 0, undefined]);
  });

  it.each(['v5-lz4', 'v5-zstd'])('is an error when a frame is broken (%s)', (name) => {
    const copy = join(scratch, name);
    cpSync(join(fixtures, name), copy, { recursive: true });
    const templates = join(copy, 'templates');
    const id =
      name === 'v5-lz4' ? '08017070-7070-4070-b070-707070707070' : '09018080-8080-4080-8080-808080808080';
    const layer = readLayer(join(templates, id), 'memfile');
    const { dataPath = '', storedBytes } = layer;
    writeFileSync(dataPath, Buffer.alloc(storedBytes, 7));
    const image = openLayeredImage(layer, (other) => buildFolder(templates, other));
    expect(basename(dataPath)).toMatch(/^memfile\.(lz4|zstd)$/);
    expect(() => image.read(0, Buffer.alloc(4096))).toThrow(/the frame at byte 0 cannot be decompressed/);
    image.close();
  });

  it('is an error where a format below 5 maps nothing', () => {
    const templates = templatesOf('gap');
    writeLayer(templates, 1, [[1, 0]], { data: pages(1), virtualBytes: 3 * 4096 });
    const image = openIn(templates, 1);
    expect(() => image.read(0, Buffer.alloc(8192))).toThrow(/maps byte 4096 of its image to nothing/);
    image.close();
  });
});

describe('what a layer changed', () => {
  it('counts what it stores, what it gave back, and what it found elsewhere; not what it stored as it was', async () => {
    const templates = templatesOf('changes');
    // Page by page: same place, given back, found in the base, stored the same, stored anew, zero before and after.
    writeLayer(templates, 1, [[1, 0], [1, 1], [1, 2], [1, 3], [1, 4], undefined], {
      data: pages(1, 2, 3, 4, 5),
    });
    writeLayer(templates, 2, [[1, 0], [1, 1], [2, 0], [1, 3], [1, 4], undefined], { data: pages(9) });
    writeLayer(templates, 3, [[1, 0], undefined, [1, 2], [3, 0], [3, 1], undefined], { data: pages(4, 6) });
    const [image, parent] = [openIn(templates, 3), openIn(templates, 2)];
    expect(image.layer.ownBytes).toBe(8192);
    const { changedBytes, zeroedBytes, hugeBytes } = await diffLayers(image, parent, never);
    // Given back (2 → 0), found (9 → 3) and stored anew (5 → 6).
    expect([changedBytes, zeroedBytes, hugeBytes]).toEqual([3 * 4096, 4096, 2 ** 21]);
    image.close();
    parent.close();
  });

  it('counts what is new behind the end of a smaller parent', async () => {
    const templates = templatesOf('grown');
    writeLayer(templates, 1, [[1, 0]], { data: pages(1) });
    writeLayer(templates, 2, [[1, 0], [2, 0], undefined], { data: pages(7) });
    const [image, parent] = [openIn(templates, 2), openIn(templates, 1)];
    const { changedBytes, zeroedBytes } = await diffLayers(image, parent, never);
    expect([changedBytes, zeroedBytes]).toEqual([4096, 0]);
    image.close();
    parent.close();
  });

  it('is left off where it is ended, however much there is', async () => {
    const templates = templatesOf('ended');
    const virtualBytes = 2 ** 40;
    // All of a TiB is mapped onto the same GiB, which is a hole.
    const gibibytes = Array.from({ length: 1024 }, (_, at) => ({
      offset: at * 2 ** 30,
      length: 2 ** 30,
      buildId: idOf(2),
      storageOffset: 0,
    }));
    writeLayer(templates, 1, [], {
      virtualBytes,
      ranges: [{ offset: 0, length: virtualBytes, buildId: zeroId, storageOffset: 0 }],
    });
    const dir = writeLayer(templates, 2, [], { virtualBytes, ranges: gibibytes, data: pages(1) });
    truncateSync(join(dir, 'memfile'), 2 ** 30);
    const [image, parent] = [openIn(templates, 2), openIn(templates, 1)];
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 20);
    await expect(diffLayers(image, parent, controller.signal)).rejects.toThrow('enough');
    image.close();
    parent.close();
  });
});
