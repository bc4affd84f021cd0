/** A member of a tar that is written by hand. Names are raw bytes, as latin1. */
export interface Member {
  readonly path: string;
  /** One character of the header; `0`, a file, if not given. */
  readonly type?: string;
  readonly body?: Buffer | string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly link?: string;
  readonly major?: number;
  readonly minor?: number;
  /** Records of a pax header in front of it. */
  readonly pax?: Readonly<Record<string, string | Buffer>>;
  /** Size that the header claims, where it is not the body's. */
  readonly size?: number;
  /** `posix` if not given; `old`: neither a magic number nor what stands after it. */
  readonly format?: 'posix' | 'gnu' | 'old';
  /** Last changes to the header, before its checksum is made. */
  readonly patch?: (header: Buffer) => void;
}

const blockBytes = 512;

/** An archive of the members, with the end mark of two blocks of zeros. */
export function tar(members: readonly Member[]): Buffer {
  return Buffer.concat([...members.map(member), Buffer.alloc(2 * blockBytes)]);
}

/** A member and what stands in front of it, padded. */
export function member(item: Member): Buffer {
  const body = Buffer.from(item.body ?? '');
  const extended = item.pax
    ? member({ path: 'pax', type: 'x', body: paxRecords(item.pax) })
    : Buffer.alloc(0);
  return Buffer.concat([extended, header(item, body.length), body, padding(body.length)]);
}

export function paxRecords(records: Readonly<Record<string, string | Buffer>>): Buffer {
  return Buffer.concat(Object.entries(records).map(([key, value]) => paxRecord(key, value)));
}

/** `LENGTH KEY=VALUE\n`, where the length counts itself. */
export function paxRecord(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`, 'latin1'), latin1(value), Buffer.from('\n')]);
  let length = rest.length;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function latin1(text: string | Buffer): Buffer {
  return typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
}

function padding(bytes: number): Buffer {
  return Buffer.alloc((blockBytes - (bytes % blockBytes)) % blockBytes);
}

function header(item: Member, bodyBytes: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  const format = item.format ?? 'posix';
  const isFolder = item.type === '5';
  block.write(item.path, 0, 100, 'latin1');
  putNumber(block, 100, 8, item.mode ?? (isFolder ? 0o755 : 0o644));
  putNumber(block, 108, 8, item.uid ?? 0);
  putNumber(block, 116, 8, item.gid ?? 0);
  putNumber(block, 124, 12, item.size ?? bodyBytes);
  putNumber(block, 136, 12, item.mtime ?? 1_600_000_000);
  block.write(item.type ?? '0', 156, 'latin1');
  block.write(item.link ?? '', 157, 100, 'latin1');
  if (format === 'posix') block.write('ustar\0' + '00', 257, 'latin1');
  if (format === 'gnu') block.write('ustar  \0', 257, 'latin1');
  if (format !== 'old') {
    putNumber(block, 329, 8, item.major ?? 0);
    putNumber(block, 337, 8, item.minor ?? 0);
  }
  item.patch?.(block);
  sign(block);
  return block;
}

/** Octal where it fits, else base 256 with the top bit set. */
export function putNumber(block: Buffer, start: number, length: number, value: number): void {
  if (value >= 0 && value < 8 ** (length - 1)) {
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, start, 'latin1');
    return;
  }
  let rest = BigInt(value);
  for (let at = start + length - 1; at >= start; at -= 1) {
    block[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  block[start] = (block[start] ?? 0) | 0x80;
}

function sign(block: Buffer): void {
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}
