import { describe, expect, it } from 'vitest';
import { metricNames } from '../../src/engine/contract.ts';
import type { Comparison, Row } from '../../src/gate/record.ts';
import type { Measurement } from '../../src/measure/record.ts';
import type { ReportInput } from '../../src/report/exporter.ts';
import { markdown, maxMarkdownLength, maxSummaryBytes, summaryOf } from '../../src/report/markdown.ts';
import { markdownFaults, trusted } from './markdown-faults.ts';
import { growing, reportOf, side } from './samples.ts';

/** All of it, which must be sound; spaces that do not break as the usual ones. */
function render(input: ReportInput): string {
  const text = markdown.render(input);
  expect(markdownFaults(text)).toEqual([]);
  return text.replaceAll('\u00a0', ' ');
}

/** What is seen before anything is unfolded. */
function atAGlance(input: ReportInput): string {
  return render(input).split('\n<details>')[0] ?? '';
}

function headline(input: ReportInput): string {
  return render(input).split('\n')[0] ?? '';
}

describe('what is seen at a glance', () => {
  it('of a failure: verdict, metric, scenario, growth and threshold, all rows, why, and of what', () => {
    const input = reportOf(side('base'), side('head', growing({ 'idle-2s': 1.4, spawn: 1.2 })));
    expect(atAGlance(input)).toMatchInlineSnapshot(`
      "### 🔴 snapgate: memfile diff of idle-2s +40.0 % per cycle (fails above +5 %); also spawn

      Head \`topic (bbbbbbb)\`, 5 boots, compared with base \`main (aaaaaaa)\`, 5 boots.

      | scenario | base | head | growth (95 % interval) | verdict | each boot |
      | :- | -: | -: | -: | :- | :- |
      | \`pause\` | 2.50 MiB | 2.50 MiB | 0.0 % (−0.2 … +0.2) | 🟢 pass | \`█████ → █████\` |
      | \`idle-2s\` | 2.50 MiB | 3.50 MiB | +40.0 % (+39.8 … +40.2) | 🔴 fail | \`▆▆▆▆▆ → █████\` |
      | \`idle-5s\` | 2.50 MiB | 2.50 MiB | 0.0 % (−0.2 … +0.2) | 🟢 pass | \`█████ → █████\` |
      | \`write-64k\` | 2.50 MiB | 2.50 MiB | 0.0 % (−0.2 … +0.2) | 🟢 pass | \`█████ → █████\` |
      | \`spawn\` | 2.50 MiB | 3.00 MiB | +20.0 % (+19.8 … +20.2) | 🔴 fail | \`▇▇▇▇▇ → █████\` |
      | \`pause-x10\` | 2.50 MiB | 2.50 MiB | 0.0 % (−0.2 … +0.2) | 🟢 pass | \`█████ → █████\` |

      - \`idle-2s\`: +40.0 % (+39.8 % … +40.2 %) is established, above 5 % and above 256 KiB.
      - \`spawn\`: +20.0 % (+19.8 % … +20.2 %) is established, above 5 % and above 256 KiB.
      "
    `);
  });

  it('of a pass says what was ruled out, and gives no reasons', () => {
    const input = reportOf(
      side('base'),
      side('head', () => 1.01),
    );
    expect(headline(input)).toBe('### 🟢 snapgate: no growth above 5 %');
    expect(atAGlance(input).match(/\| 🟢 pass \|/g)).toHaveLength(6);
    expect(atAGlance(input)).not.toMatch(/^- /m);
  });

  it('of an improvement says it as loudly as a regression: headline, mark and reason', () => {
    const input = reportOf(side('base'), side('head', growing({ spawn: 0.5 })));
    expect(headline(input)).toBe('### 🟢 snapgate: memfile diff of spawn −50.0 % per cycle (improved)');
    expect(atAGlance(input)).toMatch(
      /^\| `spawn` \| 2\.50 MiB \| 1\.25 MiB \| −50\.0 % \(−50\.\d … −49\.\d\) \| 🟢 improved \| `█████ → ▄▄▄▄▄` \|$/m,
    );
    expect(atAGlance(input)).toMatch(
      /^- `spawn`: −50\.0 % \(−50\.\d % … −49\.\d %\) is established: 1\.25 MiB less than base\.$/m,
    );
  });

  it('of a failure shows what improved beside it', () => {
    const input = reportOf(side('base'), side('head', growing({ spawn: 0.5, pause: 1.5 })));
    expect(headline(input)).toBe(
      '### 🔴 snapgate: memfile diff of pause +50.0 % per cycle (fails above +5 %); improved: spawn −50.0 %',
    );
    expect(atAGlance(input)).toMatch(/^- `pause`: \+50\.0 %.*\n- `spawn`: −50\.0 %/m);
  });

  it('of a warning names the level that it is past', () => {
    const input = reportOf(side('base'), side('head', growing({ 'idle-5s': 1.2 })), {
      'fail-above': '50%',
      'warn-above': '10%',
    });
    expect(headline(input)).toBe(
      '### 🟡 snapgate: memfile diff of idle-5s +20.0 % per cycle (warns above +10 %)',
    );
    expect(atAGlance(input)).toContain('| 🟡 warn |');
    expect(atAGlance(input)).toMatch(/is established and above the warning at 10 %\./);
  });

  it('of too little says what would decide', () => {
    const input = reportOf(
      side('base', undefined, { boots: 1 }),
      side('head', () => 1.4, { boots: 1 }),
    );
    expect(headline(input)).toMatch(
      /^### ⚪ snapgate: memfile diff of \S+ \+40\.0 % per cycle \(not enough to decide\); also /,
    );
    expect(atAGlance(input)).toContain('| ⚪ inconclusive |');
    expect(atAGlance(input)).toContain('give it a longer time-budget, or more boots');
  });

  it('of a cap says by how much it is passed, and the cap', () => {
    const input = reportOf(undefined, side('head'), { base: 'none', 'max-memfile-written': '2MiB' });
    expect(headline(input)).toBe(
      '### 🔴 snapgate: memfile diff of pause 2.50 MiB per cycle (cap 2.00 MiB); also idle-2s, idle-5s, write-64k, spawn, pause-x10',
    );
    expect(atAGlance(input)).toContain('| scenario | head | verdict | each boot |');
    expect(atAGlance(input)).toContain('| `pause` | 2.50 MiB | 🔴 fail | `█████` |');
    expect(atAGlance(input)).toContain('- `pause`: 2.50 MiB is above the cap of 2.00 MiB.');
    expect(atAGlance(input)).toContain('Head `topic (bbbbbbb)`, 5 boots; no base.');
  });

  it('without a base and without caps claims nothing', () => {
    const input = reportOf(undefined, side('head'), { base: 'none' });
    expect(headline(input)).toBe('### 🟢 snapgate: no base to compare with, and no caps to hold');
  });

  it('of the same image twice says that it is', () => {
    const base = side('base');
    const input = reportOf(base, { ...side('head', () => 1.4), image: base.image });
    expect(headline(input)).toBe('### 🟢 snapgate: no change: both images are the same bytes');
    expect(atAGlance(input)).toContain('Both images are the same bytes: nothing can have grown.');
  });

  it('has a column for the metric where more than one gates', () => {
    const input = reportOf(side('base'), side('head', growing({ spawn: 1.5 })), {
      metrics: 'memfile.writtenBytes resumeMs',
    });
    expect(atAGlance(input)).toContain(
      '| scenario | metric | base → head | growth (95 % interval) | verdict | each boot |',
    );
    expect(atAGlance(input)).toContain('| `pause` | resume time | 87.0 → 87.0 ms |');
    expect(atAGlance(input)).toMatch(/^- `spawn`, memfile diff: /m);
  });

  it('says the commit of a side once', () => {
    const base: Measurement = {
      ...side('base'),
      subject: { label: 'commit aaaaaaa', commit: 'a'.repeat(40) },
    };
    expect(atAGlance(reportOf(base, side('head')))).toContain(
      'Head `topic (bbbbbbb)`, 5 boots, compared with base `commit aaaaaaa`, 5 boots.',
    );
  });
});

describe('what is folded', () => {
  const input = reportOf(
    { ...side('base'), notes: ['no KVM'] },
    { ...side('head', growing({ spawn: 1.5 })), notes: ['no KVM'] },
  );
  const text = render(input);

  it('is every metric of every scenario, to the byte', () => {
    expect(text.match(/^\| `\S+` \| `(?:memfile\.\w+|resumeMs)` \|/gm)).toHaveLength(18);
    expect(text).toContain(
      '| `spawn` | `memfile.writtenBytes` | 2,621,440 | 3,932,160 | +1,310,720 | +50.0 % (',
    );
    expect(text).toContain('| `pause` | `resumeMs` | 87.0 ms | 87.0 ms | 0.0 ms | 0.0 % (');
  });

  it('is what it was measured with: boots, engine, kernel, guest, processor, protocol, floor, version, notes', () => {
    for (const fact of [
      '- boots: 5 of base, 5 of head; each 3 rounds after 1 to warm up',
      '- engine: `qemu, QEMU 7.2.22, microvm`',
      '- accelerator: `TCG (emulation)`',
      '- guest kernel: `6.1.0-49-cloud-amd64 (sha256 cccccccccccc)`',
      '- guest: `512 MiB of memory, 1 vCPU`',
      '- host processor: `Example CPU`',
      '- protocol: `1`',
      "- floor: 2.50 MiB on base, 2.50 MiB on head: an immediate pause, the agent's share included",
      '- `pause-x10`: the sum of 10 pauses in a row',
      '- snapgate: `0.1.0`, `2026-01-02T03:04:05.000Z`',
      '- note: no KVM',
    ])
      expect(text).toContain(`\n${fact}\n`);
  });

  it('is the command that repeats it', () => {
    expect(text).toContain(`\`\`\`sh\nnpx snapgate gate --base ref:${'a'.repeat(40)} `);
  });
});

/** Rows as a record may hold them: more than any table should. */
function manyRows(count: number, of: (index: number) => Partial<Row>): Comparison {
  const { comparison } = reportOf(side('base'), side('head'));
  const [row] = comparison.rows;
  if (row === undefined) throw new Error('no row');
  return {
    ...comparison,
    rows: Array.from({ length: count }, (_, index) => ({
      ...row,
      scenario: `scenario-${index}`,
      ...of(index),
    })),
  };
}

describe('a report too long for a comment', () => {
  it('loses its most detailed folds first, says which, and where they are', () => {
    const comparison = manyRows(5000, () => ({}));
    const text = render({ comparison });
    expect(text.length).toBeLessThanOrEqual(maxMarkdownLength);
    expect(text).toContain(
      'Cut or left out for length: rows that are folded, all metrics. The JSON has all of it.',
    );
    expect(text).toContain('<summary>run it yourself</summary>');
    expect(text).toMatch(/^and \d+ more rows in the JSON$/m);
    expect(render({ comparison, ...trusted })).toContain(
      `all metrics. [The job's summary](${trusted.runUrl}) has all of it.`,
    );
  });

  it('keeps every row that failed, however many passed before it', () => {
    const comparison = manyRows(500, (index) =>
      index === 499 ? { verdict: 'fail', reason: 'It grew.' } : {},
    );
    const text = atAGlance({ comparison });
    expect(text).toContain('| `scenario-499` |');
    expect(text).toContain('- `scenario-499`: It grew.');
    expect(text).toContain('The other 499 rows pass: the most is `scenario-0` with 0.0 % (−0.2 … +0.2).');
  });

  it('gives the gravest first', () => {
    const comparison = manyRows(14, (index) => ({
      verdict: index === 13 ? 'fail' : index === 12 ? 'warn' : 'inconclusive',
      reason: 'Because.',
    }));
    const reasons = atAGlance({ comparison }).match(/^- `\S+`/gm);
    expect(reasons?.[0]).toBe('- `scenario-13`');
    expect(reasons).toHaveLength(10);
    expect(atAGlance({ comparison })).toContain('and 4 more reasons in the JSON');
    expect(atAGlance({ comparison }).match(/^\| `\S+`/gm)?.[0]).toBe('| `scenario-13`');
  });

  it('keeps a short table in the order that the scenarios ran in, and the gravest reason first', () => {
    const comparison = manyRows(12, (index) => ({ verdict: index === 11 ? 'fail' : 'inconclusive' }));
    expect(atAGlance({ comparison }).match(/^\| `\S+`/gm)?.[0]).toBe('| `scenario-0`');
    expect(atAGlance({ comparison }).match(/^- `\S+`/gm)?.[0]).toBe('- `scenario-11`');
  });

  it('fits whatever its strings are, and is whole', () => {
    const worst = (letter: string) => {
      const comparison = manyRows(600, (index) => ({
        scenario: `${index}${letter.repeat(500)}`,
        metric: metricNames[index % metricNames.length] ?? 'stateBytes',
        verdict: 'inconclusive',
        reason: letter.repeat(5000),
        base: { median: 1.234e300, bootLocations: [1], samples: 1 },
        growth: { value: -1e300, low: -1e300, high: 1e300 },
      }));
      return {
        ...comparison,
        headline: letter.repeat(5000),
        head: { label: letter.repeat(500) },
        notes: Array.from({ length: 600 }, () => letter.repeat(500)),
      };
    };
    for (const letter of ['x', '&', '<', '@', '🔴', '\\', '`', '漢']) {
      const comparison = worst(letter);
      const text = render({ comparison, reproduce: ['--build-command', letter.repeat(100_000)] });
      expect(text.length).toBeLessThanOrEqual(maxMarkdownLength);
      expect(text.endsWith('</details>\n') || text.endsWith('The JSON has all of it.\n')).toBe(true);
      const bytes = summaryOf({ comparison });
      expect(Buffer.byteLength(bytes)).toBeLessThanOrEqual(maxSummaryBytes);
      expect(markdownFaults(bytes)).toEqual([]);
    }
  });

  it('leaves room for the marker under GitHub’s limit', () => {
    expect(maxMarkdownLength + '<!-- snapgate: -->\n'.length + 64).toBeLessThanOrEqual(65_536);
  });
});

describe('odd records', () => {
  it('without a row that gates', () => {
    const { comparison } = reportOf(side('base'), side('head'));
    expect(atAGlance({ comparison: { ...comparison, rows: [] } })).toContain('No row gates.');
  });

  it('with a change from nothing', () => {
    const nothing = side('base', () => 0);
    const input = reportOf(nothing, side('head'));
    expect(atAGlance(input)).toContain('| `pause` | 0 B | 2.50 MiB | +2.50 MiB (');
    expect(headline(input)).toContain(
      'memfile diff of pause from 0 B to 2.50 MiB per cycle (fails above +5 %)',
    );
  });
});

describe('one side alone', () => {
  it('is a table of what was asked for most, how long it took to settle, and nothing about a verdict', () => {
    const text = markdown.renderMeasurement({ ...side('head'), notes: ['cut short'] });
    expect(markdownFaults(text)).toEqual([]);
    expect(text.split('\n<details>')[0]).toMatchInlineSnapshot(`
      "### snapgate: measured \`topic (bbbbbbb)\`

      | scenario | memfile diff | changed memory | resume time |
      | :- | -: | -: | -: |
      | \`pause\` | 2.50 MiB | 2.00 MiB | 87.0 ms |
      | \`idle-2s\` | 2.50 MiB | 2.00 MiB | 87.0 ms |
      | \`idle-5s\` | 2.50 MiB | 2.00 MiB | 87.0 ms |
      | \`write-64k\` | 2.50 MiB | 2.00 MiB | 87.0 ms |
      | \`spawn\` | 2.50 MiB | 2.00 MiB | 87.0 ms |
      | \`pause-x10\` | 2.50 MiB | 2.00 MiB | 87.0 ms |

      5 boots, settled 9.0 s after power-on; each 3 rounds after 1 to warm up. Nothing was compared.
      "
    `);
    expect(text).toContain('| `pause` | `memfile.writtenBytes` | 2,621,440 |');
    expect(text).toContain('- note: cut short');
    expect(text).not.toMatch(/pass|fail/);
  });

  it('has a table even where nothing was measured', () => {
    const text = markdown.renderMeasurement({ ...side('head'), boots: [] });
    expect(markdownFaults(text)).toEqual([]);
    expect(text).toContain('0 boots, no boot; each 0 rounds after 0 to warm up. Nothing was compared.');
  });

  it('tells of the parts of a scenario that repeats', () => {
    const parts = Array.from({ length: 10 }, (_, index) => ({ 'memfile.writtenBytes': (20 - index) * 4096 }));
    const head = side('head');
    const repeated = {
      ...head,
      boots: head.boots.map((boot) => ({
        ...boot,
        samples: boot.samples.map((each) => (each.scenario === 'pause-x10' ? { ...each, parts } : each)),
      })),
    };
    expect(markdown.renderMeasurement(repeated)).toContain(
      '- `pause-x10`: the sum of 10 pauses in a row; the first dirtied 80.0 KiB on head, the last 44.0 KiB',
    );
  });

  it('of thousands of scenarios fits a summary and a comment', () => {
    const many = Array.from({ length: 300 }, (_, index) => ({
      ...{
        run: undefined,
        settleMs: 0,
        check: undefined,
        from: 'previous' as const,
        repeat: 2,
        timeoutMs: 1,
      },
      name: `scenario-${index}-${'&'.repeat(400)}`,
    }));
    const text = markdown.renderMeasurement(
      side('head', undefined, { scenarios: many, boots: 1, rounds: 1 }),
    );
    expect(markdownFaults(text)).toEqual([]);
    expect(text.length).toBeLessThanOrEqual(maxMarkdownLength);
    expect(text).toContain('and 250 more rows in the JSON');
  });
});
