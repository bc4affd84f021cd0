import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SnapgateError } from '../../src/host/error.ts';
import { placeInCheckout, resolveCheckoutPath } from '../../src/image/checkout-path.ts';
import { temporaryFolder } from '../baseline/repository.ts';

let folder: ReturnType<typeof temporaryFolder>;
let checkout: string;
let outside: string;

beforeEach(() => {
  folder = temporaryFolder();
  checkout = join(realpathSync(folder.path), 'checkout');
  outside = join(realpathSync(folder.path), 'outside');
  mkdirSync(join(checkout, 'sub'), { recursive: true });
  mkdirSync(`${checkout}-beside`);
  for (const path of [join(checkout, 'sub/file'), outside, join(`${checkout}-beside`, 'file')])
    writeFileSync(path, '');
  symlinkSync('sub/file', join(checkout, 'inner'));
  symlinkSync('../outside', join(checkout, 'away'));
  symlinkSync('/etc', join(checkout, 'etc'));
  symlinkSync('nowhere', join(checkout, 'dangling'));
  symlinkSync('loop', join(checkout, 'loop'));
  symlinkSync(checkout, join(folder.path, 'checkout-link'));
});
afterEach(() => folder[Symbol.dispose]());

const resolve = (path: string, absolute: 'allowed' | 'refused' = 'refused', from = checkout) =>
  resolveCheckoutPath(from, path, 'dockerfile', absolute);

function complaint(path: string, absolute: 'allowed' | 'refused' = 'refused'): SnapgateError {
  try {
    resolve(path, absolute);
  } catch (error) {
    if (error instanceof SnapgateError) return error;
    throw error;
  }
  throw new Error(`${path} is fine`);
}

test.each(['sub/file', './sub//file', 'sub/../sub/file', 'inner'])('%s is in the checkout', (path) => {
  expect(resolve(path)).toBe(join(checkout, 'sub/file'));
});

test('an absolute path into the checkout is, too, also where the checkout is given by a symlink', () => {
  expect(resolve(join(checkout, 'inner'))).toBe(join(checkout, 'sub/file'));
  const link = join(folder.path, 'checkout-link');
  for (const path of ['inner', join(link, 'inner'), join(checkout, 'inner')])
    expect(resolve(path, 'refused', link)).toBe(join(checkout, 'sub/file'));
});

test('an absolute path elsewhere is the user’s own, where it is allowed', () => {
  expect(resolve(outside, 'allowed')).toBe(outside);
});

describe('what leads out', () => {
  test.each(['..', '../outside', 'sub/../../outside', 'away', 'etc/passwd', '../checkout-beside/file'])(
    '%s',
    (path) => {
      const error = complaint(path, 'allowed');
      expect(error.code).toBe('usage');
      expect(error.message).toBe(`dockerfile: ${path} leads out of the checkout`);
    },
  );

  test('an absolute path elsewhere, where it is not allowed', () => {
    for (const path of [outside, '/etc/passwd', join(`${checkout}-beside`, 'file')])
      expect(complaint(path).message).toContain('leads out of the checkout');
  });

  test('a symlink in the checkout, by its absolute path', () => {
    for (const absolute of ['allowed', 'refused'] as const)
      for (const name of ['away', 'etc/passwd'])
        expect(complaint(join(checkout, name), absolute).message).toContain('leads out of the checkout');
  });

  test('what is not there yet', () => {
    expect(placeInCheckout(checkout, 'later/rootfs.tar', 'rootfs', 'allowed')).toBe(
      join(checkout, 'later/rootfs.tar'),
    );
    expect(() => placeInCheckout(checkout, '../later', 'rootfs', 'allowed')).toThrow(
      'leads out of the checkout',
    );
  });
});

describe('what is not there', () => {
  test.each(['nothing', 'sub/nothing', 'sub/file/below', 'dangling', 'loop'])('%s', (path) => {
    const error = complaint(path);
    expect(error.code).toBe('image');
    expect(error.message).toBe(`dockerfile: ${path} is not in ${checkout}`);
    expect(error.remedy).toContain('below the checkout of the side');
  });

  test('an absolute path', () => {
    expect(complaint('/no/such/file', 'allowed').message).toBe('dockerfile: there is no /no/such/file');
  });

  test.each(['', 'a\0b'])('%j is no path', (path) => {
    expect(complaint(path).code).toBe('usage');
  });
});
