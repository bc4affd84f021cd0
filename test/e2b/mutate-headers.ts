/*
 * Reads thousands of broken headers in a process of its own, which the test holds to a limit of memory: what each of them gives must be a
 * value or a SnapgateError. Arguments: how many, and the seed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesInMemory } from '../../src/e2b/byte-source.ts';
import { type LayerHeader, parseHeader } from '../../src/e2b/header.ts';
import { decodeWholeLz4Frame } from '../../src/e2b/lz4-frame.ts';
import { SnapgateError } from '../../src/host/error.ts';
import { seededRandom } from '../stats/random.ts';
import { fixtures } from './fixture-chains.ts';
import { wrapBlock } from './write-header.ts';

const [count = '0', seed = '1'] = process.argv.slice(2);
const cpuLimitMs = 1000;

const headers = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.header'))
  .sort()
  .map((name) => readFileSync(join(fixtures, name)));

const random = seededRandom(Number(seed));
const below = (limit: number) => Math.floor(random() * limit);
const pick = <T>(values: readonly T[]): T => {
  const value = values[below(values.length)];
  if (value === undefined) throw new Error('nothing to pick from');
  return value;
};

const interesting = [
  0n,
  1n,
  4095n,
  4096n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x7fff_ffff_ffff_ffffn,
  0xffff_ffff_ffff_f000n,
  0xffff_ffff_ffff_ffffn,
];

const changes: readonly ((bytes: Buffer) => Buffer)[] = [
  (bytes) => bytes.subarray(0, below(bytes.length + 1)),
  (bytes) => Buffer.concat([bytes, Buffer.alloc(1 + below(100), below(256))]),
  (bytes) => splice(bytes, below(bytes.length), Buffer.of(below(256))),
  (bytes) => splice(bytes, below(bytes.length), Buffer.alloc(1 + below(16), 0xff)),
  (bytes) => splice(bytes, below(bytes.length / 4) * 4, number64(pick(interesting))),
  (bytes) => splice(bytes, below(bytes.length / 4) * 4, number64(pick(interesting)).subarray(0, 4)),
  (bytes) => splice(bytes, below(bytes.length), slice(bytes)),
  (bytes) => splice(bytes, below(bytes.length), slice(pick(headers))),
  (bytes) => {
    const at = below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), slice(bytes), bytes.subarray(at)]);
  },
];

/** The same length, with `part` over what is at `at`. */
function splice(bytes: Buffer, at: number, part: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at + part.length)]);
}

function slice(bytes: Buffer): Buffer {
  const at = below(bytes.length);
  return bytes.subarray(at, at + 1 + below(64));
}

function number64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** A header changed as a file, or, where it is compressed, also inside and packed again with checksums that are right. */
function mutate(): Buffer {
  const header = pick(headers);
  const within = header.readUInt16LE(0) >= 4 && random() < 0.6;
  let bytes = within ? unpack(header) : header;
  for (let left = 1 + below(3); left > 0; left -= 1) bytes = pick(changes)(bytes);
  return within ? wrapBlock(header.subarray(0, 64), header[64] ?? 0, bytes) : bytes;
}

function unpack(header: Buffer): Buffer {
  const frame = bytesInMemory(header.subarray(69));
  return Buffer.from(decodeWholeLz4Frame(frame, header.readUInt32LE(65)));
}

/** What holds of every header that is taken. */
function check({ mapping, virtualBytes }: LayerHeader): void {
  let end = 0;
  let ranges = 0;
  for (const range of mapping.ranges()) {
    if (range.offsetBytes < end || range.lengthBytes <= 0) throw new Error('ranges overlap');
    end = range.offsetBytes + range.lengthBytes;
    ranges += 1;
  }
  if (end > Math.ceil(virtualBytes / 4096) * 4096) throw new Error('a range lies outside the image');
  if (ranges !== mapping.count) throw new Error('the count is not that of the ranges');
}

let [values, errors, slowestMs] = [0, 0, 0];
for (let index = 0; index < Number(count); index += 1) {
  const bytes = mutate();
  const before = process.cpuUsage();
  try {
    check(parseHeader(bytes, `header ${index}`));
    values += 1;
  } catch (error) {
    if (!(error instanceof SnapgateError) || error.code !== 'record') throw error;
    errors += 1;
  }
  const { user, system } = process.cpuUsage(before);
  slowestMs = Math.max(slowestMs, (user + system) / 1000);
  if (slowestMs > cpuLimitMs) throw new Error(`header ${index} took ${slowestMs} ms of processor time`);
}
process.stdout.write(JSON.stringify({ values, errors, peakBytes: process.resourceUsage().maxRSS * 1024 }));
