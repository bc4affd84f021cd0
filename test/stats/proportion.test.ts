import { describe, expect, it } from 'vitest';
import { proportionOf } from '../../src/stats/proportion.ts';

describe('the interval of a share', () => {
  it.each([
    [1, 10],
    [5, 10],
    [30, 1000],
    [999, 1000],
  ])('%i of %i ends where the score test is at its limit', (count, trials) => {
    const { value, low, high } = proportionOf(count, trials);
    expect(value).toBe(count / trials);
    for (const bound of [low, high]) {
      const distance = Math.abs(value - bound) / Math.sqrt((bound * (1 - bound)) / trials);
      expect(distance).toBeCloseTo(1.959964, 4);
    }
  });

  it('of none and of all ends at 0 and at 1', () => {
    expect(proportionOf(0, 1000)).toMatchObject({
      value: 0,
      low: 0,
      high: expect.closeTo(1 - 1000 / (1000 + 1.959964 ** 2), 5),
    });
    expect(proportionOf(7, 7)).toMatchObject({
      value: 1,
      high: 1,
      low: expect.closeTo(7 / (7 + 1.959964 ** 2), 5),
    });
  });
});
