import { randomInt } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { errnoOf, SnapgateError } from '../host/error.ts';
import { Lz4Error } from '../host/lz4-block.ts';
import { buildIdOf, zeroBuildId } from './build-id.ts';
import { type ByteSource, bytesInFile, bytesInMemory } from './byte-source.ts';
import { type FrameTable, readFrameTable } from './frame-table.ts';
import { chunksOf, FormatError, type LittleEndianReader, readLittleEndian } from './little-endian.ts';
import { decodeLz4Frame, maxLz4Expansion } from './lz4-frame.ts';
import { allocateColumns, type Mapping, makeMapping, mappingUnit, maxBuilds, maxPage } from './mapping.ts';

/*
 * The `*.header` file of a layer, as packages/shared/pkg/storage/header of e2b-dev/infra reads and writes it. Whatever is in one may
 * come from a stranger: counts are held against the bytes that remain, and what is decompressed is bounded.
 */

/** What a header says of one build's data file. */
export interface BuildData {
  /** Before compression; 0: not known. */
  readonly rawBytes: number;
  /** undefined: not compressed. */
  readonly frames: FrameTable | undefined;
}

/** A layer of a memory or a disk: which build each part of the virtual image is stored by. */
export interface LayerHeader {
  /** 1 to 5. */
  readonly format: number;
  readonly blockBytes: number;
  readonly virtualBytes: number;
  readonly generation: number;
  /** Of the layer itself: ranges of this build are its own. */
  readonly buildId: string;
  /** Of the template at the bottom of the chain, not of the layer before. */
  readonly baseBuildId: string;
  /** Written by a build whose upload was under way: its data may not be there. */
  readonly incomplete: boolean;
  /** Empty below format 4. */
  readonly builds: ReadonlyMap<string, BuildData>;
  readonly mapping: Mapping;
}

const metadataBytes = 64;
const rangeBytes = 40;
/** Of a frame besides its blocks, and besides the 255th part that blocks may grow by: their sizes and checksums take less than that. */
const lz4SpareBytes = 1024;
const minBlockBytes = 4096;
const maxBlockBytes = 1024 ** 3;
/**
 * Half of what e2b takes, so that the worst of them is read in a second: 3 million ranges of 40 bytes, or all that format 5 may have at 16
 * bytes each.
 */
const maxUncompressedBytes = 128 * 1024 * 1024;
/** A header that cannot be compressed is somewhat larger than what it holds. */
const maxHeaderBytes = maxUncompressedBytes + 4 * 1024 * 1024;
/** As many ranges as e2b takes of format 5; in memory they are 14 bytes each. */
const maxRanges = 8 * 1024 * 1024;
/** 16-byte id, i64 size, SHA-256, and a table of no frames. */
const minBuildBytes = 16 + 8 + 32 + 8;
const incompleteFlag = 1;

/**
 * Reads a header that is in memory.
 *
 * @param where what it is called in the error: a path, or an address
 * @throws SnapgateError `record` for what is no header, or lies beyond the bounds of one
 */
export function parseHeader(bytes: Uint8Array, where: string): LayerHeader {
  return naming(where, () => readHeader(bytesInMemory(bytes)));
}

/** As `parseHeader`, of a file, of which no more than some MiB are in memory at a time. */
export function readHeaderFile(path: string): LayerHeader {
  return naming(path, () => {
    // A FIFO would be waited for.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) throw new FormatError('is no file');
      return readHeader(bytesInFile(fd, stat.size));
    } finally {
      closeSync(fd);
    }
  });
}

function naming<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError || error instanceof Lz4Error) throw brokenHeader(where, error);
    const code = errnoOf(error);
    if (code === undefined) throw error;
    throw new SnapgateError(
      'record',
      `${where} cannot be read (${code})`,
      'A layer is a folder with memfile.header, rootfs.ext4.header and the data of both: check that the build has come to its end.',
      { cause: error },
    );
  }
}

function brokenHeader(where: string, cause: FormatError | Lz4Error): SnapgateError {
  return new SnapgateError(
    'record',
    `${where} is no header of an e2b layer: it ${cause.message}`,
    'Formats 1 to 5 are known. Check that the file is whole, and was written by the tools of e2b.',
    { cause },
  );
}

type Metadata = Omit<LayerHeader, 'incomplete' | 'builds' | 'mapping'>;

function readHeader(source: ByteSource): LayerHeader {
  if (source.length < metadataBytes) throw new FormatError(`has ${source.length} bytes only`);
  if (source.length > maxHeaderBytes)
    throw new FormatError(`has ${source.length} bytes, and could have ${maxHeaderBytes}`);
  const reader = readLittleEndian(chunksOf(source, 0), source.length);
  const metadata = readMetadata(reader);
  if (metadata.format <= 3)
    return { ...metadata, incomplete: false, builds: new Map(), mapping: readOldMapping(reader, metadata) };
  return readCompressedPart(source, reader, metadata);
}

function readMetadata(reader: LittleEndianReader): Metadata {
  const format = reader.view(8).getUint16(0, true);
  if (format < 1 || format > 5) throw new FormatError(`has format ${format}, which is not known`);
  const blockBytes = reader.size('its block size');
  if (blockBytes < minBlockBytes || blockBytes > maxBlockBytes || !Number.isInteger(Math.log2(blockBytes)))
    throw new FormatError(`has blocks of ${blockBytes} bytes`);
  const virtualBytes = reader.size('the size of its image');
  if (virtualBytes > maxPage * mappingUnit)
    throw new FormatError(`has an image of ${virtualBytes} bytes, more than 16 TiB`);
  const generation = reader.size('its generation');
  const [buildId, baseBuildId] = [buildIdOf(reader.bytes(16)), buildIdOf(reader.bytes(16))];
  return { format, blockBytes, virtualBytes, generation, buildId, baseBuildId };
}

/** Formats 1 to 3: ranges to the end of the file. */
function readOldMapping(reader: LittleEndianReader, metadata: Metadata): Mapping {
  const count = reader.remaining() / rangeBytes;
  if (!Number.isInteger(count)) throw new FormatError('is cut short');
  const mapping = readRanges(reader, count, metadata);
  reader.end();
  return mapping;
}

/** Formats 4 and 5: an LZ4 frame with the builds and then the ranges. */
function readCompressedPart(source: ByteSource, outer: LittleEndianReader, metadata: Metadata): LayerHeader {
  const flags = outer.u8();
  const bytes = outer.u32();
  const start = metadataBytes + 5;
  if (bytes > maxUncompressedBytes)
    throw new FormatError(
      `would be ${bytes} bytes when it is decompressed, and could be ${maxUncompressedBytes}`,
    );
  if (bytes > maxLz4Expansion * (source.length - start))
    throw new FormatError(`says that ${source.length - start} bytes become ${bytes}`);
  if (source.length - start > bytes + bytes / 255 + lz4SpareBytes)
    throw new FormatError(`says that ${source.length - start} bytes are only ${bytes}`);
  const reader = readLittleEndian(decodeLz4Frame(source, start, bytes), bytes);
  const builds = readBuilds(reader);
  const mapping =
    metadata.format === 4 ? readRanges(reader, reader.u32(), metadata) : readColumns(reader, metadata);
  reader.end();
  return { ...metadata, incomplete: (flags & incompleteFlag) !== 0, builds, mapping };
}

function readBuilds(reader: LittleEndianReader): Map<string, BuildData> {
  const count = reader.u32();
  if (count > maxBuilds || count > reader.remaining() / minBuildBytes)
    throw new FormatError(`says that it has ${count} builds, more than it could hold`);
  const builds = new Map<string, BuildData>();
  for (let index = 0; index < count; index += 1) {
    const id = buildIdOf(reader.bytes(16));
    const rawBytes = reader.size("the size of a build's data");
    // A checksum of the whole data, which is not read whole here.
    reader.bytes(32);
    if (builds.has(id)) throw new FormatError(`has the build ${id} twice`);
    builds.set(id, { rawBytes, frames: readFrameTable(reader) });
  }
  return builds;
}

function virtualPagesOf({ virtualBytes }: Metadata): number {
  return Math.ceil(virtualBytes / mappingUnit);
}

/** Records of 40 bytes. None at all: the layer holds the whole image. */
function readRanges(reader: LittleEndianReader, count: number, metadata: Metadata): Mapping {
  checkCount(count, reader.remaining() / rangeBytes);
  if (count === 0) return wholeImage(metadata);
  const columns = allocateColumns(count);
  const builds = createBuildTable(Math.min(count, maxBuilds));
  for (let index = 0; index < count; ) {
    const records = Math.min(recordsAtOnce, count - index);
    const view = reader.view(records * rangeBytes);
    for (let at = 0; at < view.byteLength; at += rangeBytes, index += 1) {
      columns.offsets[index] = pageAt(view, at, 'offset');
      columns.lengths[index] = pageAt(view, at + 8, 'length');
      columns.builds[index] = builds.indexAt(view, at + 16);
      columns.storage[index] = pageAt(view, at + 32, 'place in the data');
    }
  }
  const virtualPages = virtualPagesOf(metadata);
  return makeMapping(columns, { builds: builds.names, virtualPages, gapsAreZero: false });
}

const recordsAtOnce = 4096;

function wholeImage(metadata: Metadata): Mapping {
  const virtualPages = virtualPagesOf(metadata);
  const columns = allocateColumns(virtualPages === 0 ? 0 : 1);
  columns.lengths[0] = virtualPages;
  return makeMapping(columns, { builds: [metadata.buildId], virtualPages, gapsAreZero: false });
}

function checkCount(count: number, possible: number): void {
  if (count > possible || count > maxRanges)
    throw new FormatError(`says that it has ${count} ranges, more than it could hold`);
}

/** A u64 of bytes as a number of pages. */
function pageAt(view: DataView, at: number, what: string): number {
  const [low, high] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
  if (low % mappingUnit !== 0) throw new FormatError(`has a range whose ${what} is no multiple of 4096`);
  if (high >= mappingUnit) throw new FormatError(`has a range whose ${what} is beyond 16 TiB`);
  return high * 2 ** 20 + low / mappingUnit;
}

/**
 * Names of builds by index. Ids as text are ten times as slow to make as to compare: a table of them by hash, where each is made once. The
 * hash has multipliers of its own each time, lest ids be chosen to meet in it.
 *
 * @param count of ids at most; one more is a FormatError
 */
function createBuildTable(count: number): {
  readonly names: readonly string[];
  indexAt(view: DataView, at: number): number;
} {
  const names: string[] = [];
  const mask = 2 ** Math.ceil(Math.log2(2 * count)) - 1;
  const slots = new Uint32Array(mask + 1);
  const ids = new Int32Array(4 * count);
  const [first, second] = [randomOdd(), randomOdd()];
  const slotOf = (view: DataView, at: number) => {
    let hash = 0;
    for (let word = 0; word < 16; word += 4) {
      hash = Math.imul(hash ^ view.getInt32(at + word), first);
      hash = Math.imul(hash ^ (hash >>> 15), second);
      hash ^= hash >>> 13;
    }
    return hash & mask;
  };
  return {
    names,
    indexAt(view, at) {
      let slot = slotOf(view, at);
      for (let used = slots[slot]; used; used = slots[slot]) {
        if (sameId(ids, used - 1, view, at)) return used - 1;
        slot = (slot + 1) & mask;
      }
      if (names.length >= count) throw new FormatError(`has ranges of more than ${count} builds`);
      const index = names.push(buildIdOf(new Uint8Array(view.buffer, view.byteOffset + at, 16))) - 1;
      for (let word = 0; word < 4; word += 1) ids[4 * index + word] = view.getInt32(at + 4 * word);
      slots[slot] = index + 1;
      return index;
    },
  };
}

function randomOdd(): number {
  return randomInt(2 ** 31) * 2 + 1;
}

function sameId(ids: Int32Array, index: number, view: DataView, at: number): boolean {
  for (let word = 0; word < 4; word += 1)
    if (ids[4 * index + word] !== view.getInt32(at + 4 * word)) return false;
  return true;
}

/** Format 5: a table of ids, then the four columns one after another, in variable-length numbers of pages. */
function readColumns(reader: LittleEndianReader, metadata: Metadata): Mapping {
  const builds = readIdTable(reader);
  const count = reader.u32();
  checkCount(count, reader.remaining() / 4);
  const columns = allocateColumns(count);
  const { offsets, lengths, storage } = columns;
  let offset = 0;
  for (let index = 0; index < count; index += 1) {
    offset += reader.uvarint();
    offsets[index] = checkedPage(offset, 'offset');
  }
  for (let index = 0; index < count; index += 1) lengths[index] = checkedPage(reader.uvarint(), 'length');
  let place = 0;
  for (let index = 0; index < count; index += 1) {
    place += reader.varint();
    storage[index] = checkedPage(place, 'place in the data');
  }
  for (let index = 0; index < count; index += 1) {
    const build = reader.uvarint();
    if (build >= builds.length) throw new FormatError(`has a range of build ${build} of ${builds.length}`);
    columns.builds[index] = build;
  }
  return makeMapping(columns, { builds, virtualPages: virtualPagesOf(metadata), gapsAreZero: true });
}

function readIdTable(reader: LittleEndianReader): string[] {
  const count = reader.u32();
  if (count > maxBuilds || count > reader.remaining() / 16)
    throw new FormatError(`says that it has ${count} builds, more than it could hold`);
  const ids = Array.from({ length: count }, () => buildIdOf(reader.bytes(16)));
  if (ids.includes(zeroBuildId)) throw new FormatError('gives what is zero as a build');
  return ids;
}

function checkedPage(page: number, what: string): number {
  if (page >= 0 && page <= maxPage) return page;
  throw new FormatError(`has a range whose ${what} is beyond 16 TiB`);
}
