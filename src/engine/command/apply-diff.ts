import { closeSync, openSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Run } from '../../host/run.ts';
import { dataExtents } from '../../pages/data-extents.ts';
import { readFully } from '../../pages/read-fully.ts';

const chunkBytes = 1024 * 1024;

/** Writes what a diff holds, all but its holes, into the image that it is a diff of, which then is the next one. */
export async function applyDiff(run: Run, diff: string, image: string): Promise<void> {
  const extents = await dataExtents(run, diff);
  const buffer = Buffer.alloc(chunkBytes);
  const from = openSync(diff, 'r');
  try {
    const to = openSync(image, 'r+');
    try {
      for (const { offset, bytes } of extents) {
        for (let at = 0; at < bytes; at += chunkBytes) {
          const content = buffer.subarray(0, Math.min(chunkBytes, bytes - at));
          readFully(from, content, offset + at);
          writeFully(to, content, offset + at);
        }
        // Another guest of this process may be waiting to be timed.
        await setImmediate();
      }
    } finally {
      closeSync(to);
    }
  } finally {
    closeSync(from);
  }
}

function writeFully(fd: number, content: Buffer, position: number): void {
  for (let done = 0; done < content.length; )
    done += writeSync(fd, content, done, content.length - done, position + done);
}
