import { describe, expect, it } from 'vitest';
import { nearestName, quoteText, unknownName } from '../../src/config/names.ts';
import { seededRandom } from '../stats/random.ts';

describe('nearestName', () => {
  it.each([
    ['fail-abov', 'fail-above'],
    ['FAIL-ABOVE', 'fail-above'],
    ['pase', 'pause'],
    ['idel-2s', 'idle-2s'],
    ['', undefined],
    ['xyz', undefined],
    ['something-else-entirely', undefined],
  ])('%j → %s', (name, nearest) => {
    expect(nearestName(name, ['fail-above', 'pause', 'idle-2s', 'idle-5s', 'kvm'])).toBe(nearest);
  });

  it('finds a name back after one slip of the hand, and is no slower for a long one', () => {
    const random = seededRandom(5);
    const existing = ['memory-size', 'boot-timeout', 'time-budget', 'ready-command', 'output-dir'];
    for (const name of existing) {
      const at = Math.floor(random() * name.length);
      expect(nearestName(`${name.slice(0, at)}${name.slice(at + 1)}`, existing)).toBe(name);
      expect(nearestName(`${name.slice(0, at)}q${name.slice(at)}`, existing)).toBe(name);
      expect(nearestName(`${name.slice(0, at)}q${name.slice(at + 1)}`, existing)).toBe(name);
    }
    expect(nearestName('x'.repeat(1e6), existing)).toBeUndefined();
  });
});

describe('unknownName', () => {
  it('says where, what, and that there is nothing to name where there is nothing', () => {
    expect(unknownName('here', 'scenario', 'a', [])).toMatchObject({
      message: 'here: no scenario is called "a"',
      remedy: 'There is no scenario to name.',
    });
  });
});

describe('quoteText', () => {
  it('is one line of at most 60 characters and its quotes', () => {
    expect(quoteText('a"b\nc')).toBe('"a\\"b\\nc"');
    expect(quoteText('x'.repeat(60))).toBe(`"${'x'.repeat(60)}"`);
    expect(quoteText('x'.repeat(61))).toBe(`"${'x'.repeat(60)}…"`);
  });
});
