import { type ByteReader, openByteReader } from './byte-reader.ts';
import { ArchiveProblem, damagedTar, naming, refusedEntry } from './tar-error.ts';
import { blockBytes, padded, parseHeader, type RawHeader } from './tar-header.ts';
import { type PaxRecords, parsePax, xattrsOf } from './tar-pax.ts';
import { oldSparseLayout, paxSparseLayout, type SparseLayout, sparseInData } from './tar-sparse.ts';

export type EntryKind = 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo';

/** A member of a tar. `path` and `link` are raw bytes (latin1), unchecked; times in seconds since 1970. */
export interface TarEntry {
  readonly path: string;
  readonly kind: EntryKind;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly sizeBytes: number;
  /** Bytes of it that the archive holds: fewer than its size where it is sparse. */
  readonly storedBytes: number;
  /** Where its content begins in the archive, in bytes. */
  readonly position: number;
  readonly link: string;
  readonly major: number;
  readonly minor: number;
  readonly xattrs: ReadonlyMap<string, Buffer>;
}

/** Takes a regular file's content; what lies between the pieces is zero. */
export interface BodySink {
  write(chunk: Buffer, position: number): void;
  close(): void;
}

/**
 * Reads a tar (v7, ustar, pax, GNU with long names and sparse files) to the end of its stream, calling `visit` for each member in
 * order; a member whose visit returns no sink is passed over. True where the archive has an end mark: without one it may have been
 * cut short between two members. `name` is for errors, e.g. `the tar rootfs.tar`.
 *
 * @throws SnapgateError `image` for an archive that is damaged or cut short, and for an ArchiveProblem of `visit`
 */
export async function readTar(
  stream: AsyncIterable<Buffer>,
  name: string,
  visit: (entry: TarEntry) => BodySink | undefined,
): Promise<boolean> {
  const reader = openByteReader(stream);
  try {
    const hasEnd = await readMembers(reader, visit);
    await readTrailer(reader);
    return hasEnd;
  } catch (error) {
    throw naming(name, error);
  }
}

/** All extended headers of one member, and all global ones of an archive, may have this many bytes: an xattr has at most 64 KiB. */
const metaLimitBytes = 4 * 1024 ** 2;

async function readMembers(
  reader: ByteReader,
  visit: (entry: TarEntry) => BodySink | undefined,
): Promise<boolean> {
  let globals: PaxRecords = new Map();
  let locals: PaxRecords = new Map();
  const left = { globals: metaLimitBytes, locals: metaLimitBytes };
  for (;;) {
    const found = await readHeader(reader);
    if (typeof found === 'boolean') return found;
    const { header, block } = found;
    if (header.type === 'g') {
      left.globals -= header.sizeBytes;
      globals = new Map([...globals, ...(await readMeta(reader, header, left.globals))]);
    } else if ('xLK'.includes(header.type)) {
      left.locals -= header.sizeBytes;
      locals = new Map([...locals, ...(await readMeta(reader, header, left.locals))]);
    } else {
      await readMember(reader, header, block, new Map([...globals, ...locals]), visit);
      locals = new Map();
      left.locals = metaLimitBytes;
    }
  }
}

/** Archivers pad the end with some blocks of zeros. It is read, because a decompressor tells damage only at the end of its data. */
const trailerLimitBytes = 64 * 1024 ** 2;

async function readTrailer(reader: ByteReader): Promise<void> {
  const bytes = await reader.forward(trailerLimitBytes, () => {});
  if (bytes === trailerLimitBytes)
    throw new ArchiveProblem(
      'is no tar, or one whose end mark is followed by 64 MiB and more',
      'Give a tar; a file system such as an ext4 must not be compressed.',
    );
}

const kinds: Readonly<Record<string, EntryKind>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  D: 'directory',
  '6': 'fifo',
};

/** A header; else whether the archive ends there with its mark, a block of zeros. */
async function readHeader(reader: ByteReader): Promise<{ header: RawHeader; block: Buffer } | boolean> {
  const position = reader.position;
  const block = await reader.read(blockBytes);
  if (block.length === 0 && position > 0) return false;
  if (block.length < blockBytes) throw damagedTar(`it ends at byte ${position + block.length}`);
  const header = parseHeader(block, position);
  return header ? { header, block } : true;
}

async function readMember(
  reader: ByteReader,
  header: RawHeader,
  block: Buffer,
  pax: PaxRecords,
  visit: (entry: TarEntry) => BodySink | undefined,
): Promise<void> {
  if (header.type === 'V') return skip(reader, padded(header.sizeBytes));
  const stored = storedBytes(header, pax);
  const inData = sparseInData(pax) ? await inDataLayout(reader, pax) : undefined;
  const sparse =
    header.type === 'S' ? await oldSparseLayout(block, reader) : (inData?.layout ?? paxSparseLayout(pax));
  const bodyBytes = stored - (inData?.bytes ?? 0);
  const bytes = { sizeBytes: sparse?.sizeBytes ?? stored, storedBytes: bodyBytes };
  const entry = { ...entryOf(header, pax, bytes), position: reader.position };
  const sink = visit(entry);
  const layout = sparse ?? { sizeBytes: stored, pieces: [{ offset: 0, bytes: stored }] };
  await copyBody(reader, layout, bodyBytes, entry.kind === 'file' ? sink : undefined);
}

async function inDataLayout(
  reader: ByteReader,
  pax: PaxRecords,
): Promise<{ layout: SparseLayout; bytes: number }> {
  const before = reader.position;
  const layout = await paxSparseLayoutInData(reader, pax);
  return { layout, bytes: reader.position - before };
}

/** pax sparse format 1.0: the map stands in front of the data, decimal numbers on lines, padded to a block. */
async function paxSparseLayoutInData(reader: ByteReader, pax: PaxRecords): Promise<SparseLayout> {
  let text = '';
  for (let blocks = 0; blocks < 4096; blocks += 1) {
    text += (await reader.read(blockBytes)).toString('latin1');
    const layout = paxSparseLayout(pax, text);
    if (layout) return layout;
  }
  throw damagedTar('a sparse map without an end');
}

async function copyBody(
  reader: ByteReader,
  layout: SparseLayout,
  bodyBytes: number,
  sink: BodySink | undefined,
): Promise<void> {
  const start = reader.position;
  try {
    for (const piece of sink ? layout.pieces : []) {
      let position = piece.offset;
      const copied = await reader.forward(piece.bytes, (chunk) => {
        sink?.write(chunk, position);
        position += chunk.length;
      });
      if (copied < piece.bytes) throw damagedTar(`it ends within a file, at byte ${reader.position}`);
    }
  } finally {
    sink?.close();
  }
  const left = padded(bodyBytes) - (reader.position - start);
  if (left < 0) throw damagedTar('a sparse map that does not fit its file');
  await skip(reader, left);
}

function entryOf(
  header: RawHeader,
  pax: PaxRecords,
  bytes: { sizeBytes: number; storedBytes: number },
): Omit<TarEntry, 'position'> {
  const path = pax.get('GNU.sparse.name') ?? pax.get('path') ?? header.name;
  const type = header.type === '0' && path.endsWith('/') ? '5' : header.type;
  const kind = kinds[type];
  if (!kind) throw refusedEntry(path, `is of the unknown type ${JSON.stringify(header.type)}`);
  return {
    path,
    kind,
    mode: header.mode,
    uid: whole(pax.get('uid'), header.uid),
    gid: whole(pax.get('gid'), header.gid),
    mtime: whole(pax.get('mtime'), header.mtime),
    ...(kind === 'file' ? bytes : { sizeBytes: 0, storedBytes: 0 }),
    link: pax.get('linkpath') ?? header.link,
    major: header.major,
    minor: header.minor,
    xattrs: xattrsOf(pax),
  };
}

/** Links and devices have no body, whatever their size field says (POSIX: "no data blocks"). */
function storedBytes(header: RawHeader, pax: PaxRecords): number {
  if ('123456'.includes(header.type)) return 0;
  const stored = whole(pax.get('size'), header.sizeBytes);
  if (stored < 0) throw damagedTar('a negative size');
  return stored;
}

function whole(text: string | undefined, otherwise: number): number {
  if (text === undefined || text === '') return otherwise;
  const value = Math.floor(Number(text));
  if (!Number.isSafeInteger(value)) throw damagedTar('an extended header with a number that is none');
  return value;
}

/** Records of a pax header (`x`, `g`), or GNU's long name (`L`) or link target (`K`) as the record that it stands for. */
async function readMeta(reader: ByteReader, header: RawHeader, leftBytes: number): Promise<PaxRecords> {
  if (leftBytes < 0) throw damagedTar('extended headers of more than 4 MiB');
  const padding = await reader.read(padded(header.sizeBytes));
  if (padding.length < header.sizeBytes) throw damagedTar('it ends within an extended header');
  const data = padding.subarray(0, header.sizeBytes);
  if (header.type === 'L') return new Map([['path', textOf(data)]]);
  if (header.type === 'K') return new Map([['linkpath', textOf(data)]]);
  return parsePax(data);
}

function textOf(data: Buffer): string {
  const name = data.toString('latin1');
  const end = name.indexOf('\0');
  return end === -1 ? name : name.slice(0, end);
}

async function skip(reader: ByteReader, bytes: number): Promise<void> {
  const skipped = await reader.forward(bytes, () => {});
  if (skipped < bytes) throw damagedTar(`it ends within a member, at byte ${reader.position}`);
}
