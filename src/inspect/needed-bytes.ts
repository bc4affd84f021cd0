import { zeroBuildId } from '../e2b/build-id.ts';
import { type Mapping, mappingUnit } from '../e2b/mapping.ts';

/** What a mapping takes from one build's data. */
export interface NeededBytes {
  /** Bytes of the image that are read from it. */
  readonly mappedBytes: number;
  /** Bytes of the data, each counted once however often it is mapped. */
  readonly neededBytes: number;
  /** Where in the data the last of them ends. */
  readonly endBytes: number;
}

/** By build, that of zeros included. A mapping of 8 million ranges takes 64 MiB meanwhile. */
export function neededBytes(mapping: Mapping): Map<string, NeededBytes> {
  const counts = new Map<string, number>();
  for (const { buildId } of mapping.ranges()) counts.set(buildId, (counts.get(buildId) ?? 0) + 1);
  const columns = new Map(
    [...counts].map(([id, count]) => [id, { ranges: new BigUint64Array(count), filled: 0, mappedBytes: 0 }]),
  );
  for (const { buildId, lengthBytes, storageOffsetBytes } of mapping.ranges()) {
    const column = columns.get(buildId);
    if (column === undefined) continue;
    column.mappedBytes += lengthBytes;
    // Pages in 32 bits each: sorted as one number they are sorted by their offset.
    column.ranges[column.filled] =
      (BigInt(storageOffsetBytes / mappingUnit) << 32n) | BigInt(lengthBytes / mappingUnit);
    column.filled += 1;
  }
  return new Map(
    [...columns].map(([id, { ranges, mappedBytes }]) => [
      id,
      {
        mappedBytes,
        ...(id === zeroBuildId ? { neededBytes: 0, endBytes: 0 } : unionOfRanges(ranges.sort())),
      },
    ]),
  );
}

function unionOfRanges(ranges: BigUint64Array): { neededBytes: number; endBytes: number } {
  let [pages, end] = [0, 0];
  for (const range of ranges) {
    const from = Number(range >> 32n);
    const to = from + Number(range & 0xffff_ffffn);
    pages += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return { neededBytes: pages * mappingUnit, endBytes: end * mappingUnit };
}
