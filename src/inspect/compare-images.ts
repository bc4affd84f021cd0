import type { Run } from '../host/run.ts';
import { comparePages } from '../pages/compare-files.ts';
import { windowBytes, windowPages } from '../pages/compare-spans.ts';
import { createPageFrames } from '../pages/page-frames.ts';
import { isZeroPage, pageBytes, runsOf } from '../pages/page-set.ts';
import type { ImageFile } from './image-file.ts';
import type { ComparisonInspection } from './record.ts';
import { createPace } from './windows.ts';

/** What differs between two images of the same length. What is a hole in both is not read; what changed is read a second time. */
export async function compareImages(
  run: Run,
  before: ImageFile,
  after: ImageFile,
): Promise<ComparisonInspection> {
  const { blocks, changed } = await comparePages(run, before.file, after.file);
  const frames = createPageFrames();
  const buffer = Buffer.alloc(windowBytes);
  const pace = createPace(run, `changes of ${after.path}`, changed.length * pageBytes);
  for (const { first, count } of runsOf(changed, windowPages)) {
    const pages = buffer.subarray(0, count * pageBytes);
    after.read(first * pageBytes, pages);
    for (let at = 0; at < pages.length; at += pageBytes) {
      const page = pages.subarray(at, at + pageBytes);
      if (!isZeroPage(page)) frames.add(page);
    }
    await pace(pages.length);
  }
  return {
    kind: 'comparison',
    before: before.path,
    after: after.path,
    lengthBytes: after.lengthBytes,
    blocks: blocks.map(({ blockBytes, changed: differ, zeroed }) => ({
      blockBytes,
      changedBytes: differ * blockBytes,
      zeroedBytes: zeroed * blockBytes,
    })),
    compressedBytes: frames.finish(),
    notes: [],
  };
}
