import { describe, expect, it } from 'vitest';
import { requireBoundedJson } from '../../src/github/bounded-json.ts';
import { SnapgateError } from '../../src/host/error.ts';

const small = { bytes: 1000, depth: 3, values: 10 };

function fault(text: string): string | undefined {
  try {
    requireBoundedJson(text, 'it', small);
    return undefined;
  } catch (error) {
    if (error instanceof SnapgateError && error.code === 'record') return error.message;
    throw error;
  }
}

describe('a foreign JSON text', () => {
  it.each([
    '',
    '{}',
    '[[[1]]]',
    '[1,2,3,4,5,6,7,8,9]',
    JSON.stringify({ text: '[[[[[[{{{{,,,,,,,,,,,,\\"[[[[' }),
    JSON.stringify('\\'),
    '"never ends [[[[[',
    '"ends in a backslash \\',
  ])('passes: %s', (text) => {
    expect(fault(text)).toBeUndefined();
  });

  it('is refused beyond each limit, and not at it', () => {
    expect(fault('[[[[1]]]]')).toBe('it nests more than 3 deep');
    expect(fault('{"a":{"b":{"c":{}}}}')).toBe('it nests more than 3 deep');
    expect(fault('[1,2,3,4,5,6,7,8,9,10]')).toBeUndefined();
    expect(fault('[1,2,3,4,5,6,7,8,9,10,11]')).toBe('it holds more than 10 values');
    expect(fault(JSON.stringify('x'.repeat(998)))).toBeUndefined();
    expect(fault(JSON.stringify('é'.repeat(500)))).toMatch(/^it is larger than/);
  });

  it('counts as JSON.parse would, whatever is in its strings', () => {
    const texts = ['\\', '"', '[', ',', '{', '\\"', '\u2028', '💥'];
    for (let seed = 0; seed < 2000; seed += 1) {
      const string = Array.from({ length: seed % 7 }, (_, at) => texts[(seed * 31 + at * 17) % texts.length]);
      const value = [[string.join('')], { [string.join('')]: 1 }];
      expect(fault(JSON.stringify(value))).toBeUndefined();
      expect(fault(JSON.stringify([[value]]))).toBe('it nests more than 3 deep');
    }
  });

  it('is looked at in a moment, even the largest', () => {
    const started = Date.now();
    expect(() => requireBoundedJson('['.repeat(16 * 1024 ** 2), 'it')).toThrow('deep');
    expect(() => requireBoundedJson(`[${'1,'.repeat(8 * 1024 ** 2 - 2)}1]`, 'it')).toThrow('values');
    requireBoundedJson(`"${'\\"'.repeat(8 * 1024 ** 2 - 2)}"`, 'it');
    expect(Date.now() - started).toBeLessThan(5000);
  });
});
