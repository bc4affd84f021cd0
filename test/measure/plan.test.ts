import { describe, expect, it } from 'vitest';
import { fitsBudget, planBoots } from '../../src/measure/plan.ts';

const names = (waves: ReturnType<typeof planBoots>) =>
  waves.map((wave) => wave.map(({ side, index }) => `${side}${index}`).join('+'));

describe('planBoots', () => {
  it('alternates the sides, and which of them is first', () => {
    expect(names(planBoots(['base', 'head'], 3, false))).toEqual([
      'base0',
      'head0',
      'head1',
      'base1',
      'base2',
      'head2',
    ]);
  });

  it('runs the boots of a pair side by side', () => {
    expect(names(planBoots(['base', 'head'], 2, true))).toEqual(['base0+head0', 'head1+base1']);
  });

  it('plans one side alone', () => {
    expect(names(planBoots(['head'], 2, true))).toEqual(['head0', 'head1']);
  });
});

describe('fitsBudget', () => {
  const single = planBoots(['base', 'head'], 3, false);
  const pairs = planBoots(['base', 'head'], 3, true);

  it('always runs the first pair', () => {
    expect(fitsBudget(single, 0, 2, { spentMs: 0, budgetMs: 1 })).toBe(true);
    expect(fitsBudget(single, 1, 2, { spentMs: 500, budgetMs: 1 })).toBe(true);
  });

  it('starts a pair only where both of its boots fit', () => {
    expect(fitsBudget(single, 2, 2, { spentMs: 200, budgetMs: 400 })).toBe(true);
    expect(fitsBudget(single, 2, 2, { spentMs: 200, budgetMs: 399 })).toBe(false);
  });

  it('never tears a pair that has been started', () => {
    expect(fitsBudget(single, 3, 2, { spentMs: 10_000, budgetMs: 400 })).toBe(true);
  });

  it('counts a wave of two boots as one', () => {
    expect(fitsBudget(pairs, 1, 2, { spentMs: 100, budgetMs: 200 })).toBe(true);
    expect(fitsBudget(pairs, 1, 2, { spentMs: 100, budgetMs: 199 })).toBe(false);
  });
});
