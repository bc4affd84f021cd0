import { setImmediate } from 'node:timers/promises';
import { pageBytes } from '../pages/page-set.ts';
import { createPageTally, type PageDiff } from '../pages/page-tally.ts';
import { differentlyMapped } from './layer-changes.ts';
import type { LayeredImage } from './layered-image.ts';

/** Read and compared at a time. */
const windowBytes = 1024 * 1024;

/**
 * Counts the pages of an image against its parent's, where they may differ at all. `writtenBytes` are the pages that were looked at: with
 * what the layer holds itself, also what it has given back as zeros. Rejects with the signal's reason when that is aborted.
 */
export async function diffLayers(
  image: LayeredImage,
  parent: LayeredImage,
  signal: AbortSignal,
): Promise<PageDiff> {
  const tally = createPageTally();
  const [before, after] = [new Uint8Array(windowBytes), new Uint8Array(windowBytes)];
  let unrestedBytes = 0;
  for (const range of differentlyMapped(image.layer.header, parent.layer.header)) {
    const end = range.offsetBytes + range.lengthBytes;
    for (let at = range.offsetBytes; at < end; at += windowBytes) {
      const length = Math.min(windowBytes, end - at);
      parent.read(at, before.subarray(0, length));
      image.read(at, after.subarray(0, length));
      tally.add(at / pageBytes, before.subarray(0, length), after.subarray(0, length));
      unrestedBytes += length;
      if (unrestedBytes < windowBytes) continue;
      unrestedBytes = 0;
      // Lets signals through: a sparse file may stand for more than any machine's memory.
      await setImmediate();
      signal.throwIfAborted();
    }
  }
  return tally.finish();
}
