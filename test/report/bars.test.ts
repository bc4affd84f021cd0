import { describe, expect, it } from 'vitest';
import type { SideSummary } from '../../src/gate/record.ts';
import { bootBars } from '../../src/report/bars.ts';
import { median } from '../../src/stats/median.ts';
import { seededRandom } from '../stats/random.ts';

function summary(bootLocations: readonly number[]): SideSummary {
  return { median: median(bootLocations), bootLocations: [...bootLocations], samples: bootLocations.length };
}

function bars(base: readonly number[] | undefined, head: readonly number[] | undefined): string {
  return bootBars({ base: base && summary(base), head: head && summary(head) });
}

const glyphs = '·▁▂▃▄▅▆▇█';

describe('the bars of a row', () => {
  it.each([
    [[8, 8, 8], [8, 8, 8], '███ → ███'],
    [[4, 4, 4], [8, 8, 8], '▄▄▄ → ███'],
    [[8, 7, 6, 5], [4, 3, 2, 1], '█▇▆▅ → ▄▃▂▁'],
    [[800], [799], '█ → █'],
    [[0, 0], [1, 2], '·· → ▄█'],
    [[0], [0], '· → ·'],
    [[1000], [1], '█ → ▁'],
    [undefined, [3, 6], '▄█'],
    [[3, 6], undefined, '▄█'],
    [undefined, undefined, ''],
  ])('%j and %j: %s', (base, head, wanted) => {
    expect(bars(base, head)).toBe(wanted);
  });

  it('start at 0: a bar is as high as its value, to the sixteenth, and never nothing for something', () => {
    const random = seededRandom(8);
    for (let round = 0; round < 200; round += 1) {
      const [base, head] = [0, 1].map(() => Array.from({ length: 5 }, () => random() ** 3 * 1e9)) as [
        number[],
        number[],
      ];
      const most = Math.max(...base, ...head);
      const shown = Array.from(bars(base, head).replace(' → ', ''));
      for (const [index, value] of [...base, ...head].entries()) {
        const height = glyphs.indexOf(shown[index] ?? '') / 8;
        expect(Math.abs(height - value / most)).toBeLessThanOrEqual(value / most < 1 / 16 ? 1 / 8 : 1 / 16);
        expect(height).toBeGreaterThan(0);
      }
    }
  });

  it('of more than eight boots are eight of them, from the lowest to the highest', () => {
    const many = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(bars(many, many)).toBe('▁▁▂▃▅▆▇█ → ▁▁▂▃▅▆▇█');
    const stray = [...Array.from({ length: 60 }, () => 10), 80];
    expect(bars(stray, [10])).toBe('▁▁▁▁▁▁▁█ → ▁');
    expect(
      bars(
        Array.from({ length: 9 }, () => 1),
        [1],
      ),
    ).toBe('████████ → █');
  });

  it('stand what no measurement has, but a record may', () => {
    expect(bars([-5, 1e308], [1e308, -1e308])).toBe('·█ → █·');
    expect(bars([], [1])).toBe(' → █');
    const lots = Array.from({ length: 300_000 }, (_, index) => index);
    expect(bars(lots, [1])).toHaveLength(8 + 3 + 1);
  });
});
