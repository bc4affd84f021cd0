import { unionOf, within } from './extents.ts';
import type { ImageFile, ImageView } from './image-file.ts';

/** A Diff over what it was taken after: its data where it has any, what is below elsewhere. */
export function overlay(below: ImageView, diff: ImageFile): ImageView {
  return {
    lengthBytes: diff.lengthBytes,
    extents: unionOf(below.extents, diff.extents),
    read(offset, into) {
      let end = offset;
      for (const part of within(diff.extents, offset, into.length)) {
        if (part.offset > end) below.read(end, into.subarray(end - offset, part.offset - offset));
        end = part.offset + part.bytes;
        diff.read(part.offset, into.subarray(part.offset - offset, end - offset));
      }
      if (end < offset + into.length) below.read(end, into.subarray(end - offset));
    },
  };
}
