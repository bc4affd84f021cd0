import { describe, expect, it } from 'vitest';
import { studentQuantile, studentUpperTail } from '../../src/stats/student.ts';

/** Closed forms: df 1 is Cauchy's distribution; df 2 and 4 are algebraic (Shaw, J. Comput. Finance 9, 2006). */
const cauchy = (p: number) => Math.tan(Math.PI * (p - 0.5));
const two = (p: number) => (2 * p - 1) * Math.sqrt(2 / (4 * p * (1 - p)));
function four(p: number): number {
  const alpha = 4 * p * (1 - p);
  const q = Math.cos(Math.acos(Math.sqrt(alpha)) / 3) / Math.sqrt(alpha);
  return Math.sign(p - 0.5) * 2 * Math.sqrt(q - 1);
}

describe('studentQuantile', () => {
  const probabilities = [0.001, 0.025, 0.2, 0.4, 0.6, 0.75, 0.95, 0.975, 0.995, 0.9999];

  it.each([
    [1, cauchy],
    [2, two],
    [4, four],
  ] as const)('is the closed form at %i degrees of freedom, to 1e-9', (degrees, exact) => {
    for (const p of probabilities)
      expect(Math.abs(studentQuantile(p, degrees) / exact(p) - 1)).toBeLessThan(1e-9);
  });

  it('agrees with the printed table of 97.5 %', () => {
    const table = [
      [3, 3.182],
      [5, 2.571],
      [8, 2.306],
      [10, 2.228],
      [20, 2.086],
      [30, 2.042],
      [60, 2.0],
      [120, 1.98],
    ] as const;
    for (const [degrees, t] of table) expect(studentQuantile(0.975, degrees)).toBeCloseTo(t, 3);
  });

  it('nears the normal distribution', () => {
    expect(studentQuantile(0.975, 1e7)).toBeCloseTo(1.959963984540054, 6);
  });

  it('is undone by the tail, fractions of a degree included', () => {
    for (const degrees of [1.3, 2.7, 7.91, 33.3, 900.5]) {
      for (const p of probabilities) {
        const t = studentQuantile(p, degrees);
        const back = t < 0 ? studentUpperTail(-t, degrees) : 1 - studentUpperTail(t, degrees);
        expect(Math.abs(back - p)).toBeLessThan(1e-12);
      }
    }
  });

  it('refuses what has no quantile', () => {
    expect(() => studentQuantile(1, 3)).toThrow(RangeError);
    expect(() => studentQuantile(0, 3)).toThrow(RangeError);
    expect(() => studentQuantile(0.5, 0)).toThrow(RangeError);
  });
});

describe('studentUpperTail', () => {
  it('is a half at 0 and nothing at infinity', () => {
    expect(studentUpperTail(0, 5)).toBeCloseTo(0.5, 14);
    expect(studentUpperTail(Number.POSITIVE_INFINITY, 5)).toBe(0);
  });

  it('is the integral of the density, df 3', () => {
    const density = (x: number) => (6 * Math.sqrt(3)) / (Math.PI * (3 + x * x) ** 2);
    const steps = 20_000;
    let area = 0;
    for (let step = 0; step < steps; step += 1) area += density(((step + 0.5) / steps) * 2) * (2 / steps);
    expect(0.5 - area).toBeCloseTo(studentUpperTail(2, 3), 8);
  });
});
