import { describe, expect, test } from 'vitest';
import {
  bootsPvh,
  type FirecrackerVersion,
  parseVersion,
  refusedVersion,
  requireSoundDiffs,
  trackingField,
} from '../../../src/engine/firecracker/version.ts';

function version(text: string): FirecrackerVersion {
  const parsed = parseVersion(text);
  if (parsed === undefined) throw new Error(`${text} is no version`);
  return parsed;
}

test.each([
  ['Firecracker v1.16.1', { major: 1, minor: 16, patch: 1 }],
  ['Firecracker v1.7.0-dev', { major: 1, minor: 7, patch: 0 }],
  ['Jailer v1.12.1', { major: 1, minor: 12, patch: 1 }],
  ['1.12.1', { major: 1, minor: 12, patch: 1 }],
  ['Firecracker v1.12.0-nemo', { major: 1, minor: 12, patch: 0 }],
  ['Firecracker', undefined],
  ['Firecracker v1.16', undefined],
  ['Firecracker v1.16.12345', undefined],
  ['GNU bash, version 5.2.15(1)-release', undefined],
  ['', undefined],
])('%j is read as %j', (text, expected) => {
  expect(parseVersion(text)).toEqual(expected);
});

test.each([
  ['1.7.0', undefined],
  ['1.16.1', undefined],
  ['1.99.0', undefined],
  ['1.6.9', 'it is older than 1.7.0, the oldest that snapgate drives'],
  ['0.25.2', 'it is older than 1.7.0, the oldest that snapgate drives'],
  ['2.0.0', 'its API is of a major version that snapgate does not know'],
])('%s: %s', (text, refused) => {
  expect(refusedVersion(version(text))).toBe(refused);
});

test.each([
  ['1.7.0', 'enable_diff_snapshots', false],
  ['1.11.0', 'enable_diff_snapshots', false],
  ['1.12.1', 'enable_diff_snapshots', true],
  ['1.13.0', 'track_dirty_pages', true],
  ['1.16.1', 'track_dirty_pages', true],
])('%s tracks by %s, and boots PVH kernels: %s', (text, field, pvh) => {
  expect(trackingField(version(text))).toBe(field);
  expect(bootsPvh(version(text))).toBe(pvh);
});

describe('diffs of guests over 3 GiB', () => {
  const gibi = 1024 ** 3;

  test.each([
    ['1.14.4', 3 * gibi],
    ['1.15.0', 3 * gibi + 1024 ** 2],
    ['1.16.1', 64 * gibi],
  ])('are sound on %s with %i bytes', (text, bytes) => {
    expect(() => requireSoundDiffs(version(text), bytes)).not.toThrow();
  });

  test('are refused before 1.15', () => {
    expect(() => requireSoundDiffs(version('1.14.4'), 3 * gibi + 1024 ** 2)).toThrow(
      'Firecracker before 1.15 writes corrupt Diff snapshots of guests over 3 GiB, and this guest has 3.00 GiB',
    );
  });
});
