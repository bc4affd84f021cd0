import { z } from 'zod';
import { mustRun } from '../../host/process.ts';
import type { Run } from '../../host/run.ts';
import { pageBytes } from '../../pages/page-set.ts';

/** A part of a file that holds data, in bytes from its start. */
export interface DataExtent {
  readonly offset: number;
  readonly bytes: number;
}

const mapSchema = z.array(
  z.object({ start: z.int().nonnegative(), length: z.int().nonnegative(), data: z.boolean() }),
);

/** What of a file is no hole, in whole pages, ascending: qemu-img asks with SEEK_DATA and SEEK_HOLE, which node cannot. */
export async function readDataExtents(run: Run, path: string): Promise<DataExtent[]> {
  const text = await mustRun(run, 'qemu-img', ['map', '--output=json', '-f', 'raw', '--', path]);
  const extents: DataExtent[] = [];
  let end = 0;
  for (const { start, length, data } of mapSchema.parse(JSON.parse(text))) {
    if (!data) continue;
    const offset = Math.max(end, Math.floor(start / pageBytes) * pageBytes);
    end = Math.ceil((start + length) / pageBytes) * pageBytes;
    if (end > offset) extents.push({ offset, bytes: end - offset });
  }
  return extents;
}
