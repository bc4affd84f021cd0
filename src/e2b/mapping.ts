import { zeroBuildId } from './build-id.ts';
import { FormatError } from './little-endian.ts';

/** Unit of every offset and length in a mapping, whatever the block size of the image. */
export const mappingUnit = 4096;

/** Where a range of the virtual image is stored. */
export interface MappedRange {
  /** Of the virtual image. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** `zeroBuildId`: all zero, stored nowhere. */
  readonly buildId: string;
  /** In that build's data, before compression. */
  readonly storageOffsetBytes: number;
}

/** Ascending ranges of the virtual image that do not overlap, 14 bytes each: there may be millions. */
export interface Mapping {
  /** How many ranges there are, with the gaps that are zero. */
  readonly count: number;
  ranges(): Generator<MappedRange>;
  /** Builds that something is stored by, in the order of the ranges: not what is zero. */
  buildIds(): Set<string>;
  /** Those that overlap a part of the image, cut to it; what lies in a gap that no range covers is left out. */
  within(offsetBytes: number, lengthBytes: number): Generator<MappedRange>;
}

/** The columns of a mapping, in pages; `length` entries are filled. */
export interface MappingColumns {
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  readonly storage: Uint32Array;
  /** Index into `builds`. */
  readonly builds: Uint16Array;
}

/** Largest page number that a header can hold: 16 TiB. */
export const maxPage = 0xffff_ffff;

export function allocateColumns(count: number): MappingColumns {
  return {
    offsets: new Uint32Array(count),
    lengths: new Uint32Array(count),
    storage: new Uint32Array(count),
    builds: new Uint16Array(count),
  };
}

/** What a mapping is made of besides its columns. */
export interface MappingFacts {
  readonly builds: readonly string[];
  readonly virtualPages: number;
  /** Format 5 leaves out what is zero: its gaps are ranges too. Elsewhere a gap is nothing that could be read. */
  readonly gapsAreZero: boolean;
}

/**
 * @throws FormatError for ranges that are empty, overlap, are not in order, or lie outside the image
 */
export function makeMapping(columns: MappingColumns, facts: MappingFacts): Mapping {
  const gaps = checkOrder(columns, facts.virtualPages);
  const { offsets } = columns;
  const count = offsets.length + (facts.gapsAreZero ? gaps : 0);
  return {
    count,
    ranges: () => rangesFrom(columns, facts, 0, facts.virtualPages),
    buildIds: () => namesOf(columns, facts),
    *within(offsetBytes, lengthBytes) {
      const [from, to] = [offsetBytes, offsetBytes + lengthBytes];
      for (const range of rangesFrom(columns, facts, Math.floor(from / mappingUnit), to / mappingUnit)) {
        const begin = Math.max(from, range.offsetBytes);
        const end = Math.min(to, range.offsetBytes + range.lengthBytes);
        if (end <= begin) continue;
        yield {
          offsetBytes: begin,
          lengthBytes: end - begin,
          buildId: range.buildId,
          storageOffsetBytes:
            range.buildId === zeroBuildId ? 0 : range.storageOffsetBytes + begin - range.offsetBytes,
        };
      }
    },
  };
}

function namesOf({ builds }: MappingColumns, facts: MappingFacts): Set<string> {
  const names = new Set<string>();
  for (const build of new Set(builds)) names.add(facts.builds[build] ?? zeroBuildId);
  names.delete(zeroBuildId);
  return names;
}

/** How many gaps there are between the entries, and before and behind them. */
function checkOrder({ offsets, lengths, builds }: MappingColumns, virtualPages: number): number {
  let end = 0;
  let gaps = 0;
  for (let index = 0; index < builds.length; index += 1) {
    const offset = offsets[index] ?? 0;
    const length = lengths[index] ?? 0;
    if (length === 0) throw new FormatError(`has an empty range, number ${index}`);
    if (offset < end) throw new FormatError(`has ranges that overlap or are not in order, number ${index}`);
    if (offset + length > virtualPages)
      throw new FormatError(`has a range outside the image, number ${index}`);
    if (offset > end) gaps += 1;
    end = offset + length;
  }
  return end < virtualPages ? gaps + 1 : gaps;
}

/** The ranges that overlap the pages from `first` to before `end`, whole. */
function* rangesFrom(
  { offsets, lengths, storage, builds }: MappingColumns,
  facts: MappingFacts,
  first: number,
  end: number,
): Generator<MappedRange> {
  let index = firstBehind(offsets, lengths, first);
  let last = index === 0 ? 0 : (offsets[index - 1] ?? 0) + (lengths[index - 1] ?? 0);
  for (; index < offsets.length; index += 1) {
    const offset = offsets[index] ?? 0;
    if (facts.gapsAreZero && offset > last && last < end) yield zeros(last, offset - last);
    if (offset >= end) return;
    const length = lengths[index] ?? 0;
    last = offset + length;
    yield {
      offsetBytes: offset * mappingUnit,
      lengthBytes: length * mappingUnit,
      buildId: facts.builds[builds[index] ?? 0] ?? zeroBuildId,
      storageOffsetBytes: (storage[index] ?? 0) * mappingUnit,
    };
  }
  if (facts.gapsAreZero && last < facts.virtualPages && last < end)
    yield zeros(last, facts.virtualPages - last);
}

function zeros(page: number, count: number): MappedRange {
  return {
    offsetBytes: page * mappingUnit,
    lengthBytes: count * mappingUnit,
    buildId: zeroBuildId,
    storageOffsetBytes: 0,
  };
}

/** Index of the first entry that ends behind a page. */
function firstBehind(offsets: Uint32Array, lengths: Uint32Array, page: number): number {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((offsets[middle] ?? 0) + (lengths[middle] ?? 0) > page) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** As many as two bytes tell apart, less the one that e2b keeps for zeros. */
export const maxBuilds = 65_535;
