import type { Extent } from '../pages/data-extents.ts';
import { type PageRun, pageBytes } from '../pages/page-set.ts';
import type { PageDiff } from '../pages/page-tally.ts';
import { runPages, tallyPages } from '../pages/tally-pages.ts';
import type { Layer } from './layer.ts';
import { differentlyMapped } from './layer-changes.ts';
import { type LayeredImage, openLayeredImage } from './layered-image.ts';

/**
 * As `diffLayers`, of the images of two layers.
 *
 * @param folderOf folder of any other build that the two are stored by
 */
export async function diffBuilds(
  layer: Layer,
  parent: Layer,
  folderOf: (buildId: string) => string,
  signal: AbortSignal,
): Promise<PageDiff> {
  const [image, before] = [openLayeredImage(layer, folderOf), openLayeredImage(parent, folderOf)];
  try {
    return await diffLayers(image, before, signal);
  } finally {
    image.close();
    before.close();
  }
}

/**
 * Counts the pages of an image against its parent's, where they may differ at all. `writtenBytes` are the pages that were looked at: with
 * what the layer holds itself, also what it has given back as zeros. Rejects with the signal's reason when that is aborted.
 */
export function diffLayers(
  image: LayeredImage,
  parent: LayeredImage,
  signal: AbortSignal,
): Promise<PageDiff> {
  return tallyPages(runsOf(differentlyMapped(image.layer.header, parent.layer.header)), {
    readBefore: (first, into) => parent.read(first * pageBytes, into),
    readAfter: (first, into) => image.read(first * pageBytes, into),
    signal,
  });
}

/** Extents of whole pages, cut into runs as long as are compared at a time. */
function* runsOf(extents: Iterable<Extent>): Generator<PageRun> {
  for (const { offset, bytes } of extents) {
    const end = (offset + bytes) / pageBytes;
    for (let first = offset / pageBytes; first < end; first += runPages)
      yield { first, count: Math.min(runPages, end - first) };
  }
}
