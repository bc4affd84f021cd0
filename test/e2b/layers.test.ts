import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { zeroBuildId } from '../../src/e2b/build-id.ts';
import { readChain } from '../../src/e2b/chain.ts';
import { diffLayers } from '../../src/e2b/diff-layers.ts';
import { parseHeader } from '../../src/e2b/header.ts';
import { buildFolder, readLayer } from '../../src/e2b/layer.ts';
import { openLayeredImage } from '../../src/e2b/layered-image.ts';
import { chains, fixtures, imageAfter, inspectedByE2b, layerFolders } from './fixture-chains.ts';

const layers = chains.flatMap((chain) =>
  layerFolders(chain).map((folder, number) => ({ chain, folder, number, name: `${chain.name} ${number}` })),
);

function openImage(folder: string, artifact: 'memfile' | 'rootfs.ext4') {
  return openLayeredImage(readLayer(folder, artifact), (id) => buildFolder(dirname(folder), id));
}

describe('layers that e2b wrote', () => {
  it.each(layers)('$name: sizes and ids are what inspect-build says', ({ chain, folder }) => {
    const { header, rawBytes, storedBytes, ownBytes } = readLayer(folder, chain.artifact);
    const { image, header: file, mappings } = inspectedByE2b(folder);
    expect(header.format).toBe(file.version);
    expect(header.virtualBytes).toBe(image.virtual_size);
    expect(rawBytes).toBe(image.diff_size);
    expect(ownBytes).toBe(mappings.by_build.find(({ build_id }) => build_id === image.build_id)?.bytes);
    expect(storedBytes).toBe(file.storage_size);
    expect([header.buildId, header.baseBuildId]).toEqual([image.build_id, image.base_build_id]);
    expect(header.blockBytes).toBe(chain.blockBytes);
    expect(header.incomplete).toBe(false);
  });

  it.each(layers)('$name: every range is what inspect-build says', ({ chain, folder }) => {
    const { mapping } = readLayer(folder, chain.artifact).header;
    const { mappings } = inspectedByE2b(folder);
    const ranges = [...mapping.ranges()];
    expect(mapping.count).toBe(mappings.count);
    expect(
      ranges.map(({ offsetBytes, lengthBytes, buildId, storageOffsetBytes }) => ({
        offset: offsetBytes,
        length: lengthBytes,
        build_id: buildId,
        storage_offset: storageOffsetBytes,
      })),
    ).toEqual(
      mappings.list.map(({ offset, length, build_id, storage_offset }) => ({
        offset,
        length,
        build_id,
        storage_offset,
      })),
    );
  });

  it.each(layers)('$name: frames of each build are what inspect-build says', ({ chain, folder }) => {
    const { builds } = readLayer(folder, chain.artifact).header;
    // From format 3 on down a header says nothing of builds; inspect-build then has none either.
    expect([...builds.keys()].sort()).toEqual(
      inspectedByE2b(folder)
        .builds.map(({ build_id }) => build_id)
        .sort(),
    );
    for (const build of inspectedByE2b(folder).builds) {
      const said = builds.get(build.build_id);
      expect(said?.frames?.compression ?? 'none').toBe(build.compression);
      expect(said?.rawBytes).toBe(build.uncompressed_size);
      const table = said?.frames;
      const read = Array.from({ length: table?.count ?? 0 }, (_, index) => table?.frame(index));
      expect(read).toEqual(
        (build.frames ?? []).map(({ start_u, end_u, start_c, end_c }) => ({
          rawOffsetBytes: start_u,
          rawBytes: end_u - start_u,
          storedOffsetBytes: start_c,
          storedBytes: end_c - start_c,
        })),
      );
    }
  });

  it.each(layers)('$name: the image is what all layers make of it', ({ chain, folder, number }) => {
    const image = openImage(folder, chain.artifact);
    const expected = imageAfter(chain, number + 1);
    const whole = Buffer.alloc(chain.virtualBytes);
    image.read(0, whole);
    expect(whole.equals(expected)).toBe(true);
    // Across ranges, frames and the end of the image.
    for (let at = 1000; at < chain.virtualBytes; at += 77_777) {
      const part = Buffer.alloc(100_001, 1);
      image.read(at, part);
      const rest = Buffer.concat([expected.subarray(at), Buffer.alloc(part.length)]).subarray(0, part.length);
      expect(part.equals(rest)).toBe(true);
    }
    image.close();
  });

  it.each(layers.filter(({ number }) => number > 0))(
    '$name: changed pages are those of the two images',
    async ({ chain, folder, number }) => {
      const [image, parent] = [
        openImage(folder, chain.artifact),
        openImage(layerFolders(chain)[number - 1] ?? '', chain.artifact),
      ];
      const diff = await diffLayers(image, parent, new AbortController().signal);
      const [after, before] = [imageAfter(chain, number + 1), imageAfter(chain, number)];
      let [changed, zeroed] = [0, 0];
      for (let at = 0; at < after.length; at += 4096) {
        const page = after.subarray(at, at + 4096);
        if (page.equals(before.subarray(at, at + 4096))) continue;
        changed += 4096;
        if (page.every((byte) => byte === 0)) zeroed += 4096;
      }
      expect([diff.changedBytes, diff.zeroedBytes]).toEqual([changed, zeroed]);
      image.close();
      parent.close();
    },
  );

  it('are in a chain, the nearest first', () => {
    for (const chain of chains) {
      const folders = layerFolders(chain);
      const last = folders.at(-1) ?? '';
      const layerOf = (id: string) => {
        const folder = buildFolder(dirname(last), id);
        return existsSync(folder) ? readLayer(folder, chain.artifact) : undefined;
      };
      const ids = readChain(last, chain.artifact, layerOf).map(({ header }) => header.buildId);
      expect(ids[0]).toBe(basename(last));
      expect(ids.toSorted()).toEqual(folders.map((folder) => basename(folder)));
    }
  });

  it('say when an upload was under way', () => {
    const bytes = readFileSync(join(fixtures, 'incomplete.header'));
    const header = parseHeader(bytes, 'incomplete.header');
    expect(header.incomplete).toBe(true);
    expect([...header.mapping.ranges()].map(({ buildId }) => buildId)).toEqual([header.buildId]);
    expect(header.buildId).not.toBe(zeroBuildId);
  });
});
