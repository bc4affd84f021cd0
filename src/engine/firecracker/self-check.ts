import type { PageSet } from '../../pages/page-set.ts';

/** Two ways of counting the same cycle's pages, each knowing nothing of the other. */
export interface TwoCounts {
  /** Data extents of the Diff snapshot: what is reported as written, since it is what a store of Diffs keeps. */
  readonly diff: PageSet;
  /** Copy-on-write pages of Firecracker's private mapping of the memory file, by /proc/PID/pagemap. */
  readonly pagemap: PageSet | Unreadable;
  /** Pages that a Diff may hold though nobody wrote to them. */
  readonly floor: PageSet;
}

/** Why the second count is not there: a binary with file capabilities, say, is not looked into by its user. */
export interface Unreadable {
  readonly unreadable: string;
}

/**
 * A sentence on how the two disagree, without its full stop; undefined where they agree.
 *
 * They agree to the page but for one thing: Firecracker marks the whole rings of each active virtqueue as dirty when it loads a snapshot (`Queue::initialize` in
 * src/vmm/src/devices/virtio/queue.rs, since 1.10: it then writes to them through a pointer) and after it has taken one (`mark_virtio_queue_memory_dirty`), whether
 * anything is written there or not. The Diff of a guest that was loaded and not resumed, the floor, holds exactly those pages. What Firecracker and the host do write
 * (VMGenID and VMClock on load, kvmclock, the vsock's reset on a snapshot, used rings) is in both counts.
 */
export function disagreement({ diff, pagemap, floor }: TwoCounts): string | undefined {
  if ('unreadable' in pagemap)
    return `Firecracker's Diff could not be held against the pagemap of its process: ${pagemap.unreadable}`;
  const missing = without(pagemap, diff);
  const unexplained = without(without(diff, pagemap), floor);
  if (missing.length === 0 && unexplained.length === 0) return undefined;
  return [
    `Firecracker's Diff holds ${diff.length} pages, and its process has written ${pagemap.length}`,
    ...(missing.length === 0
      ? []
      : [`${missing.length} that it has written are not in the Diff (${some(missing)})`]),
    ...(unexplained.length === 0
      ? []
      : [`${unexplained.length} in the Diff were not written and are no rings (${some(unexplained)})`]),
  ].join('; ');
}

/** Both ascending. */
function without(pages: PageSet, others: PageSet): PageSet {
  const left = new Uint32Array(pages.length);
  let length = 0;
  let at = 0;
  for (const page of pages) {
    while (at < others.length && (others[at] ?? 0) < page) at += 1;
    if (others[at] === page) continue;
    left[length] = page;
    length += 1;
  }
  return left.subarray(0, length);
}

const shownPages = 5;

function some(pages: PageSet): string {
  const shown = [...pages.subarray(0, shownPages)].map((page) => `0x${page.toString(16)}`);
  return `pages ${shown.join(', ')}${pages.length > shownPages ? ', …' : ''}`;
}
