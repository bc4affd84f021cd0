import { describe, expect, it } from 'vitest';
import type { Comparison, Row, SideSummary } from '../../src/gate/record.ts';
import { findingsOf, looksFact } from '../../src/report/findings.ts';
import { markdown } from '../../src/report/markdown.ts';
import { terminal } from '../../src/report/terminal.ts';
import { markdownFaults } from './markdown-faults.ts';
import { growing, reportOf, side } from './samples.ts';

const { comparison } = reportOf(side('base'), side('head', growing({ 'idle-2s': 1.4 })));

/** The comparison with more said of the head of its first row. */
function withHead(more: Partial<SideSummary>): Comparison {
  const [first, ...rest] = comparison.rows;
  if (first?.head === undefined) throw new Error('no row');
  return { ...comparison, rows: [{ ...first, head: { ...first.head, ...more } }, ...rest] };
}

const scenario = comparison.rows[0]?.scenario;

describe('what the numbers rest on', () => {
  it('is outliers by their place, the farthest named and all counted', () => {
    const farthest = [{ boot: 0, round: 4, atMs: 12_300, value: 5 * 1024 ** 2 }];
    expect(findingsOf(withHead({ outliers: { count: 3, farthest } }))).toContainEqual([
      scenario,
      '3 of 15 cycles on head far from the rest of their boot, and counted: 5.00 MiB in round 5 of boot 1, 12.3 s after power-on, and 2 more',
    ]);
  });

  it('is warm-up where more was found than was asked for', () => {
    const clauses = (found: number) =>
      findingsOf(withHead({ warmupRounds: found, askedWarmupRounds: 1 })).filter(([, clause]) =>
        clause.includes('warm-up'),
      );
    expect(clauses(1)).toEqual([]);
    expect(clauses(3)).toEqual([
      [scenario, '3 rounds of each boot left out as warm-up, for more than 1 differ from the rest'],
    ]);
  });

  it('is the share above the floor', () => {
    const aboveFloor: Row['aboveFloor'] = { base: 2 * 1024 ** 2, head: 3 * 1024 ** 2, growth: 0.5 };
    const rows = comparison.rows.map((row, index) => (index === 0 ? { ...row, aboveFloor } : row));
    expect(findingsOf({ ...comparison, rows })[0]).toEqual([
      scenario,
      'above an immediate pause 2.00 MiB on base and 3.00 MiB on head, +50.0 %',
    ]);
  });

  it('is bounded, and what does not gate has none', () => {
    const [row] = comparison.rows;
    if (row?.head === undefined) throw new Error('no row');
    const head = { ...row.head, warmupRounds: 3, askedWarmupRounds: 1 };
    const rows = Array.from({ length: 100 }, (): Row => ({ ...row, head }));
    expect(findingsOf({ ...comparison, rows })).toHaveLength(24);
    expect(findingsOf({ ...comparison, rows: rows.map((each) => ({ ...each, gates: false })) })).toEqual([]);
  });

  it('is how often the gate could look, where it could more than once', () => {
    expect(looksFact(comparison)).toBeUndefined();
    const looked = { ...comparison, errors: { alpha: 0.05, confidence: 0.95, looks: 9 } };
    expect(looksFact(looked)).toMatch(/^up to 9, the last after 5 boots of head; .* at most 5 % over/);
  });
});

describe('a comparison of the same bytes, without boots', () => {
  const none = { ...comparison, identicalImages: true, boots: { base: 0, head: 0 }, rows: [] };
  const same: Comparison = {
    ...none,
    verdict: 'pass',
    headline: 'no change: both images are the same bytes',
  };

  it('has neither an empty table nor a wrong number', () => {
    const text = markdown.render({ comparison: same });
    expect(markdownFaults(text)).toEqual([]);
    expect(text).toContain('### 🟢 snapgate: no change: both images are the same bytes\n');
    expect(text).toContain('- boots: of head none: it is the same bytes as base\n');
    expect(text).not.toContain('|');
    const onTerminal = terminal({ colour: false }).render({ comparison: same });
    expect(onTerminal).toMatch(/^PASS {2}no change: both images are the same bytes\n\nbase {3}main/);
    expect(onTerminal).not.toContain('--boots');
  });
});
