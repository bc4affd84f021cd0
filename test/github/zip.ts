import { crc32, deflateRawSync } from 'node:zlib';

/** An entry of a zip, honest or not. What is not given is what it should be. */
export interface ZipEntry {
  /** Written as it is: `../../escape` and absolute paths too. */
  readonly name: string;
  readonly content?: Buffer | string;
  /** Unix mode of the file; 0o120777 makes a symbolic link of it. */
  readonly mode?: number;
  /** General purpose flags. */
  readonly flags?: number;
  /** 8 is deflate, 0 is stored. */
  readonly method?: number;
  readonly crc?: number;
  /** Bytes in place of the packed content. */
  readonly packed?: Buffer;
  /** Unpacked size that the zip claims. */
  readonly size?: number;
  /** Packed size that the zip claims. */
  readonly packedSize?: number;
  /** Where the zip claims that the entry begins. */
  readonly offset?: number;
}

export interface ZipClaims {
  /** Number of entries that the end record claims. */
  readonly entryCount?: number;
}

/** A zip file (APPNOTE.TXT of PKWARE, 4.3) of exactly these entries. */
export function zipOf(entries: readonly ZipEntry[], { entryCount = entries.length }: ZipClaims = {}): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const { local, central } = entryRecords(entry, offset);
    bodies.push(local);
    directory.push(central);
    offset += local.length;
  }
  const index = Buffer.concat(directory);
  return Buffer.concat([...bodies, index, endRecord(entryCount, index.length, offset)]);
}

function entryRecords(entry: ZipEntry, offset: number): { local: Buffer; central: Buffer } {
  const name = Buffer.from(entry.name);
  const content = Buffer.from(entry.content ?? '');
  const method = entry.method ?? 8;
  const data = entry.packed ?? (method === 8 ? deflateRawSync(content) : content);
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0); // version needed
  fields.writeUInt16LE(entry.flags ?? 0x0800, 2); // names are UTF-8
  fields.writeUInt16LE(method, 4);
  fields.writeUInt16LE(0x21, 8); // 1980-01-01
  fields.writeUInt32LE(entry.crc ?? crc32(content), 10);
  fields.writeUInt32LE(entry.packedSize ?? data.length, 14);
  fields.writeUInt32LE(entry.size ?? content.length, 18);
  fields.writeUInt16LE(name.length, 22);
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE((((entry.mode ?? 0o100644) & 0xffff) << 16) >>> 0, 6);
  tail.writeUInt32LE(entry.offset ?? offset, 10);
  const madeBy = Buffer.from([20, 3]); // Unix, so that modes count
  return {
    local: Buffer.concat([signature(0x04034b50), fields, name, data]),
    central: Buffer.concat([signature(0x02014b50), madeBy, fields, tail, name]),
  };
}

function endRecord(count: number, directoryBytes: number, offset: number): Buffer {
  const end = Buffer.alloc(18);
  end.writeUInt16LE(count, 4);
  end.writeUInt16LE(count, 6);
  end.writeUInt32LE(directoryBytes, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([signature(0x06054b50), end]);
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
