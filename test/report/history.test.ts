import { describe, expect, it } from 'vitest';
import { withHistory } from '../../src/gate/drift.ts';
import type { Comparison, HistoryPart, HistoryRow } from '../../src/gate/record.ts';
import type { ReportInput } from '../../src/report/exporter.ts';
import { markdown, maxMarkdownLength } from '../../src/report/markdown.ts';
import { terminal } from '../../src/report/terminal.ts';
import { seededRandom } from '../stats/random.ts';
import { hostileComparison, hostileText } from './hostile.ts';
import { markdownFaults } from './markdown-faults.ts';
import { reportOf, side } from './samples.ts';

const plain = terminal({ colour: false });
const detailed = terminal({ colour: false, detail: true });

/** The comparison is of 2026-01-02. */
const step = {
  commit: '1a2b3c4'.padEnd(40, '0'),
  measuredAt: '2025-12-21T03:04:05.000Z',
  earliest: '1a2b3c4'.padEnd(40, '0'),
  latest: '1a2b3c4'.padEnd(40, '0'),
  growth: 0.061,
  difference: 160_000,
};

const crept: HistoryRow = {
  scenario: 'idle-2s',
  metric: 'memfile.writtenBytes',
  entries: 60,
  noise: 0.021,
  steps: [step],
  drift: {
    from: '4f1c2d3'.padEnd(40, '0'),
    since: '2025-12-04T03:04:05.000Z',
    entries: 41,
    growth: { value: 0.123, low: 0.08, high: 0.169 },
    difference: 320_000,
    whole: 0.19,
    established: true,
  },
};

function withRows(rows: readonly HistoryRow[], more: Partial<HistoryPart> = {}): ReportInput {
  const input = reportOf(side('base'), side('head'));
  return {
    ...input,
    comparison: withHistory(input.comparison, { branch: 'main', rows: [...rows], ...more }),
  };
}

function both(input: ReportInput): string[] {
  const text = markdown.render(input);
  expect(markdownFaults(text)).toEqual([]);
  return [text.replaceAll('\u00a0', ' '), plain.render(input)];
}

describe('a report with a history', () => {
  it('says in a line each what crept up, and where the last steps are', () => {
    const [ofMarkdown, ofTerminal] = both(withRows([crept]));
    expect(ofMarkdown).toContain(
      '\n\nDrift: `idle-2s` +12.3 % (+8.0 … +16.9) over 41 measurements since `4f1c2d3`, 29 days ago, larger steps up not counted.\n\nLast steps: `idle-2s` +6.1 % at `1a2b3c4`, 12 days ago.\n',
    );
    expect(ofTerminal).toContain(
      '\n\nDrift: idle-2s +12.3 % (+8.0 … +16.9) over 41 measurements since 4f1c2d3, 29 days ago, larger steps up not counted.\nLast steps: idle-2s +6.1 % at 1a2b3c4, 12 days ago.\n',
    );
  });

  it('links the commits where the repository is known', () => {
    const input = { ...withRows([crept]), repositoryUrl: 'https://github.com/octo/guest' };
    expect(markdown.render(input)).toContain(
      `at [\`1a2b3c4\`](https://github.com/octo/guest/commit/${step.commit}), 12 days ago`,
    );
  });

  it('is red where the creep is past its limit, and says which', () => {
    const failing: HistoryRow = { ...crept, verdict: 'fail', reason: 'Crept.' };
    const input = withRows([failing], { maxDrift: 0.1 });
    const [ofMarkdown, ofTerminal] = both(input);
    expect(ofMarkdown).toMatch(
      /^### 🔴 snapgate: memfile diff of idle-2s crept \+12\.3 % \(max-drift 10 %\)\n/,
    );
    expect(ofTerminal).toMatch(/^FAIL {2}memfile diff of idle-2s crept \+12\.3 % \(max-drift 10 %\)\n/);
    for (const text of [ofMarkdown, ofTerminal]) expect(text).toContain('(fails above +10 %).');
    expect(ofMarkdown).toContain('\n\n`idle-2s`: Crept.\n');
    expect(ofTerminal).toContain('\nidle-2s: Crept.\n');
  });

  it('says of a head that mends the drift of its branch what it has of its own', () => {
    const mending: HistoryRow = { ...crept, verdict: 'pass', drift: { ...drift(), head: 0.004 } };
    for (const text of both(withRows([mending], { maxDrift: 0.1 }))) {
      expect(text).toContain('(fails above +10 %); this head itself +0.4 %.');
      expect(text).not.toContain('🔴');
    }
  });

  it('tells what is usual for this image in its details', () => {
    const input = withRows([crept, { ...crept, scenario: 'spawn', noise: 0.004 }]);
    const usual =
      /usual for this image: `?idle-2s`? ±2\.1 %, `?spawn`? ±0\.4 % \(standard deviation over 60 measurements of `?main`?, /;
    expect(markdown.render(input)).toMatch(usual);
    expect(detailed.render(input)).toMatch(usual);
    expect(plain.render(input)).not.toContain('usual for this image');
  });

  it('names a commit once for all that it changed, and those that it may as well be', () => {
    const unsure = { ...step, growth: 0.02, latest: '2b3c4d5'.padEnd(40, '0') };
    const rows = ['pause', 'spawn'].map((scenario) => ({
      ...crept,
      scenario,
      drift: undefined,
      steps: [unsure],
    }));
    const [, text] = both(withRows([...rows, { ...crept, drift: undefined }].map(withoutDrift)));
    expect(text).toContain('Last steps: idle-2s and 2 more +6.1 % at 1a2b3c4, 12 days ago.');
    const [, alone] = both(withRows(rows.slice(0, 1).map(withoutDrift)));
    expect(alone).toContain(
      'pause +2.0 % at 1a2b3c4 (as far as the noise tells, from 1a2b3c4 to 2b3c4d5), 12 days ago.',
    );
  });

  it('says nothing of old steps, of what shrank, and of what is not established', () => {
    const quiet: HistoryRow[] = [
      { ...crept, steps: [{ ...step, measuredAt: '2025-06-01T00:00:00.000Z' }] },
      { ...crept, steps: [] },
    ].map((row, index) => ({
      ...row,
      drift: index === 0 ? shrunk() : { ...drift(), established: false },
    }));
    for (const text of both(withRows(quiet))) expect(text).not.toMatch(/Drift|Last steps/);
  });

  it('says nothing where there is no history', () => {
    for (const text of both(reportOf(side('base'), side('head'))))
      expect(text).not.toMatch(/Drift|Last steps|usual for/);
  });

  it('is harmless whatever stands in it', () => {
    const random = seededRandom(6);
    const rows = Array.from({ length: 200 }, () => ({
      ...crept,
      verdict: 'fail' as const,
      reason: 'Crept.',
    }));
    const input = withRows(rows, { maxDrift: 0.1 });
    for (let turn = 0; turn < 30; turn += 1) {
      const comparison: Comparison = hostileComparison(input.comparison, () => hostileText(random));
      const text = markdown.render({ comparison });
      expect(markdownFaults(text)).toEqual([]);
      expect(text.length).toBeLessThanOrEqual(maxMarkdownLength);
      expect(detailed.render({ comparison })).not.toMatch(/(?!\n)\p{Cc}|\p{Cf}|\p{Cs}|[\u2028\u2029]/u);
    }
  });
});

function drift(): NonNullable<HistoryRow['drift']> {
  if (crept.drift === undefined) throw new Error('it crept');
  return crept.drift;
}

function shrunk(): NonNullable<HistoryRow['drift']> {
  return { ...drift(), growth: { value: -0.1, low: -0.12, high: -0.08 } };
}

function withoutDrift({ drift: _, ...row }: HistoryRow): HistoryRow {
  return row;
}
