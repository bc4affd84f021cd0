import { setImmediate } from 'node:timers/promises';
import type { Run } from '../host/run.ts';
import { formatBytes } from '../host/units.ts';
import { windowBytes } from '../pages/compare-spans.ts';
import type { Extent } from '../pages/data-extents.ts';

export interface Window {
  readonly offset: number;
  /** What has data in it, ascending and apart. */
  readonly parts: readonly Extent[];
}

/** Windows of `windowBytes`, aligned, with anything in them. */
export function* windowsOf(extents: readonly Extent[]): Generator<Window> {
  let offset = -1;
  let parts: Extent[] = [];
  for (const extent of extents) {
    const end = extent.offset + extent.bytes;
    for (let from = extent.offset; from < end; ) {
      const start = from - (from % windowBytes);
      const to = Math.min(end, start + windowBytes);
      if (start !== offset && parts.length > 0) yield { offset, parts };
      if (start !== offset) [offset, parts] = [start, []];
      parts.push({ offset: from, bytes: to - from });
      from = to;
    }
  }
  if (parts.length > 0) yield { offset, parts };
}

const progressEveryBytes = 256 * 1024 * 1024;
const restEveryBytes = 16 * 1024 * 1024;

/** Lets signals through, and says how far it is; called with what was read since. Rejects when the run is ended. */
export function createPace(run: Run, what: string, totalBytes: number): (bytes: number) => Promise<void> {
  let done = 0;
  let [rested, told] = [0, 0];
  return async (bytes) => {
    done += bytes;
    if (done - told >= progressEveryBytes) {
      told = done;
      run.log.detail(`${what}: ${formatBytes(done)} of ${formatBytes(totalBytes)}`);
    }
    if (done - rested < restEveryBytes) return;
    rested = done;
    await setImmediate();
    run.signal.throwIfAborted();
  };
}
