import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl';
import { messageOf, SnapgateError } from '../host/error.ts';
import { formatBytes } from '../host/units.ts';

/** What an archive may hold at most: `entryBytes` of each file that is taken, unpacked. */
export interface ZipLimits {
  readonly entries: number;
  readonly entryBytes: number;
}

/**
 * Takes files out of a foreign zip, in memory: nothing is written anywhere. Only plain files at its top whose name is wanted are
 * unpacked; others are let be, as long as their names stay inside the archive.
 *
 * @param where what the archive is, for people.
 * @returns the files by name; a wanted one that is not there is not in it.
 * @throws SnapgateError('record') for whatever is no such archive: broken, encrypted, with links, names that lead out, a name twice, too
 * many entries, sizes above the limits or other than declared.
 */
export async function readZip(
  bytes: Buffer,
  wanted: readonly string[],
  where: string,
  limits: ZipLimits,
): Promise<ReadonlyMap<string, Buffer>> {
  try {
    return await takeFiles(bytes, wanted, limits);
  } catch (error) {
    const why = messageOf(error);
    throw new SnapgateError(
      'record',
      `${where} is not an archive that snapgate wrote: ${why}`,
      'Nothing of it was used. Look at the run that uploaded it before you trust anything else of that run.',
      { cause: error },
    );
  }
}

async function takeFiles(
  bytes: Buffer,
  wanted: readonly string[],
  limits: ZipLimits,
): Promise<ReadonlyMap<string, Buffer>> {
  const zip = await fromBufferPromise(bytes, { strictFileNames: true });
  if (zip.entryCount > limits.entries)
    throw new Error(`it has ${zip.entryCount} entries, more than ${limits.entries}`);
  const seen = new Set<string>();
  const files = new Map<string, Buffer>();
  for await (const entry of zip.eachEntry()) {
    requireHarmless(entry, seen);
    if (wanted.includes(entry.fileName))
      files.set(entry.fileName, await unpack(zip, entry, limits.entryBytes));
  }
  return files;
}

/** Names that lead out have ended the reading already: yauzl refuses absolute ones, `..` and backslashes. */
function requireHarmless(entry: Entry, seen: Set<string>): void {
  const { fileName } = entry;
  if (seen.has(fileName)) throw new Error(`${JSON.stringify(fileName.slice(0, 100))} is in it twice`);
  seen.add(fileName);
  const kind = fileKind(entry);
  if (kind !== 'plain') throw new Error(`${JSON.stringify(fileName.slice(0, 100))} is ${kind}`);
  if (entry.isEncrypted()) throw new Error(`${JSON.stringify(fileName.slice(0, 100))} is encrypted`);
}

/** The upper half of the external attributes is a Unix mode, where the archive's maker has one (APPNOTE.TXT, 4.4.15; Info-ZIP). */
function fileKind({ externalFileAttributes }: Entry): 'plain' | 'a link' | 'no plain file' {
  const format = (externalFileAttributes >>> 16) & 0o170000;
  if (format === 0 || format === 0o100000 || format === 0o040000) return 'plain';
  return format === 0o120000 ? 'a link' : 'no plain file';
}

/** yauzl ends a stream with an error once it is longer than declared, and at its end where it is shorter. */
async function unpack(zip: ZipFile, entry: Entry, limit: number): Promise<Buffer> {
  const { fileName, uncompressedSize } = entry;
  if (uncompressedSize > limit) {
    throw new Error(
      `${fileName} is ${formatBytes(uncompressedSize)} unpacked, more than ${formatBytes(limit)}`,
    );
  }
  const content = await collect(await zip.openReadStreamPromise(entry), limit);
  if (crc32(content) !== entry.crc32) throw new Error(`the check sum of ${fileName} is wrong`);
  return content;
}

async function collect(stream: Readable, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) throw new Error('unpacking it gave no bytes');
    size += chunk.length;
    if (size > limit) throw new Error(`it is more than ${formatBytes(limit)} unpacked`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
