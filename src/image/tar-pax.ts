import { damagedTar } from './tar-error.ts';

/** Extended header records (POSIX.1-2001): key → raw bytes as latin1. */
export type PaxRecords = ReadonlyMap<string, string>;

/** Parses `LENGTH KEY=VALUE\n` records. GNU.sparse.offset and .numbytes repeat (format 0.0) and are joined with commas. */
export function parsePax(data: Buffer): PaxRecords {
  const records = new Map<string, string>();
  let start = 0;
  while (start < data.length && data[start] !== 0) {
    const space = data.indexOf(0x20, start);
    const length = Number(data.toString('latin1', start, Math.max(space, start)));
    const end = start + length;
    if (space === -1 || !Number.isSafeInteger(length) || end > data.length || end <= space)
      throw damagedTar('an extended header that cannot be read');
    addRecord(records, data.toString('latin1', space + 1, end - 1));
    start = end;
  }
  return records;
}

/** The xattrs among the records, as `tar --xattrs` and the container tools write them. */
export function xattrsOf(records: PaxRecords): Map<string, Buffer> {
  const prefix = 'SCHILY.xattr.';
  const found = [...records].filter(([key]) => key.startsWith(prefix));
  return new Map(found.map(([key, value]) => [key.slice(prefix.length), Buffer.from(value, 'latin1')]));
}

function addRecord(records: Map<string, string>, record: string): void {
  const equals = record.indexOf('=');
  if (equals === -1) throw damagedTar('an extended header record without a value');
  const key = record.slice(0, equals);
  const value = record.slice(equals + 1);
  const before = records.get(key);
  const repeats = key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes';
  records.set(key, repeats && before !== undefined ? `${before},${value}` : value);
}
