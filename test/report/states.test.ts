import { describe, expect, it } from 'vitest';
import { acceptGrowth } from '../../src/gate/accept.ts';
import type { ReportInput } from '../../src/report/exporter.ts';
import { markdown } from '../../src/report/markdown.ts';
import { terminal } from '../../src/report/terminal.ts';
import { markdownFaults, trusted } from './markdown-faults.ts';
import { acceptance, growing, noBaseline, notComparable, reportOf, side, withoutVerdict } from './samples.ts';

function render(input: ReportInput): string {
  const text = markdown.render(input);
  expect(markdownFaults(text)).toEqual([]);
  return text.replaceAll('\u00a0', ' ');
}

function atAGlance(input: ReportInput): string {
  return render(input).split('\n<details>')[0] ?? '';
}

const plain = terminal({ colour: false });
const failing = reportOf(side('base'), side('head', growing({ 'idle-2s': 1.4 })));
const accepted = { ...failing, comparison: acceptGrowth(failing.comparison, acceptance) };
const commits = `${trusted.repositoryUrl}/commit`;

describe('no baseline yet', () => {
  const input = withoutVerdict(noBaseline);

  it('is no pass: it says what creates a baseline, and shows the numbers', () => {
    expect(atAGlance(input)).toMatchInlineSnapshot(`
      "### 🔵 snapgate: no baseline yet: nothing is stored of main; a push to main stores it

      Head \`topic (bbbbbbb)\`, 5 boots; no baseline yet.

      Growth is judged once there is a baseline; caps hold already.

      | scenario | head | each boot |
      | :- | -: | :- |
      | \`pause\` | 2.50 MiB | \`█████\` |
      | \`idle-2s\` | 2.50 MiB | \`█████\` |
      | \`idle-5s\` | 2.50 MiB | \`█████\` |
      | \`write-64k\` | 2.50 MiB | \`█████\` |
      | \`spawn\` | 2.50 MiB | \`█████\` |
      | \`pause-x10\` | 2.50 MiB | \`█████\` |
      "
    `);
    expect(render(input)).not.toMatch(/pass|🟢/);
    expect(render(input)).toContain('| `pause` | `memfile.writtenBytes` | 2,621,440 |');
  });

  it('is said on a terminal', () => {
    const text = plain.render(input);
    expect(text).toMatch(
      /^NO VERDICT {2}no baseline yet: nothing is stored of main; a push to main stores it\n/,
    );
    expect(text).toMatch(/^pause .* no baseline yet {2}█████$/m);
    expect(text).toContain('\nGrowth is judged once there is a baseline; caps hold already.\n');
    expect(text).toContain('\nbase   none yet\nhead   topic (bbbbbbb)\n');
  });

  it('does not hide a cap that is exceeded, nor what creates a baseline', () => {
    const capped = withoutVerdict(noBaseline, { 'max-memfile-written': '2MiB' });
    expect(atAGlance(capped)).toMatch(
      /^### 🔴 snapgate: memfile diff of pause 2\.50 MiB .*; no baseline yet\n/,
    );
    expect(atAGlance(capped)).toContain(
      '\nNo baseline yet: nothing is stored of main; a push to main stores it. Growth is judged once there is a baseline; caps hold already.\n',
    );
    expect(atAGlance(capped)).toContain('| `pause` | 2.50 MiB | 🔴 fail | `█████` |');
    expect(plain.render(capped)).toMatch(/^FAIL /);
  });

  it('shows twelve rows of many, and folds the rest', () => {
    const { comparison } = withoutVerdict(noBaseline);
    const [row] = comparison.rows;
    const rows = row ? Array.from({ length: 40 }, (_, index) => ({ ...row, scenario: `s${index}` })) : [];
    const text = render({ comparison: { ...comparison, rows } });
    expect(text.split('\n<details>')[0]?.match(/^\| `s\d+` \|/gm)).toHaveLength(12);
    expect(text).toContain('The other 28 rows are folded below.');
    expect(text).toContain('<details><summary>28 more rows</summary>');
  });
});

describe('not comparable', () => {
  const input = withoutVerdict(notComparable, {}, side('base'));

  it('says the field and both values, of which two, and shows the numbers of head', () => {
    expect(atAGlance({ ...input, ...trusted })).toMatchInlineSnapshot(`
      "### 🔵 snapgate: not comparable: hostCpu is "CPU A" on base and "CPU B" on head

      Head [\`topic (bbbbbbb)\`](https://github.example/octo/guest/commit/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb), 5 boots; not compared with base [\`main (aaaaaaa)\`](https://github.example/octo/guest/commit/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa), 5 boots.

      Numbers taken under different conditions are not compared, so growth was not judged; caps hold all the same.

      | scenario | head | each boot |
      | :- | -: | :- |
      | \`pause\` | 2.50 MiB | \`█████\` |
      | \`idle-2s\` | 2.50 MiB | \`█████\` |
      | \`idle-5s\` | 2.50 MiB | \`█████\` |
      | \`write-64k\` | 2.50 MiB | \`█████\` |
      | \`spawn\` | 2.50 MiB | \`█████\` |
      | \`pause-x10\` | 2.50 MiB | \`█████\` |
      "
    `);
    expect(render(input)).not.toMatch(/pass`? \||🟢/);
  });

  it('is said on a terminal', () => {
    expect(plain.render(input)).toMatch(
      /^NO VERDICT {2}not comparable: hostCpu is "CPU A" on base and "CPU B" on head\n/,
    );
    expect(plain.render(input)).toContain('\nbase   main (aaaaaaa), not compared\n');
    expect(plain.render(input)).toContain('\nboots  5 of head; each 3 rounds');
  });
});

describe('accepted', () => {
  it('is green, says who, when and at which commit, and leaves the rows as they are', () => {
    const text = atAGlance({ ...accepted, ...trusted });
    expect(text).toMatch(
      /^### 🟢 snapgate: accepted: memfile diff of idle-2s \+40\.0 % per cycle \(fails above \+5 %\)\n/,
    );
    expect(text).toContain(
      `\nAccepted by \`octocat\` on 2026-01-02 at [\`bbbbbbb\`](${commits}/${'b'.repeat(40)}).\n`,
    );
    expect(text).toContain('| 🔴 fail |');
    expect(text).toContain('- `idle-2s`: +40.0 %');
  });

  it('is said on a terminal', () => {
    expect(plain.render(accepted)).toMatch(/^PASS {2}accepted: memfile diff of idle-2s/);
    expect(plain.render(accepted)).toContain('\nAccepted by octocat on 2026-01-02 at bbbbbbb.\n');
  });
});

describe('what is compared with what', () => {
  it('is the first line after the headline, as links to the commits', () => {
    const [, , line] = render({ ...failing, ...trusted }).split('\n');
    expect(line).toBe(
      `Head [\`topic (bbbbbbb)\`](${commits}/${'b'.repeat(40)}), 5 boots, compared with base [\`main (aaaaaaa)\`](${commits}/${'a'.repeat(40)}), 5 boots.`,
    );
  });

  it('is without a link where there is no commit, or no plain address', () => {
    const head = { ...side('head'), subject: { label: 'rootfs x.ext4' } };
    const input = reportOf(side('base'), head);
    expect(render({ ...input, ...trusted })).toContain('\nHead `rootfs x.ext4`, 5 boots, compared');
    for (const repositoryUrl of [
      'javascript:alert(1)',
      'https://x/a)b',
      'https://x/a b',
      'https://x/<y>',
      '',
    ])
      expect(render({ ...input, repositoryUrl })).not.toContain('](');
  });

  it('is followed by where the numbers are from, with the run, and by what must not be overlooked', () => {
    const [, , , , remark, , origin] = render({
      ...failing,
      ...trusted,
      provenance: 'Measured in a run of a fork.',
      remarks: ['The label accepts nothing: @someone may not write.'],
    }).split('\n');
    expect(remark).toBe('The label accepts nothing: @\u200bsomeone may not write.');
    expect(origin).toBe(`Measured in a run of a fork. [The run](${trusted.runUrl}).`);
    const text = plain.render({ ...failing, provenance: 'Measured in a run of a fork.' });
    expect(text).toContain('\nMeasured in a run of a fork.\n');
  });
});

describe('many rows', () => {
  const [row] = failing.comparison.rows;
  const many = (count: number, of: (index: number) => object) => ({
    comparison: {
      ...failing.comparison,
      rows: row
        ? Array.from({ length: count }, (_, index) => ({ ...row, scenario: `s${index}`, ...of(index) }))
        : [],
    },
  });

  it('of which none changed are counted, with the one that grew most, and folded', () => {
    const input = many(30, (index) => ({
      growth: { value: index / 1000, low: 0, high: index / 500 },
    }));
    expect(atAGlance(input)).not.toContain('\n|');
    expect(atAGlance(input)).toContain('\nAll 30 rows pass: the most is `s29` with +2.9 % (0.0 … +5.8).');
    expect(render(input)).toContain('<details><summary>30 rows without a change</summary>');
  });

  it('of which some did are shown for these alone: what failed, cannot tell, warns, or improved', () => {
    const verdicts = ['fail', 'inconclusive', 'warn', 'pass'];
    const input = many(30, (index) => ({
      verdict: verdicts[index] ?? 'pass',
      improved: index === 3,
      reason: 'Because.',
    }));
    const text = atAGlance(input);
    expect(text.match(/^\| `s\d+` \|/gm)).toEqual(['| `s0` |', '| `s1` |', '| `s2` |', '| `s3` |']);
    expect(text).toContain('| 🟢 improved |');
    expect(text.match(/^- `s\d+`/gm)).toHaveLength(4);
    expect(text).toContain('\nThe other 26 rows pass: the most is');
  });

  it('up to twelve are all shown', () => {
    expect(atAGlance(many(12, () => ({}))).match(/^\| `s\d+` \|/gm)).toHaveLength(12);
  });
});

describe('the bars on a terminal', () => {
  it('are left out where the terminal is too narrow for them', () => {
    const table = terminal({ colour: false }).render(failing).split('\n\n')[1] ?? '';
    const width = Math.max(...table.split('\n').map((line) => line.length));
    const shown = [undefined, 200, width, width - 1, 20].map((columns) =>
      terminal({ colour: false, columns }).render(failing).includes('→'),
    );
    expect(shown).toEqual([true, true, true, false, false]);
    expect(terminal({ colour: false, columns: 20 }).render(failing)).toMatch(/^scenario .* verdict$/m);
  });
});
