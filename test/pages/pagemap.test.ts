import { describe, expect, it } from 'vitest';
import { addWrittenPages } from '../../src/pages/pagemap.ts';
import { seededRandom } from '../stats/random.ts';

/** The rule with 64-bit numbers, as Documentation/admin-guide/mm/pagemap.rst says it. */
function isWritten(entry: bigint): boolean {
  const bit = (number: bigint) => (entry >> number) & 1n;
  return (bit(63n) === 1n || bit(62n) === 1n) && bit(61n) === 0n;
}

/** Entries as the kernel gives them: little-endian u64. */
function asPairs(entries: readonly bigint[]): Uint32Array {
  const bytes = Buffer.alloc(entries.length * 8);
  entries.forEach((entry, index) => {
    bytes.writeBigUInt64LE(entry, index * 8);
  });
  return new Uint32Array(bytes.buffer, bytes.byteOffset, entries.length * 2);
}

describe('addWrittenPages', () => {
  it.each([
    ['never touched', 0n, false],
    ['read: the page of the file', (1n << 63n) | (1n << 61n) | 0x1234n, false],
    ['written: a page of its own', (1n << 63n) | 0x1234n, true],
    ['written, mapped by this process alone', (1n << 63n) | (1n << 56n) | (1n << 55n) | 0x1234n, true],
    ['written, then swapped out', (1n << 62n) | (5n << 5n), true],
    ['the file is on a tmpfs whose page is swapped out', (1n << 62n) | (1n << 61n), false],
    ['soft-dirty alone', 1n << 55n, false],
  ])('%s', (_what, entry, written) => {
    const into = new Uint32Array(1);
    expect(addWrittenPages(asPairs([entry]), 7, into, 0)).toBe(written ? 1 : 0);
    expect(into[0]).toBe(written ? 7 : 0);
  });

  it('agrees with 64-bit arithmetic on random entries, in parts', () => {
    const random = seededRandom(11);
    const word = () => BigInt(Math.floor(random() * 2 ** 32));
    const entries = Array.from({ length: 5000 }, () => (word() << 32n) | word());
    const into = new Uint32Array(entries.length);
    let length = 0;
    for (let from = 0; from < entries.length; from += 700)
      length = addWrittenPages(asPairs(entries.slice(from, from + 700)), 90_000 + from, into, length);
    const expected = entries.flatMap((entry, index) => (isWritten(entry) ? [90_000 + index] : []));
    expect([...into.subarray(0, length)]).toEqual(expected);
  });
});
