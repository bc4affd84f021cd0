import type { Run } from '../host/run.ts';
import { windowBytes } from '../pages/compare-spans.ts';
import { createPageFrames } from '../pages/page-frames.ts';
import { pageBytes } from '../pages/page-set.ts';
import { createContentTally } from './content-tally.ts';
import { bytesOf } from './extents.ts';
import type { ImageFile } from './image-file.ts';
import type { ImageInspection } from './record.ts';
import { createPace, windowsOf } from './windows.ts';

/** What is in a memory or a raw disk by itself. Its holes are not read. */
export async function inspectImage(run: Run, file: ImageFile): Promise<ImageInspection> {
  const tally = createContentTally();
  const frames = createPageFrames();
  const buffer = Buffer.alloc(windowBytes);
  const pace = createPace(run, file.path, bytesOf(file.extents));
  let [huge, hugeNonZero] = [0, 0];
  for (const { parts } of windowsOf(file.extents)) {
    let nonZero = 0;
    for (const { offset, bytes } of parts) {
      const read = buffer.subarray(0, bytes);
      file.read(offset, read);
      for (let at = 0; at < bytes; at += pageBytes) {
        const page = read.subarray(at, at + pageBytes);
        if (tally.add(page) === 'zero') continue;
        frames.add(page);
        nonZero += 1;
      }
      await pace(bytes);
    }
    huge += 1;
    if (nonZero > 0) hugeNonZero += 1;
  }
  const content = tally.finish();
  return {
    kind: 'image',
    path: file.path,
    lengthBytes: file.lengthBytes,
    allocatedBytes: file.allocatedBytes,
    holeBytes: file.lengthBytes - content.dataBytes,
    ...content,
    compressedBytes: frames.finish(),
    hugeBytes: huge * windowBytes,
    hugeNonZeroBytes: hugeNonZero * windowBytes,
    notes: content.dataBytes < file.lengthBytes ? [wholeAssumed] : [],
  };
}

/** Nothing in a sparse file tells a memory from a Diff. */
const wholeAssumed =
  'Holes are taken for zeros. Those of a Diff of Firecracker are not: name what it was taken after with --parent.';
