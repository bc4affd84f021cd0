import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HeaderToWrite, writeHeader, zeroId } from './write-header.ts';

/** The id of the build that a test calls by a number. */
export function idOf(number: number): string {
  return `${String(number).padStart(8, '0')}-0000-4000-8000-000000000000`;
}

/** Data of a layer: 4 KiB of each of these bytes. */
export function pages(...bytes: number[]): Buffer {
  return Buffer.concat(bytes.map((byte) => Buffer.alloc(4096, byte)));
}

/** Writes a layer of 4 KiB blocks, and its data if there is any; `blocks` name the build of each, and where in its data. */
export function writeLayer(
  templates: string,
  number: number,
  blocks: readonly (readonly [build: number, page: number] | undefined)[],
  more: Partial<HeaderToWrite> & { readonly data?: Buffer } = {},
): string {
  const dir = join(templates, idOf(number));
  mkdirSync(dir, { recursive: true });
  const { data = Buffer.alloc(0), ...fields } = more;
  const header: HeaderToWrite = {
    format: 3,
    blockBytes: 4096,
    virtualBytes: blocks.length * 4096,
    generation: number,
    buildId: idOf(number),
    baseBuildId: idOf(1),
    ranges: blocks.map((block, at) => ({
      offset: at * 4096,
      length: 4096,
      buildId: block === undefined ? zeroId : idOf(block[0]),
      storageOffset: (block?.[1] ?? 0) * 4096,
    })),
    ...fields,
  };
  writeFileSync(join(dir, 'memfile.header'), writeHeader(header));
  if (data.length > 0) writeFileSync(join(dir, 'memfile'), data);
  return dir;
}
