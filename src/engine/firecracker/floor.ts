import { rmSync } from 'node:fs';
import type { Run } from '../../host/run.ts';
import { formatBytes } from '../../host/units.ts';
import { type PageSet, pageBytes } from '../../pages/page-set.ts';
import { pagesOfDiff } from './diff.ts';
import { readyDisk } from './disk.ts';
import type { FirecrackerHost } from './host.ts';
import { loadSnapshot, takeDiff, writtenByProcess } from './resume.ts';
import { disagreement } from './self-check.ts';
import { diffName, diffPathOf, type FirecrackerSnapshot } from './snapshot.ts';

export interface Floor {
  readonly pages: PageSet;
  /** For the report. */
  readonly notes: readonly string[];
}

/**
 * What Firecracker itself writes in a cycle, or says that it has: a Diff of the snapshot loaded and not resumed. Rings of active
 * virtqueues, VMGenID, VMClock, kvmclock, vsock's reset. In a process that has loaded, not the one that has booted: 1.7 does not clear
 * its bitmaps after a Full.
 */
export async function measureFloor(
  run: Run,
  host: FirecrackerHost,
  snapshot: Omit<FirecrackerSnapshot, 'floor'>,
): Promise<Floor> {
  if (snapshot.hasDisk) await readyDisk(run, snapshot.dir);
  const loaded = { ...snapshot, floor: new Uint32Array() };
  const machine = await loadSnapshot(run, host, loaded, { activity: 'while its own floor was measured' });
  try {
    await takeDiff(machine, loaded, host);
    machine.place.take(diffName, diffPathOf(snapshot.dir));
    const pages = await pagesOfDiff(run, diffPathOf(snapshot.dir));
    // Every page of the Diff is the floor's: only what was written and is not in it can disagree.
    const disagrees = disagreement({ diff: pages, pagemap: writtenByProcess(machine, loaded), floor: pages });
    const said = `Firecracker itself writes ${pages.length} pages (${formatBytes(pages.length * pageBytes)}) in a cycle without the guest running`;
    if (disagrees !== undefined) run.log.warning(`before the guest has run: ${disagrees}`);
    return {
      pages,
      notes: [said, ...(disagrees === undefined ? [] : [`before the guest has run: ${disagrees}`])],
    };
  } finally {
    await machine.close();
    rmSync(diffPathOf(snapshot.dir), { force: true });
  }
}
