import { crc32, deflateRawSync } from 'node:zlib';

/** One entry of a zip that is written by hand, so that each of its fields can lie. */
export interface ZipEntry {
  readonly name: string;
  readonly content?: Buffer | string;
  /** Compressed bytes to store instead of the content's own. */
  readonly packed?: Buffer;
  readonly method?: number;
  readonly flags?: number;
  /** Unix mode, file type included. */
  readonly mode?: number;
  readonly crc?: number;
  readonly packedSize?: number;
  readonly size?: number;
  readonly offset?: number;
}

/** Bytes of a zip with these entries, byte for byte as the format's description has it (APPNOTE.TXT). */
export function zipOf(entries: readonly ZipEntry[], more: { readonly entryCount?: number } = {}): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const fields = fieldsOf(entry);
    const local = localHeader(fields);
    centrals.push(centralHeader(fields, entry.offset ?? offset));
    locals.push(local, fields.packed);
    offset += local.length + fields.packed.length;
  }
  const directory = Buffer.concat(centrals);
  return Buffer.concat([
    ...locals,
    directory,
    endOf(directory.length, offset, more.entryCount ?? entries.length),
  ]);
}

interface Fields {
  readonly name: Buffer;
  readonly packed: Buffer;
  readonly method: number;
  readonly flags: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  readonly mode: number;
}

function fieldsOf(entry: ZipEntry): Fields {
  const content = Buffer.from(entry.content ?? '');
  const method = entry.method ?? 8;
  const packed = entry.packed ?? (method === 8 ? deflateRawSync(content) : content);
  return {
    name: Buffer.from(entry.name),
    packed,
    method,
    // Names are UTF-8.
    flags: entry.flags ?? 0x800,
    crc: entry.crc ?? crc32(content),
    packedSize: entry.packedSize ?? packed.length,
    size: entry.size ?? content.length,
    mode: entry.mode ?? 0o100644,
  };
}

function localHeader(fields: Fields): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  writeShared(header, 6, fields);
  return Buffer.concat([header, fields.name]);
}

function centralHeader(fields: Fields, offset: number): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  // Made by version 2.0 on Unix.
  header.writeUInt16LE((3 << 8) | 20, 4);
  header.writeUInt16LE(20, 6);
  writeShared(header, 8, fields);
  header.writeUInt32LE((fields.mode << 16) >>> 0, 38);
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, fields.name]);
}

/** Flags, method, time, check sum, sizes and the name's length stand in both headers in one order. */
function writeShared(header: Buffer, at: number, fields: Fields): void {
  header.writeUInt16LE(fields.flags, at);
  header.writeUInt16LE(fields.method, at + 2);
  header.writeUInt32LE(fields.crc, at + 8);
  header.writeUInt32LE(fields.packedSize, at + 12);
  header.writeUInt32LE(fields.size, at + 16);
  header.writeUInt16LE(fields.name.length, at + 20);
}

function endOf(directoryBytes: number, offset: number, count: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(directoryBytes, 12);
  end.writeUInt32LE(offset, 16);
  return end;
}
