import type { Run } from '../host/run.ts';
import { createPageFrames } from '../pages/page-frames.ts';
import { pageBytes } from '../pages/page-set.ts';
import { createBlockTally, windowPages } from './block-tally.ts';
import { isZeroPage } from './content-tally.ts';
import { bytesOf, unionOf } from './extents.ts';
import type { ImageFile } from './image-file.ts';
import type { ComparisonInspection } from './record.ts';
import { createPace, windowBytes, windowsOf } from './windows.ts';

/** What differs between two images of the same length. What is a hole in both is not read. */
export async function compareFiles(
  run: Run,
  before: ImageFile,
  after: ImageFile,
): Promise<ComparisonInspection> {
  const tally = createBlockTally();
  const frames = createPageFrames();
  const [a, b] = [Buffer.alloc(windowBytes), Buffer.alloc(windowBytes)];
  const extents = unionOf(before.extents, after.extents);
  const pace = createPace(run, `${before.path} and ${after.path}`, bytesOf(extents));
  for (const { offset, parts } of windowsOf(extents)) {
    const length = Math.min(windowBytes, after.lengthBytes - offset);
    before.read(offset, a.fill(0, length).subarray(0, length));
    after.read(offset, b.fill(0, length).subarray(0, length));
    const changed = changedPages(a, b);
    if (changed !== undefined) {
      tally.add({ written: changed, changed, isZero: (page) => isZeroPage(pageOf(b, page)) });
      changed.forEach((flag, page) => {
        if (flag === 1 && !isZeroPage(pageOf(b, page))) frames.add(pageOf(b, page));
      });
    }
    await pace(bytesOf(parts));
  }
  return {
    kind: 'comparison',
    before: before.path,
    after: after.path,
    lengthBytes: after.lengthBytes,
    blocks: tally
      .finish()
      .map(({ blockBytes, changedBytes, zeroedBytes }) => ({ blockBytes, changedBytes, zeroedBytes })),
    compressedBytes: frames.finish(),
    notes: [],
  };
}

/** A flag for each page of two windows; undefined where they are the same. */
function changedPages(a: Buffer, b: Buffer): Uint8Array | undefined {
  if (a.equals(b)) return undefined;
  return Uint8Array.from({ length: windowPages }, (_, page) =>
    pageOf(a, page).equals(pageOf(b, page)) ? 0 : 1,
  );
}

function pageOf(window: Buffer, page: number): Buffer {
  return window.subarray(page * pageBytes, (page + 1) * pageBytes);
}
