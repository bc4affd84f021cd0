import { describe, expect, it } from 'vitest';
import { type Contrast, contrastSides, type Interval } from '../../src/stats/contrast.ts';
import { median } from '../../src/stats/median.ts';
import { normalFrom, seededRandom } from './random.ts';

type Sides = readonly [readonly number[], readonly number[]];

const random = seededRandom(66);
const normal = normalFrom(random);

function boots(most: number, draw: () => number): number[] {
  return Array.from({ length: 1 + Math.floor(random() * most) }, draw);
}

/** Sides of 1 to 10 boots as they are measured: lognormal, or in whole pages with many ties, zeros among them at times. */
const drawn: readonly Sides[] = Array.from({ length: 400 }, (_, run) => {
  const kinds = [
    () => 1e6 * Math.exp(0.3 * normal()),
    () => 4096 * (15 + Math.floor(random() * 4)),
    () => 4096 * Math.floor(random() * 3),
    () => 300 * Math.exp(0.01 * normal()),
  ];
  const draw = kinds[run % kinds.length] ?? random;
  return [boots(10, draw), boots(10, draw)];
});
const positive = drawn.filter((sides) => sides.flat().every((value) => value > 0));

const scale = (values: readonly number[], factor: number) => values.map((value) => value * factor);

function boundsOf({ value, low, high }: Interval): readonly number[] {
  return [value, low, high].flatMap((bound) => bound ?? []);
}

/** Relative to the largest of what is compared. */
function expectClose(actual: readonly number[], expected: readonly number[], digits = 9): void {
  const unit = Math.max(...expected.map(Math.abs), Number.MIN_VALUE);
  expect(actual.length).toBe(expected.length);
  for (const [index, value] of expected.entries())
    expect((actual[index] ?? Number.NaN) / unit).toBeCloseTo(value / unit, digits);
}

/** Ratios of head to base: 1 more than the growth, which is near 0 where rounding is all there is. */
function ratiosOf({ growth }: Contrast): readonly number[] {
  return growth === undefined ? [] : boundsOf(growth).map((bound) => bound + 1);
}

describe('contrastSides', () => {
  it('has the same growth in any unit, and the difference in that unit', () => {
    for (const [base, head] of drawn) {
      const plain = contrastSides(base, head);
      for (const unit of [1 / 4096, 3, 1e9]) {
        const scaled = contrastSides(scale(base, unit), scale(head, unit));
        expectClose(ratiosOf(scaled), ratiosOf(plain));
        expectClose(scale(boundsOf(scaled.difference), 1 / unit), boundsOf(plain.difference));
        expect(scaled.pValue === undefined).toBe(plain.pValue === undefined);
        expect(scaled.pValue ?? 0).toBeCloseTo(plain.pValue ?? 0, 9);
      }
    }
  });

  it('has the ratio r of head to base where it has 1 / r of base to head, and the interval so', () => {
    expect(positive.length).toBeGreaterThan(200);
    for (const [base, head] of positive) {
      const [there, back] = [contrastSides(base, head), contrastSides(head, base)];
      const [value = Number.NaN, ...ends] = ratiosOf(back).map((ratio) => 1 / ratio);
      expectClose(ratiosOf(there), [value, ...ends.toReversed()]);
      expect(there.pValue ?? 0).toBeCloseTo(back.pValue ?? 0, 12);
    }
  });

  it('has the opposite difference of the sides exchanged', () => {
    for (const [base, head] of drawn) {
      const [value = Number.NaN, ...ends] = boundsOf(contrastSides(head, base).difference).map((end) => -end);
      expectClose(boundsOf(contrastSides(base, head).difference), [value, ...ends.toReversed()]);
    }
  });

  it('does not care for the order of the boots', () => {
    for (const [base, head] of drawn) {
      const turned = contrastSides(base.toReversed(), head.toSorted());
      const plain = contrastSides(base, head);
      expectClose(ratiosOf(turned), ratiosOf(plain));
      expectClose(boundsOf(turned.difference), boundsOf(plain.difference));
    }
  });

  it('grows, estimate and both ends, where all of head grows by a share', () => {
    for (const [base, head] of positive) {
      const before = ratiosOf(contrastSides(base, head));
      const after = ratiosOf(contrastSides(base, scale(head, 1.1)));
      expectClose(
        after,
        before.map((ratio) => ratio * 1.1),
      );
    }
  });

  it('never estimates less where any boot of head is more, or of base less', () => {
    for (const [base, head] of drawn) {
      const before = contrastSides(base, head);
      const more = head.map((value) => value * (1 + random() * 0.2) + (random() < 0.3 ? 4096 : 0));
      const less = base.map((value) => value * (1 - random() * 0.2));
      for (const after of [contrastSides(base, more), contrastSides(less, head)]) {
        expect(after.difference.value).toBeGreaterThanOrEqual(before.difference.value);
        if (before.growth && after.growth)
          expect(after.growth.value).toBeGreaterThanOrEqual(before.growth.value);
      }
    }
  });

  it('has finite numbers in order, and a probability, whatever the boots: ties, zeros, one boot, all alike', () => {
    const alike: readonly Sides[] = [0, 1, 4096, 1e-300, 1e300].flatMap((value) =>
      [1, 2, 5].flatMap((count): readonly Sides[] => {
        const same = new Array<number>(count).fill(value);
        return [
          [same, same],
          [same, [value, 2 * value, 3 * value]],
          [[0], same],
          [same, [0, 0]],
        ];
      }),
    );
    for (const [base, head] of [...drawn, ...alike]) {
      const { growth, difference, pValue } = contrastSides(base, head);
      expect(growth === undefined).toBe(median(base) === 0);
      for (const interval of growth ? [growth, difference] : [difference]) {
        const { value, low = value, high = value } = interval;
        expect([value, low, high].every(Number.isFinite)).toBe(true);
        expect(low <= value && value <= high).toBe(true);
      }
      const enough = base.length > 1 && head.length > 1;
      expect(pValue === undefined).toBe(!enough);
      expect((pValue ?? 0) >= 0 && (pValue ?? 0) <= 1).toBe(true);
    }
  });

  it.each([2, 3, 4, 5, 7, 10])(
    'covers the true growth in 93 to 97 of 100 experiments of %i boots a side',
    (count) => {
      const sided = (center: number) =>
        Array.from({ length: count }, () => center * Math.exp(0.05 * normal()));
      const experiments = 4000;
      let covered = 0;
      for (let run = 0; run < experiments; run += 1) {
        const { low = Number.NaN, high = Number.NaN } = contrastSides(sided(600), sided(690)).growth ?? {};
        if (low <= 0.15 && 0.15 <= high) covered += 1;
      }
      expect(covered / experiments).toBeGreaterThanOrEqual(0.93);
      expect(covered / experiments).toBeLessThanOrEqual(0.97);
    },
  );
});
