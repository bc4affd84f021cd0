import { describe, expect, it } from 'vitest';
import { findMappings } from '../../src/engine/vm/guest-memory.ts';

const mebibyte = 1024 * 1024;
const path = '/var/tmp/snapgate-run-1/boot/ram';

/** Lines of /proc/PID/maps as Linux writes them; the path begins at column 73 where the rest leaves room. */
function mapsLine(from: number, bytes: number, offset: number, name: string, permissions = 'rw-p'): string {
  const hex = (value: number) => value.toString(16).padStart(8, '0');
  const fields = `${hex(from)}-${hex(from + bytes)} ${permissions} ${hex(offset)} fe:00 1234567 `;
  return `${fields.padEnd(73)}${name}`;
}

const others = [
  mapsLine(0x55d0_0000_0000, mebibyte, 0, '/usr/bin/qemu-system-x86_64', 'r-xp'),
  mapsLine(0x7f00_0000_0000, mebibyte, 0, ''),
  mapsLine(0x7f10_0000_0000, mebibyte, 0, '/dev/zero (deleted)', 'rw-s'),
  mapsLine(0x7ffd_0000_0000, mebibyte, 0, '[stack]'),
];

function find(lines: readonly string[], bytes: number, at = path) {
  return findMappings(`${[...others, ...lines].join('\n')}\n`, at, bytes);
}

describe('findMappings', () => {
  it('finds the one private mapping', () => {
    expect(find([mapsLine(0x7f20_0000_0000, 128 * mebibyte, 0, path)], 128 * mebibyte)).toEqual([
      { address: 0x7f20_0000_0000, bytes: 128 * mebibyte, offset: 0 },
    ]);
  });

  it('gives the parts of a mapping that was split, in the order of the file', () => {
    const lines = [
      mapsLine(0x7f20_0300_0000, mebibyte, 3 * mebibyte, path, 'r--p'),
      mapsLine(0x7f20_0000_0000, 3 * mebibyte, 0, path),
    ];
    expect(find(lines, 4 * mebibyte).map(({ offset, bytes }) => [offset, bytes])).toEqual([
      [0, 3 * mebibyte],
      [3 * mebibyte, mebibyte],
    ]);
  });

  it.each([
    ['spaces', '/tmp/a  b /ram', '/tmp/a  b /ram'],
    ['a line feed, which the kernel writes in octal', '/tmp/a\nb/ram', '/tmp/a\\012b/ram'],
    ['a backslash, which it leaves alone', '/tmp/a\\b/ram', '/tmp/a\\b/ram'],
    ['what looks like a regular expression', '/tmp/(a+)[b]$/ram', '/tmp/(a+)[b]$/ram'],
  ])('knows a path with %s', (_what, at, shown) => {
    expect(find([mapsLine(0x7f20_0000_0000, mebibyte, 0, shown)], mebibyte, at)).toHaveLength(1);
  });

  it.each([
    ['not mapped at all', []],
    ['a file of the same name elsewhere', [mapsLine(0x7f20_0000_0000, mebibyte, 0, `/other${path}`)]],
    ['a file whose name begins alike', [mapsLine(0x7f20_0000_0000, mebibyte, 0, `${path}.old`)]],
    ['a file that was replaced', [mapsLine(0x7f20_0000_0000, mebibyte, 0, `${path} (deleted)`)]],
    ['shared, whose pages are the file itself', [mapsLine(0x7f20_0000_0000, mebibyte, 0, path, 'rw-s')]],
    ['less than all of it', [mapsLine(0x7f20_0000_0000, mebibyte / 2, 0, path)]],
    [
      'a hole in the middle',
      [
        mapsLine(0x7f20_0000_0000, mebibyte / 4, 0, path),
        mapsLine(0x7f30_0000_0000, mebibyte / 4, mebibyte / 2, path),
      ],
    ],
    ['twice', [mapsLine(0x7f20_0000_0000, mebibyte, 0, path), mapsLine(0x7f30_0000_0000, mebibyte, 0, path)]],
  ])('throws where the file is %s', (_what, lines) => {
    expect(() => find(lines, mebibyte)).toThrow(/is mapped/);
  });
});
