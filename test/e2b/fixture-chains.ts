import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { Artifact } from '../../src/e2b/layer.ts';

export const fixtures = join(import.meta.dirname, '../fixtures/e2b');

/** First block and the one behind the last. */
type Blocks = readonly (readonly [number, number])[];

/** What the program that wrote the fixtures was told of one layer. */
interface LayerPlan {
  readonly dirty: Blocks;
  readonly empty: Blocks;
}

interface ChainPlan {
  readonly name: string;
  readonly artifact: Artifact;
  readonly blockBytes: number;
  readonly virtualBytes: number;
  readonly layers: readonly LayerPlan[];
}

const small: Pick<ChainPlan, 'artifact' | 'blockBytes' | 'virtualBytes' | 'layers'> = {
  artifact: 'memfile',
  blockBytes: 4096,
  virtualBytes: 64 * 4096,
  layers: [
    {
      dirty: [
        [0, 5],
        [8, 9],
        [20, 32],
        [63, 64],
      ],
      empty: [],
    },
    {
      dirty: [
        [2, 4],
        [30, 36],
      ],
      empty: [
        [8, 9],
        [24, 26],
      ],
    },
    {
      dirty: [
        [3, 4],
        [25, 26],
        [50, 52],
      ],
      empty: [[31, 33]],
    },
  ],
};

const smallNames = ['v1', 'v2', 'v3', 'v4-none', 'v4-lz4', 'v4-zstd', 'v5-none', 'v5-lz4', 'v5-zstd'];

export const chains: readonly ChainPlan[] = [
  ...smallNames.map((name) => ({ ...small, name })),
  { ...small, name: 'mixed', artifact: 'rootfs.ext4' },
  {
    name: 'huge',
    artifact: 'memfile',
    blockBytes: 2 ** 21,
    virtualBytes: 2 ** 23,
    layers: [
      {
        dirty: [
          [0, 1],
          [2, 3],
        ],
        empty: [],
      },
      { dirty: [[3, 4]], empty: [[0, 1]] },
    ],
  },
  {
    name: 'many',
    artifact: 'memfile',
    blockBytes: 4096,
    virtualBytes: 2048 * 4096,
    layers: [
      { dirty: everyBlocks(2000, 0, 10, 7), empty: [] },
      { dirty: everyBlocks(2000, 3, 31, 1), empty: [] },
    ],
  },
];

function everyBlocks(end: number, first: number, step: number, count: number): [number, number][] {
  const blocks: [number, number][] = [];
  for (let block = first; block < end; block += step) blocks.push([block, block + count]);
  return blocks;
}

/** @throws Error where there is none of that name */
export function chainNamed(name: string): ChainPlan {
  const chain = chains.find((each) => each.name === name);
  if (chain === undefined) throw new Error(`no chain ${name}`);
  return chain;
}

/** Folders of a chain's layers, the base first: their ids ascend. */
export function layerFolders({ name }: ChainPlan): string[] {
  const templates = join(fixtures, name, 'templates');
  return readdirSync(templates)
    .sort()
    .map((id) => join(templates, id));
}

const frames = z.array(z.object({ start_u: z.int(), end_u: z.int(), start_c: z.int(), end_c: z.int() }));
const inspectedSchema = z.object({
  header: z.object({ version: z.int(), storage_size: z.int() }),
  image: z.object({
    virtual_size: z.int(),
    diff_size: z.int(),
    build_id: z.string(),
    base_build_id: z.string(),
  }),
  mappings: z.object({
    count: z.int(),
    by_build: z.array(z.object({ build_id: z.string(), bytes: z.int(), mappings: z.int() })),
    list: z.array(
      z.object({ offset: z.int(), length: z.int(), build_id: z.string(), storage_offset: z.int() }),
    ),
  }),
  builds: z.array(
    z.object({
      build_id: z.string(),
      compression: z.string(),
      uncompressed_size: z.int(),
      frames: frames.optional(),
    }),
  ),
});

/** What e2b's own inspect-build says of a layer, by its folder. */
export function inspectedByE2b(folder: string) {
  const path = join(dirname(dirname(folder)), 'inspected', `${basename(folder)}.json`);
  return inspectedSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

/** The image after the first `count` layers, by writing them one over another. */
export function imageAfter({ layers, blockBytes, virtualBytes }: ChainPlan, count: number): Buffer {
  const image = Buffer.alloc(virtualBytes);
  layers.slice(0, count).forEach(({ dirty, empty }, number) => {
    let page = 0;
    for (const [first, end] of dirty)
      for (let at = first * blockBytes; at < end * blockBytes; at += 4096, page += 1)
        image.set(pageContent(number, page), at);
    for (const [first, end] of empty) image.fill(0, first * blockBytes, end * blockBytes);
  });
  return image;
}

function pageContent(layer: number, page: number): Buffer {
  const content = Buffer.alloc(4096);
  for (let word = 0; word < 1024; word += 1)
    content.writeUInt32LE(((layer + 1) << 24) | (page << 8) | ((word % 7) + 1), word * 4);
  return content;
}
