import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chainNamed, imageAfter, layerFolders } from '../../e2b/fixture-chains.ts';
import { refusal } from '../../host/refusal.ts';
import { type CommandBench, guest, openCommandBench, pause } from './bench.ts';

let bench: CommandBench;
beforeEach(() => {
  bench = openCommandBench();
});
afterEach(() => bench[Symbol.dispose]());

const pageBytes = 4096;
const names = ['v1', 'v3', 'v4-none', 'v4-lz4', 'v4-zstd', 'v5-lz4'] as const;

/** Layers that e2b's own code wrote: the first is what prepare leaves, and each cycle leaves the one that is its scenario's name. */
function chainOf(name: string) {
  const chain = chainNamed(name);
  const folders = layerFolders(chain);
  const leave = (folder: string | undefined) => `cp -r "${folder}"/. "$SNAPGATE_OUT"`;
  const settings = {
    format: 'e2b',
    prepare: leave(folders[0]),
    resume: '[ -z "$SNAPGATE_PARENT_MEMFILE" ]; ls "$SNAPGATE_PARENT"/memfile.header',
    pause: `case $SNAPGATE_SCENARIO in ${folders.map((folder, index) => `${index}) ${leave(folder)};;`).join(' ')} esac`,
  } as const;
  return { chain, folders, settings, options: { ...guest, memoryBytes: chain.virtualBytes } };
}

describe.each(names)('%s', (name) => {
  it('what a layer holds itself, what is stored of it, and what changed, through layers of the boot', async () => {
    const { chain, folders, settings, options } = chainOf(name);
    const engine = bench.engine(settings);
    let { snapshot } = await bench.boot(engine, options);
    for (const number of [1, 2]) {
      const { metrics, next, notes } = await engine.cycle(
        snapshot,
        { ...pause, name: String(number) },
        { advance: true },
      );
      const dirtyBlocks = (chain.layers[number]?.dirty ?? []).reduce(
        (sum, [first, end]) => sum + end - first,
        0,
      );
      const [before, after] = [imageAfter(chain, number), imageAfter(chain, number + 1)];
      const changed = changedPages(before, after);
      expect(notes).toEqual([]);
      expect(metrics).toMatchObject({
        'memfile.writtenBytes': dirtyBlocks * chain.blockBytes,
        'memfile.changedBytes': changed.length * pageBytes,
        'memfile.zeroedBytes': changed.filter((page) => isZero(after, page)).length * pageBytes,
        'memfile.storedBytes': storedBytes(folders[number] ?? ''),
      });
      snapshot = next;
    }
  });
});

it('what changed is left out, and a note says why, where a layer below is not of the boot', async () => {
  const { settings, options } = chainOf('v4-none');
  const engine = bench.engine(settings);
  // The layer of cycle 1, which is below that of 2, was never a snapshot of this boot.
  const { snapshot } = await bench.boot(engine, options);
  const { metrics, notes } = await engine.cycle(snapshot, { ...pause, name: '2' }, { advance: true });
  expect(Object.keys(metrics).filter((metric) => metric.startsWith('memfile.'))).toEqual([
    'memfile.writtenBytes',
    'memfile.storedBytes',
  ]);
  expect(notes).toEqual([
    expect.stringMatching(/^which pages changed is not known: layers of build [0-9a-f-]{36} /),
  ]);
});

it.each([
  [
    'a header that is none',
    'echo >"$SNAPGATE_OUT/memfile.header"',
    /left a layer of memfile that cannot be read: /,
  ],
  ['no header', 'true', /left no file memfile\.header in SNAPGATE_OUT/],
  [
    'a link',
    'ln -s "$SNAPGATE_PARENT/memfile.header" "$SNAPGATE_OUT"',
    /left a symbolic link at memfile\.header/,
  ],
  [
    'data that is missing',
    'cp layer/memfile.header "$SNAPGATE_OUT"',
    /cannot be read: .*memfile is not there/,
  ],
  ['the parent’s layer again', 'cp "$SNAPGATE_PARENT"/* "$SNAPGATE_OUT"', /that is of the parent's build, 0/],
])('a pause-command that leaves %s', async (_, lie, message) => {
  const { settings, options, folders } = chainOf('v4-none');
  const engine = bench.engine({ ...settings, pause: `cp -r "${folders[1]}" layer; echo saved; ${lie}` });
  const { snapshot } = await bench.boot(engine, options);
  const error = await refusal(engine.cycle(snapshot, pause, { advance: true }));
  expect(error.message).toMatch(/^pause-command, in a cycle of pause, exited 0, but /);
  expect(error.message).toMatch(message);
  expect(error.details?.lines).toEqual(['saved']);
});

it('a memory that is smaller than the guest’s', async () => {
  const { settings } = chainOf('v4-none');
  const error = await refusal(bench.boot(bench.engine(settings)));
  expect(error.message).toBe(
    'prepare-command exited 0, but left a memfile of 256 KiB, and the guest has 1.00 MiB of memory',
  );
});

function changedPages(before: Buffer, after: Buffer): number[] {
  const pages = Array.from({ length: after.length / pageBytes }, (_, page) => page);
  return pages.filter((page) => !pageOf(before, page).equals(pageOf(after, page)));
}

function pageOf(image: Buffer, page: number): Buffer {
  return image.subarray(page * pageBytes, (page + 1) * pageBytes);
}

function isZero(image: Buffer, page: number): boolean {
  return pageOf(image, page).every((byte) => byte === 0);
}

function storedBytes(folder: string): number {
  const data = ['memfile', 'memfile.lz4', 'memfile.zstd'].map((name) =>
    statSync(join(folder, name), { throwIfNoEntry: false }),
  );
  return data.reduce((sum, stat) => sum + (stat?.size ?? 0), 0);
}
