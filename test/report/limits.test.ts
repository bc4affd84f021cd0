import { describe, expect, it } from 'vitest';
import { metricNames } from '../../src/engine/contract.ts';
import type { Comparison } from '../../src/gate/record.ts';
import type { MatrixReportInput, ReportInput } from '../../src/report/exporter.ts';
import {
  markdown,
  maxMarkdownLength,
  maxSummaryBytes,
  measurementSummary,
  summaryOf,
} from '../../src/report/markdown.ts';
import { sampleMeasurement } from '../gate/sample-measurement.ts';
import { seededRandom } from '../stats/random.ts';
import { hostileComparison, hostileText } from './hostile.ts';
import { markdownFaults, trusted } from './markdown-faults.ts';
import { matrixOf, pairOf, reportOf } from './samples.ts';

const random = seededRandom(500);
const limits = [500, 1000, 3000, 10_000, 30_000, maxMarkdownLength, 200_000];

/** Rows of a table by the bytes of their lines: a cut row would not be among them. */
function tableRows(text: string): string[] {
  return text.split('\n').filter((line) => line.startsWith('|'));
}

function scenarios(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    name: `${index} ${hostileText(random)}`.slice(0, 500),
    run: undefined,
    settleMs: 0,
    check: undefined,
    from: 'previous' as const,
    repeat: 1 + (index % 2),
    timeoutMs: 1000,
  }));
}

/** Every metric of 500 scenarios with hostile names, of which each fiftieth grew, and hostile words everywhere else. */
function largest(): ReportInput {
  const many = scenarios(500);
  const measured = (side: 'base' | 'head') =>
    sampleMeasurement({
      side,
      scenarios: many,
      boots: 3,
      rounds: 1,
      warmup: 0,
      metrics: (name, boot) => {
        const factor = side === 'head' && Number.parseInt(name, 10) % 50 === 7 ? 1.4 : 1;
        return Object.fromEntries(metricNames.map((metric) => [metric, (640 + boot) * 4096 * factor]));
      },
    });
  const report = reportOf(measured('base'), measured('head'), { metrics: metricNames.join(' ') });
  const notes = Array.from({ length: 50 }, () => hostileText(random, 50));
  return { ...report, ...trusted, comparison: { ...report.comparison, notes } };
}

describe('500 scenarios × all metrics, with hostile names', () => {
  const input = largest();
  const whole = markdown.render(input, { limit: 10_000_000 });
  const wholeRows = new Set(tableRows(whole));

  it.each(limits)('are at most %i characters, sound, and with every row whole', (limit) => {
    const text = markdown.render(input, { limit });
    expect(text.length).toBeLessThanOrEqual(limit);
    expect(markdownFaults(text)).toEqual([]);
    for (const row of tableRows(text)) expect(wholeRows.has(row)).toBe(true);
    expect(text).toMatch(/^### 🔴 snapgate: /);
    expect(text).toContain(`[The job's summary](${trusted.runUrl}) has all of it.`);
  });

  it('use what room there is', () => {
    expect(markdown.render(input).length).toBeGreaterThan(maxMarkdownLength * 0.99);
    expect(Buffer.byteLength(summaryOf(input))).toBeGreaterThan(maxSummaryBytes * 0.9);
  });

  it('keep what failed before what passed', () => {
    const text = markdown.render(input);
    expect(tableRows(text).filter((row) => row.includes('🔴')).length).toBeGreaterThanOrEqual(50);
  });

  it('are a summary of at most 1,024 KiB, in bytes, with no pointer to itself', () => {
    const text = summaryOf(input);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1024 * 1024);
    expect(markdownFaults(text)).toEqual([]);
    expect(text).not.toContain('summary](');
    for (const row of tableRows(text)) expect(wholeRows.has(row)).toBe(true);
  });

  it('are sound where every other string is hostile too', () => {
    const hostile: Comparison = hostileComparison(input.comparison, () => hostileText(random, 12));
    for (const limit of limits) {
      const text = markdown.render({ ...trusted, comparison: hostile }, { limit });
      expect(text.length).toBeLessThanOrEqual(limit);
      expect(markdownFaults(text)).toEqual([]);
    }
  });

  it('of one side alone fit too', () => {
    const { head } = input;
    if (head === undefined) throw new Error('no head');
    for (const limit of limits) {
      const text = markdown.renderMeasurement(head, { limit });
      expect(text.length).toBeLessThanOrEqual(limit);
      expect(markdownFaults(text)).toEqual([]);
    }
    const summary = measurementSummary(head);
    expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(maxSummaryBytes);
    expect(markdownFaults(summary)).toEqual([]);
  });
});

describe('a matrix of 50 entries, with hostile names', () => {
  const entries = Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [
      `${index} ${hostileText(random, 12)}`.slice(0, 100),
      index % 9 === 4
        ? hostileText(random, 100).slice(0, 1000)
        : pairOf(index % 7 === 0 ? { 'idle-2s': 1.4 } : index % 5 === 0 ? { spawn: 0.5 } : {}),
    ]),
  );
  const input: MatrixReportInput = { ...trusted, matrix: matrixOf(entries) };
  const wholeRows = new Set(tableRows(markdown.renderMatrix(input, { limit: 10_000_000 })));

  it.each(limits)('is at most %i characters, sound, and with every row whole', (limit) => {
    const text = markdown.renderMatrix(input, { limit });
    expect(text.length).toBeLessThanOrEqual(limit);
    expect(markdownFaults(text)).toEqual([]);
    for (const row of tableRows(text)) expect(wholeRows.has(row)).toBe(true);
    expect(text).toMatch(/^### 🔴 snapgate: not measured: /);
  });

  it('has in a comment a row for each entry that was compared, and says what each missing one is', () => {
    const text = markdown.renderMatrix(input);
    const [open = ''] = text.split('\n<details>');
    expect(tableRows(open).length - 2).toBe(44);
    expect(open.match(/^- 🔴 `/gm)).toHaveLength(6);
    expect(text).toContain('Cut or left out for length: details of entries.');
  });

  it('is whole in a summary', () => {
    const text = summaryOf(input);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxSummaryBytes);
    expect(markdownFaults(text)).toEqual([]);
    expect(text.match(/<details>/g)).toHaveLength(44);
    expect(text).not.toContain('left out for length');
  });
});
