import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../src/gate/record.ts';
import { json } from '../../src/report/json.ts';
import { terminal } from '../../src/report/terminal.ts';
import { growing, reportOf, side } from './samples.ts';

const plain = terminal({ colour: false });
const detailed = terminal({ colour: false, detail: true });
const coloured = terminal({ colour: true });

const failing = reportOf(side('base'), side('head', growing({ 'idle-2s': 1.4, spawn: 0.5 })));

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

/** Lines of the first table, head included. */
function tableOf(text: string): string[] {
  const [, table = ''] = text.split('\n\n');
  return table.split('\n');
}

describe('a comparison on a terminal', () => {
  it('is the verdict, the table, the reasons, the sides, and how to do it again', () => {
    expect(plain.render(failing)).toMatchInlineSnapshot(`
      "FAIL  memfile diff of idle-2s +40.0 % per cycle (fails above +5 %); improved: spawn −50.0 %

      scenario       base      head            growth (95 %)  verdict   each boot
      pause      2.50 MiB  2.50 MiB      0.0 % (−0.2 … +0.2)  pass      █████ → █████
      idle-2s    2.50 MiB  3.50 MiB  +40.0 % (+39.8 … +40.2)  fail      ▆▆▆▆▆ → █████
      idle-5s    2.50 MiB  2.50 MiB      0.0 % (−0.2 … +0.2)  pass      █████ → █████
      write-64k  2.50 MiB  2.50 MiB      0.0 % (−0.2 … +0.2)  pass      █████ → █████
      spawn      2.50 MiB  1.25 MiB  −50.0 % (−50.1 … −49.8)  improved  █████ → ▄▄▄▄▄
      pause-x10  2.50 MiB  2.50 MiB      0.0 % (−0.2 … +0.2)  pass      █████ → █████

      idle-2s: +40.0 % (+39.8 % … +40.2 %) is established, above 5 % and above 256 KiB.
      spawn: −50.0 % (−50.1 % … −49.8 %) is established: 1.25 MiB less than base.

      base   main (aaaaaaa)
      head   topic (bbbbbbb)
      boots  5 of base, 5 of head; each 3 rounds after 1 to warm up
      again: npx snapgate gate --base ref:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa --memory-size 512MiB --vcpus 1 --boots 5
      "
    `);
  });

  it('is aligned: every column starts or ends at one place, and nothing trails', () => {
    const lines = tableOf(plain.render(failing));
    const edges = ['  base', '  head', 'growth (95 %)'].map(
      (title) => (lines[0] ?? '').indexOf(title) + title.length,
    );
    const verdict = (lines[0] ?? '').indexOf('verdict');
    for (const line of lines.slice(1)) {
      for (const edge of edges) expect(line.slice(edge - 1, edge + 2)).toMatch(/^\S {2}$/);
      expect(line.slice(verdict - 2)).toMatch(/^ {2}\S+ +[▁-█]{5} → [▁-█]{5}$/);
    }
    expect(plain.render(failing)).not.toMatch(/ $/m);
  });

  it.each([
    ['fail', failing, 31],
    ['pass', reportOf(side('base'), side('head')), 32],
    ['pass', reportOf(side('base'), side('head', growing({ spawn: 0.5 }))), 32],
    [
      'warn',
      reportOf(side('base'), side('head', growing({ spawn: 1.2 })), {
        'fail-above': '50%',
        'warn-above': '1%',
      }),
      33,
    ],
    [
      'inconclusive',
      reportOf(side('base', undefined, { boots: 1 }), side('head', undefined, { boots: 1 })),
      33,
    ],
  ] as const)('begins with %s, in its colour', (verdict, input, colour) => {
    const word = verdict.toUpperCase();
    expect(firstLine(plain.render(input))).toBe(`${word}  ${input.comparison.headline}`);
    const esc = String.fromCharCode(27);
    expect(coloured.render(input)).toMatch(`${esc}[${colour}m${esc}[1m${word}${esc}[22m${esc}[39m  `);
  });

  it('is without a single escape where no colour is wanted, and otherwise the same', () => {
    const esc = String.fromCharCode(27);
    for (const input of [failing, reportOf(undefined, side('head'))]) {
      expect(plain.render(input)).not.toContain(esc);
      const painted = coloured.render(input);
      expect(painted).toContain(esc);
      expect(painted.replace(new RegExp(`${esc}\\[\\d+m`, 'g'), '')).toBe(plain.render(input));
    }
  });

  it('says an improvement in words, and why', () => {
    const text = plain.render(reportOf(side('base'), side('head', growing({ spawn: 0.5 }))));
    expect(firstLine(text)).toBe('PASS  memfile diff of spawn −50.0 % per cycle (improved)');
    expect(text).toMatch(/^spawn .* improved {2}█████ → ▄▄▄▄▄$/m);
    expect(text).toMatch(/^spawn: −50\.0 %.* 1\.25 MiB less than base\.$/m);
  });

  it('says that there is no base', () => {
    const text = plain.render(reportOf(undefined, side('head'), { base: 'none' }));
    expect(text).toContain('\nbase   none\nhead   topic (bbbbbbb)\nboots  5 of head; each 3 rounds');
    expect(text).toContain('\nagain: npx snapgate gate --base none');
  });

  it('gives on request every metric to the byte, and what it was measured with', () => {
    const text = detailed.render(failing);
    expect(text).toContain('\nmedians over boots, per cycle, and means of all cycles; sizes in bytes\n');
    expect(text).toMatch(
      /^idle-2s +memfile\.writtenBytes +2,621,440 +3,670,016 +\+1,048,576 +\+40\.0 % \(.*\) +2,6\d\d,\d{3}\.\d +3,6\d\d,\d{3}\.\d +fail$/m,
    );
    expect(text).toMatch(/^pause +resumeMs +87\.0 ms +87\.0 ms +0\.0 ms +.* –$/m);
    for (const fact of [
      'engine: qemu, QEMU 7.2.22, microvm',
      'accelerator: TCG (emulation)',
      'host processor: Example CPU',
    ])
      expect(text).toContain(`\n${fact}\n`);
    expect(plain.render(failing)).not.toContain('microvm');
  });

  it('stands a record of more rows than a call has arguments', () => {
    const [row] = failing.comparison.rows;
    const rows = row === undefined ? [] : Array.from({ length: 130_000 }, () => row);
    const comparison: Comparison = { ...failing.comparison, rows };
    expect(plain.render({ comparison }).split('\n').length).toBeGreaterThan(130_000);
  });
});

describe('one side alone on a terminal', () => {
  const head = { ...side('head'), notes: ['cut short'] };

  it('is a table of what was measured', () => {
    expect(plain.renderMeasurement(head)).toMatchInlineSnapshot(`
      "measured topic (bbbbbbb)

      scenario   memfile diff  changed memory  resume time
      pause          2.50 MiB        2.00 MiB      87.0 ms
      idle-2s        2.50 MiB        2.00 MiB      87.0 ms
      idle-5s        2.50 MiB        2.00 MiB      87.0 ms
      write-64k      2.50 MiB        2.00 MiB      87.0 ms
      spawn          2.50 MiB        2.00 MiB      87.0 ms
      pause-x10      2.50 MiB        2.00 MiB      87.0 ms

      5 boots, settled 9.0 s after power-on; each 3 rounds after 1 to warm up
      note: cut short
      "
    `);
  });

  it('says on request what it was measured with', () => {
    expect(detailed.renderMeasurement(head)).toContain('\nengine: qemu, QEMU 7.2.22, microvm\n');
  });

  it('does without a sample', () => {
    expect(plain.renderMeasurement({ ...head, boots: [] })).toContain(
      '\n0 boots, no boot; each 0 rounds after 0 to warm up\n',
    );
  });
});

describe('JSON', () => {
  it('is the record, to the byte', () => {
    const { comparison, head } = failing;
    expect(json.render(failing)).toBe(`${JSON.stringify(comparison, null, 2)}\n`);
    expect(JSON.parse(json.render(failing))).toEqual(comparison);
    if (head) expect(JSON.parse(json.renderMeasurement(head))).toEqual(head);
  });

  it('has exact numbers, whatever is shown of them', () => {
    const row = failing.comparison.rows.find(({ scenario }) => scenario === 'idle-2s');
    expect(row?.growth?.value).toBe((640 * 1.4 - 640) / 640);
    expect(json.render(failing)).toContain(`"value": ${row?.growth?.value}`);
  });
});
