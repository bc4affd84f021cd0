import { describe, expect, it } from 'vitest';
import { baseOf, headOf } from '../../src/config/base.ts';

describe('baseOf', () => {
  it.each([
    ['auto', { kind: 'auto' }],
    [' none\n', { kind: 'none' }],
    ['cache', { kind: 'cache' }],
    ['ref:main', { kind: 'ref', ref: 'main' }],
    ['ref:refs/tags/v1.4.0', { kind: 'ref', ref: 'refs/tags/v1.4.0' }],
    ['ref:HEAD~1', { kind: 'ref', ref: 'HEAD~1' }],
    [
      'image:registry.example:5000/guest:1@sha256:ab',
      { kind: 'image', reference: 'registry.example:5000/guest:1@sha256:ab' },
    ],
    ['rootfs:old guest.ext4', { kind: 'rootfs', path: 'old guest.ext4' }],
    ['rootfs:c:/x', { kind: 'rootfs', path: 'c:/x' }],
    ['measurement:nightly/measurement.json', { kind: 'measurement', path: 'nightly/measurement.json' }],
  ])('%j', (text, base) => {
    expect(baseOf(text, 'base')).toEqual(base);
  });

  it.each([
    '',
    'main',
    'AUTO',
    'auto:',
    'none:x',
    ':main',
    'ref:',
    'ref: ',
    'image:',
    'rootfs:',
    'measurement:',
    'Ref:main',
    'branch:main',
    'https://example.org/x',
    'rootfs:a\nb',
    'rootfs:a\0b',
    'constructor:x',
  ])('%j is not a base, and the error says what is one', (text) => {
    expect(() => baseOf(text, 'snapgate.yml:3:9: base')).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: `snapgate.yml:3:9: base: ${JSON.stringify(text)} is not a base`,
        remedy: expect.stringContaining('a branch called main is ref:main'),
      }),
    );
  });

  it.each(['--upload-pack=x', '-x', 'main topic', 'a\tb'])('%j cannot be a git ref', (ref) => {
    expect(() => baseOf(`ref:${ref}`, 'base')).toThrow(/^base: ".*" cannot be a git ref$/);
  });
});

describe('headOf', () => {
  it('is what is checked out, or anything that a base can be but a way to find one', () => {
    expect(headOf('checkout', 'head')).toEqual({ kind: 'checkout' });
    expect(headOf('measurement:a.json', 'head')).toEqual({ kind: 'measurement', path: 'a.json' });
    for (const text of ['auto', 'cache', 'none', 'checkout:x'])
      expect(() => headOf(text, 'head')).toThrow(/^head: ".*" is not a head$/);
  });
});
