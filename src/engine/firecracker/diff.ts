import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Run } from '../../host/run.ts';
import { dataExtents, type Extent } from '../../pages/data-extents.ts';
import { type PageSet, pageBytes, runsOf } from '../../pages/page-set.ts';
import { createPageTally, type PageDiff } from '../../pages/page-tally.ts';

/**
 * The pages that a Diff snapshot's memory file holds, by their number in the file: its data extents. Guest memory above the gap for devices
 * (3 GiB and more) follows in the file right behind what is below it, here as in the parent's file. The file must be a fresh one: Firecracker would
 * merge into what is there.
 */
export async function pagesOfDiff(run: Run, path: string): Promise<PageSet> {
  return pagesOf(await dataExtents(run, path));
}

/** The pages that extents lie in, ascending, each once. */
export function pagesOf(extents: readonly Extent[]): PageSet {
  const ranges: { readonly first: number; readonly end: number }[] = [];
  let done = 0;
  for (const { offset, bytes } of extents) {
    const first = Math.max(done, Math.floor(offset / pageBytes));
    const end = Math.ceil((offset + bytes) / pageBytes);
    if (end > first) ranges.push({ first, end });
    done = Math.max(done, end);
  }
  const pages = new Uint32Array(ranges.reduce((sum, { first, end }) => sum + end - first, 0));
  let length = 0;
  for (const { first, end } of ranges)
    for (let page = first; page < end; page += 1) {
      pages[length] = page;
      length += 1;
    }
  return pages;
}

const runPages = 256;

/**
 * Compares the pages of a Diff with the parent's memory file, reading no others, and with `merge` writes the ones that changed to that file,
 * which then is the memory of the next snapshot. No process may have the file mapped then: Firecracker's mapping would show the new content.
 */
export async function tallyDiff(
  diffPath: string,
  memoryPath: string,
  pages: PageSet,
  merge: boolean,
): Promise<PageDiff> {
  const diff = openSync(diffPath, 'r');
  const memory = openSync(memoryPath, merge ? 'r+' : 'r');
  try {
    return await tallyOpen(diff, memory, pages, merge);
  } finally {
    closeSync(diff);
    closeSync(memory);
  }
}

async function tallyOpen(diff: number, memory: number, pages: PageSet, merge: boolean): Promise<PageDiff> {
  const tally = createPageTally();
  const before = Buffer.alloc(runPages * pageBytes);
  const after = Buffer.alloc(runPages * pageBytes);
  let done = 0;
  for (const { first, count } of runsOf(pages, runPages)) {
    const bytes = count * pageBytes;
    read(diff, after.subarray(0, bytes), first * pageBytes);
    read(memory, before.subarray(0, bytes), first * pageBytes);
    const changed = tally.add(first, before.subarray(0, bytes), after.subarray(0, bytes));
    for (const part of merge ? changed : []) {
      const from = (part.first - first) * pageBytes;
      write(memory, after.subarray(from, from + part.count * pageBytes), part.first * pageBytes);
    }
    done += count;
    // Another guest of this process may be waiting to be timed.
    if (done >= runPages * 4) {
      done = 0;
      await setImmediate();
    }
  }
  return tally.finish();
}

function read(fd: number, into: Buffer, position: number): void {
  let done = 0;
  while (done < into.length) {
    const count = readSync(fd, into, done, into.length - done, position + done);
    if (count === 0) throw new Error('a memory file ends before the pages of its diff');
    done += count;
  }
}

function write(fd: number, content: Buffer, position: number): void {
  let done = 0;
  while (done < content.length) done += writeSync(fd, content, done, content.length - done, position + done);
}
