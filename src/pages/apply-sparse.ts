import { closeSync, openSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Run } from '../host/run.ts';
import { dataExtents } from './data-extents.ts';
import { pagesOfExtents, runsOfPairs } from './extent-pages.ts';
import { type PageRun, pageBytes } from './page-set.ts';
import { readFully } from './read-fully.ts';

/** A MiB. */
const runPages = 256;

/**
 * Writes what a sparse diff holds into the memory or disk file that it is a diff of, which then is the next one. Both are whole pages long,
 * and of the same length.
 */
export async function applySparse(run: Run, diff: string, parent: string): Promise<void> {
  const pairs = pagesOfExtents(await dataExtents(run, diff));
  const from = openSync(diff, 'r');
  try {
    const to = openSync(parent, 'r+');
    try {
      await copyRuns(run, from, to, runsOfPairs(pairs, runPages));
    } finally {
      closeSync(to);
    }
  } finally {
    closeSync(from);
  }
}

async function copyRuns(run: Run, from: number, to: number, runs: Iterable<PageRun>): Promise<void> {
  const buffer = Buffer.alloc(runPages * pageBytes);
  let turns = 0;
  for (const { first, count } of runs) {
    const content = buffer.subarray(0, count * pageBytes);
    const offset = first * pageBytes;
    readFully(from, content, offset);
    for (let done = 0; done < content.length; )
      done += writeSync(to, content, done, content.length - done, offset + done);
    turns += 1;
    // Another guest of this process may be waiting to be timed.
    if (turns % 16 !== 0) continue;
    await setImmediate();
    run.signal.throwIfAborted();
  }
}
