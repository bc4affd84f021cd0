import { setImmediate } from 'node:timers/promises';
import { type PageRun, pageBytes } from './page-set.ts';
import { createPageTally, type PageDiff } from './page-tally.ts';

/** A MiB of each side at a time. */
export const runPages = 256;

/** Where the contents of pages are read from, and where those that changed go. */
export interface PageSides {
  /** Content of `into.length` bytes of consecutive pages from `first` on, before and after. */
  readonly readBefore: (first: number, into: Buffer) => void;
  readonly readAfter: (first: number, into: Buffer) => void;
  /** Called with the pages that changed and what they hold now, before those that follow are read. */
  readonly onChanged?: (first: number, content: Buffer) => void;
  readonly signal?: AbortSignal;
}

/** Counts the pages of `runs`, ascending and of at most `runPages` each: nothing else is read. */
export async function tallyPages(runs: Iterable<PageRun>, sides: PageSides): Promise<PageDiff> {
  const tally = createPageTally();
  const [before, after] = [Buffer.alloc(runPages * pageBytes), Buffer.alloc(runPages * pageBytes)];
  let done = 0;
  for (const { first, count } of runs) {
    const length = count * pageBytes;
    sides.readAfter(first, after.subarray(0, length));
    sides.readBefore(first, before.subarray(0, length));
    const changed = tally.add(first, before.subarray(0, length), after.subarray(0, length));
    if (sides.onChanged)
      for (const part of changed) sides.onChanged(part.first, contentOf(part, first, after));
    done += count;
    if (done < runPages * 4) continue;
    done = 0;
    // Another guest of this process may be waiting to be timed.
    await setImmediate();
    sides.signal?.throwIfAborted();
  }
  return tally.finish();
}

function contentOf({ first, count }: PageRun, base: number, content: Buffer): Buffer {
  const from = (first - base) * pageBytes;
  return content.subarray(from, from + count * pageBytes);
}
