import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { type BootedPoint, planByHistory, type UsualRequest } from '../../src/gate/usual.ts';
import { boundOf } from '../../src/stats/planning.ts';
import { commitOf, dateOf } from './stored-history.ts';

const metric = 'memfile.writtenBytes';

const offs = [0.5, -0.5, 1, -1, 1.7, -1.7, 1, -1];

/** Entries about one level, whose median absolute deviation is that of measurements by so many boots, of which one spreads by `spread`. */
function entriesOf(spread: number, { boots = 4, count = 40, pages = 1000 } = {}): BootedPoint[] {
  const off = (0.6745 * spread) / Math.sqrt(boots);
  return Array.from({ length: count }, (_, index) => ({
    commit: commitOf(index),
    measuredAt: dateOf(index),
    boots,
    scenarios: [
      {
        name: 'idle-2s',
        medians: { [metric]: 4096 * pages * Math.exp((offs[index % offs.length] ?? 0) * off) },
      },
    ],
  }));
}

function plan(
  entries: readonly BootedPoint[],
  inputs: Record<string, string> = {},
  more: Partial<UsualRequest> = {},
) {
  const { gate, measure } = readConfig({ 'min-growth': '1B', scenarios: 'idle-2s', ...inputs }, undefined);
  return planByHistory(entries, {
    scenarios: measure.scenarios,
    gate,
    leastBoots: measure.boots,
    mostBoots: measure.maxBoots,
    ...more,
  });
}

describe('the boots that an image usually needs', () => {
  // One-sided 95 % quantiles of Student's t from a printed table, for 2 (n - 1) degrees.
  const table = new Map([
    [2, 2.92],
    [3, 2.132],
    [4, 1.943],
    [5, 1.86],
    [6, 1.812],
    [7, 1.782],
    [8, 1.761],
    [9, 1.746],
    [10, 1.734],
  ]);

  test.each([0.01, 0.02, 0.03, 0.04, 0.05, 0.06])(
    'with boots that spread by %d are those of the table',
    (spread) => {
      const needed = [...table].find(
        ([boots, quantile]) => quantile * spread * Math.sqrt(2 / boots) <= Math.log1p(0.05),
      )?.[0];
      const planned = plan(entriesOf(spread));
      expect(planned).toMatchObject({ leastBoots: needed, suffices: true });
      expect(planned?.sentence).toMatch(
        new RegExp(
          `^this image usually needs ${needed} pairs of boots: boots of idle-2s spread by about \\d`,
        ),
      );
    },
  );

  test('are as many whatever boots a stored measurement is of', () => {
    const planned = [3, 5, 9].map((boots) => plan(entriesOf(0.04, { boots }))?.leastBoots);
    expect(new Set(planned).size).toBe(1);
  });

  test('are never fewer than are asked for, and no more than that where even the most will not do', () => {
    expect(plan(entriesOf(0.001))?.leastBoots).toBe(2);
    expect(plan(entriesOf(0.001), {}, { leastBoots: 5 })?.leastBoots).toBe(5);
    expect(plan(entriesOf(0.04), { 'max-boots': '3' })?.leastBoots).toBe(2);
  });

  test('that are more than there may be are said, with what would do', () => {
    const entries = entriesOf(0.1);
    const planned = plan(entries);
    expect(planned).toMatchObject({ leastBoots: 2, suffices: false });
    const [, boots, floor] =
      /^max-boots of 10 will often not do: boots of idle-2s spread by about 10\.\d %.* rule out a growth above 5 % .*; max-boots of (\d+), or min-growth of ([\d.]+ KiB) would$/.exec(
        planned?.sentence ?? '',
      ) ?? [];
    expect(plan(entries, { 'max-boots': boots ?? '' })).toMatchObject({
      leastBoots: Number(boots),
      suffices: true,
    });
    expect(plan(entries, { 'max-boots': String(Number(boots) - 1) })?.suffices).toBe(false);
    // It is said in three digits.
    const kibi = Math.ceil(Number(floor?.split(' ')[0]) + 1);
    expect(plan(entries, { 'min-growth': `${kibi}KiB` })?.suffices).toBe(true);
    expect(plan(entries, { 'min-growth': `${Math.floor(kibi * 0.9)}KiB` })?.suffices).toBe(false);
  });

  test('are more where the base has few boots and gets no further ones', () => {
    const alone = plan(entriesOf(0.03))?.leastBoots ?? 0;
    const few = plan(entriesOf(0.03), {}, { baseBoots: 2 })?.leastBoots ?? 0;
    const many = plan(entriesOf(0.03), {}, { baseBoots: 50 })?.leastBoots ?? 0;
    expect(few).toBeGreaterThan(alone);
    expect(many).toBeLessThan(alone);
  });

  test('are told by min-growth alone where numbers are 0', () => {
    const entries = entriesOf(0.1).map((entry, index) =>
      index === 7 ? { ...entry, scenarios: [{ name: 'idle-2s', medians: { [metric]: 0 } }] } : entry,
    );
    expect(plan(entries, { 'min-growth': '100MiB' })).toMatchObject({ leastBoots: 2, suffices: true });
    expect(plan(entries, { 'min-growth': '1KiB' })?.suffices).toBe(false);
  });

  test('are of cycles: a scenario that repeats may have as many times as much', () => {
    const request = { scenarios: [{ name: 'idle-2s', repeat: 4 }] };
    const once = plan(entriesOf(0.1), { 'min-growth': '200KiB' });
    const four = plan(entriesOf(0.1), { 'min-growth': '50KiB' }, request);
    expect(four?.leastBoots).toBe(once?.leastBoots);
    expect(once?.suffices).toBe(four?.suffices);
  });

  test.each([
    ['of nine entries', entriesOf(0.04, { count: 9 })],
    ['of another scenario', entriesOf(0.04).map((entry) => ({ ...entry, scenarios: [] }))],
    ['that is empty', []],
  ])('are not known from a history %s', (_, entries) => {
    expect(plan(entries)).toBeUndefined();
  });

  test('do not count steps as noise', () => {
    const steps = entriesOf(0.01).map((entry, index) => ({
      ...entry,
      scenarios: entry.scenarios.map(({ name, medians }) => ({
        name,
        medians: { [metric]: (medians[metric] ?? 0) * (index < 20 ? 1 : 1.5) },
      })),
    }));
    expect(plan(steps)?.leastBoots).toBe(plan(entriesOf(0.01))?.leastBoots);
  });

  test('bound what nothing is told to be at most', () => {
    // t(0.95; 4) = 2.1318
    expect(boundOf(0.02, 3, { level: 0.95 })).toBeCloseTo(2.1318 * 0.02 * Math.sqrt(2 / 3), 5);
    // t(0.95; 6) = 1.9432
    expect(boundOf(0.02, 3, { level: 0.95, others: 5 })).toBeCloseTo(
      1.9432 * 0.02 * Math.sqrt(1 / 3 + 1 / 5),
      5,
    );
  });
});
