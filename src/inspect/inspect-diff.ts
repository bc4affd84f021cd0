import type { Run } from '../host/run.ts';
import { windowBytes, windowPages } from '../pages/compare-spans.ts';
import { createPageFrames } from '../pages/page-frames.ts';
import { isZeroPage, pageBytes } from '../pages/page-set.ts';
import { createBlockTally, type WindowPages } from './block-tally.ts';
import { createContentTally } from './content-tally.ts';
import { bytesOf } from './extents.ts';
import type { ImageFile, ImageView } from './image-file.ts';
import type { DiffInspection } from './record.ts';
import { createPace, type Window, windowsOf } from './windows.ts';

/** What a Diff is laid over. */
export interface Parent {
  readonly view: ImageView;
  /** Paths of its files, the lowest first. */
  readonly paths: readonly string[];
}

/**
 * What a Diff wrote: its data, against what was there before. Of the parent no more is read than what was written, but for a block
 * whose written part is all zero.
 */
export async function inspectDiff(run: Run, diff: ImageFile, parent: Parent): Promise<DiffInspection> {
  const blocks = createBlockTally();
  const content = createContentTally();
  const frames = createPageFrames();
  const buffers = { before: Buffer.alloc(windowBytes), after: Buffer.alloc(windowBytes) };
  const pace = createPace(run, diff.path, bytesOf(diff.extents));
  for (const window of windowsOf(diff.extents)) {
    readParts(window, parent.view, buffers.before);
    readParts(window, diff, buffers.after);
    const pages = pagesOf(window, buffers, parent.view);
    blocks.add(pages);
    forEachWritten(pages, (page) => {
      const after = pageAt(buffers.after, page);
      const kind = content.add(after);
      if (kind !== 'zero' && pages.changed[page] === 1) frames.add(after);
    });
    await pace(bytesOf(window.parts));
  }
  const { dataBytes, ...rest } = content.finish();
  return {
    kind: 'diff',
    path: diff.path,
    parents: [...parent.paths],
    lengthBytes: diff.lengthBytes,
    allocatedBytes: diff.allocatedBytes,
    writtenBytes: dataBytes,
    ...rest,
    blocks: blocks
      .finish()
      .map((block) => ({ ...block, unchangedBytes: block.writtenBytes - block.changedBytes })),
    compressedBytes: frames.finish(),
    notes: diff.extents.length === 1 && dataBytes === diff.lengthBytes ? [noHoles] : [],
  };
}

const noHoles =
  'It has no holes, so that every page counts as written. A Diff that was copied without its holes (cp --sparse=never, most archives) looks like that.';

function readParts({ offset, parts }: Window, view: ImageView, into: Buffer): void {
  for (const part of parts)
    view.read(part.offset, into.subarray(part.offset - offset, part.offset - offset + part.bytes));
}

function pagesOf(
  window: Window,
  { before, after }: Record<'before' | 'after', Buffer>,
  below: ImageView,
): WindowPages {
  const [written, changed] = [new Uint8Array(windowPages), new Uint8Array(windowPages)];
  for (const { offset, bytes } of window.parts) {
    const first = (offset - window.offset) / pageBytes;
    for (let page = first; page < first + bytes / pageBytes; page += 1) {
      written[page] = 1;
      if (!pageAt(before, page).equals(pageAt(after, page))) changed[page] = 1;
    }
  }
  const isZero = remembered((page) => {
    if (written[page] === 1) return isZeroPage(pageAt(after, page));
    const at = window.offset + page * pageBytes;
    if (at >= below.lengthBytes) return true;
    const content = Buffer.alloc(pageBytes);
    below.read(at, content);
    return isZeroPage(content);
  });
  return { written, changed, isZero };
}

/** Blocks of several sizes ask for the same pages. */
function remembered(tell: (page: number) => boolean): (page: number) => boolean {
  const known = new Map<number, boolean>();
  return (page) => {
    const found = known.get(page) ?? tell(page);
    known.set(page, found);
    return found;
  };
}

function forEachWritten({ written }: WindowPages, visit: (page: number) => void): void {
  written.forEach((flag, page) => {
    if (flag === 1) visit(page);
  });
}

function pageAt(window: Buffer, page: number): Buffer {
  return window.subarray(page * pageBytes, (page + 1) * pageBytes);
}
