import { openBuildData } from '../e2b/build-data.ts';
import type { FrameTable } from '../e2b/frame-table.ts';
import type { Layer } from '../e2b/layer.ts';
import type { Run } from '../host/run.ts';
import { windowBytes } from '../pages/compare-spans.ts';
import { dataExtents, type Extent } from '../pages/data-extents.ts';
import type { DistinctPages } from '../pages/distinct-pages.ts';
import { pageBytes } from '../pages/page-set.ts';
import { createContentTally } from './content-tally.ts';
import { bytesOf, merged, wholePages } from './extents.ts';
import type { Content } from './record.ts';
import { createPace, windowsOf } from './windows.ts';

/** Data that unpacks to more is not read: no memory compresses like that, and a hostile file would take hours. */
const maxExpansion = 64;
const alwaysReadBytes = 1024 ** 3;

/**
 * What pages a layer's data has, before compression. Holes of it are not read.
 *
 * @param seen pages of the layers below
 * @returns undefined: more than `maxExpansion` times what is stored
 */
export async function layerContent(
  run: Run,
  layer: Layer,
  seen: DistinctPages,
): Promise<Content | undefined> {
  const tally = createContentTally(seen);
  if (layer.dataPath === undefined) return tally.finish();
  const frames = layer.header.builds.get(layer.header.buildId)?.frames;
  const extents =
    frames === undefined ? await fileExtents(run, layer.dataPath, layer.storedBytes) : frameExtents(frames);
  const bytes = bytesOf(extents);
  if (bytes > Math.max(alwaysReadBytes, layer.storedBytes * maxExpansion)) return undefined;
  const data = openBuildData(layer.dataPath, frames);
  try {
    const pace = createPace(run, layer.dataPath, bytes);
    const buffer = Buffer.alloc(windowBytes);
    for (const { parts } of windowsOf(extents)) {
      for (const part of parts) {
        data.read(part.offset, buffer.subarray(0, part.bytes));
        const whole = Math.ceil(part.bytes / pageBytes) * pageBytes;
        buffer.fill(0, part.bytes, whole);
        for (let at = 0; at < whole; at += pageBytes) tally.add(buffer.subarray(at, at + pageBytes));
        await pace(part.bytes);
      }
    }
    return tally.finish();
  } finally {
    data.close();
  }
}

async function fileExtents(run: Run, path: string, size: number): Promise<Extent[]> {
  return wholePages(await dataExtents(run, path), size);
}

function frameExtents(frames: FrameTable): Extent[] {
  return merged(
    Array.from({ length: frames.count }, (_, index) => {
      const { rawOffsetBytes, rawBytes } = frames.frame(index);
      return { offset: rawOffsetBytes, bytes: rawBytes };
    }),
  );
}
