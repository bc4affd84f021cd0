import { describe, expect, it } from 'vitest';
import { acceptGrowth } from '../../src/gate/accept.ts';
import type { Matrix } from '../../src/gate/record.ts';
import { json } from '../../src/report/json.ts';
import { markdown } from '../../src/report/markdown.ts';
import { terminal } from '../../src/report/terminal.ts';
import { markdownFaults, trusted } from './markdown-faults.ts';
import { acceptance, matrixOf, noBaseline, pairOf, side } from './samples.ts';

function render(matrix: Matrix, more: Partial<typeof trusted> = {}): string {
  const text = markdown.renderMatrix({ matrix, ...more });
  expect(markdownFaults(text)).toEqual([]);
  return text.replaceAll('\u00a0', ' ');
}

function atAGlance(matrix: Matrix): string {
  return render(matrix).split('\n<details>')[0] ?? '';
}

const plain = terminal({ colour: false });
const moved = { ...side('base'), fingerprint: { ...side('base').fingerprint, vcpus: 2 } };
const mixed = matrixOf({
  '512MiB': pairOf(),
  '1GiB': pairOf({ 'idle-2s': 1.4 }),
  '2GiB': pairOf({ spawn: 0.5 }),
  '4GiB': { base: moved, head: side('head') },
  '8GiB': { head: side('head'), noVerdict: noBaseline },
  'linux-6.12': 'its job failed',
});

describe('the report of a matrix', () => {
  it('names what is missing first, and has a row for each entry and what changed in it', () => {
    expect(atAGlance(mixed)).toMatchInlineSnapshot(`
      "### 🔴 snapgate: not measured: linux-6.12; 1GiB: memfile diff of idle-2s +40.0 % per cycle (fails above +5 %); not comparable: 4GiB; no baseline yet: 8GiB; improved: 2GiB

      Not measured: 1 of 6 entries.

      - 🔴 \`linux-6.12\`: its job failed

      | entry | scenario | base → head | growth (95 % interval) | verdict | each boot |
      | :- | :- | -: | -: | :- | :- |
      | \`1GiB\` | \`idle-2s\` | 2.50 → 3.50 MiB | +40.0 % (+39.8 … +40.2) | 🔴 fail | \`▆▆▆▆▆ → █████\` |
      | \`4GiB\` | \`pause\` and 5 more | 2.50 MiB | – | 🔵 not comparable | \`█████\` |
      | \`8GiB\` | \`pause\` and 5 more | 2.50 MiB | – | 🔵 no baseline yet | \`█████\` |
      | \`2GiB\` | \`spawn\` | 2.50 → 1.25 MiB | −50.0 % (−50.1 … −49.8) | 🟢 improved | \`█████ → ▄▄▄▄▄\` |
      | \`512MiB\` | \`pause\` and 5 more | 2.50 → 2.50 MiB | 0.0 % (−0.2 … +0.2) | 🟢 pass | \`█████ → █████\` |
      "
    `);
  });

  it('shows every scenario of every entry where these are few', () => {
    const matrix = matrixOf({ a: pairOf(), b: pairOf({ spawn: 2 }) });
    const text = atAGlance(matrix);
    expect(text.match(/^\| `[ab]` \| `\S+` \|/gm)).toHaveLength(12);
    expect(text).not.toContain('more |');
  });

  it('says once of which two, as links, where that is one pull request', () => {
    const text = render(matrixOf({ a: pairOf(), b: pairOf() }), trusted);
    const commits = `${trusted.repositoryUrl}/commit`;
    expect(text.split('\n')[2]).toBe(
      `Head [\`topic (bbbbbbb)\`](${commits}/${'b'.repeat(40)}), compared with base [\`main (aaaaaaa)\`](${commits}/${'a'.repeat(40)}).`,
    );
    const other = { ...pairOf(), head: { ...side('head'), subject: { label: 'other' } } };
    expect(atAGlance(matrixOf({ a: pairOf(), b: other }))).not.toContain('Head ');
    const states = { head: side('head'), noVerdict: noBaseline };
    expect(atAGlance(matrixOf({ a: states, b: states }))).toContain(
      'Head `topic (bbbbbbb)`; no baseline yet.',
    );
    const apart = { base: moved, head: side('head') };
    expect(atAGlance(matrixOf({ a: apart, b: apart }))).toContain(
      'Head `topic (bbbbbbb)`; not compared with base `main (aaaaaaa)`.',
    );
  });

  it('folds the details of each entry, the gravest first', () => {
    const text = render(mixed);
    expect(text.match(/<summary>.*<\/summary>/g)).toEqual([
      '<summary>🔴 1GiB: memfile diff of idle-2s +40.0 % per cycle (fails above +5 %)</summary>',
      '<summary>🔵 4GiB: not comparable: vcpus is 2 on base and 1 on head</summary>',
      '<summary>🔵 8GiB: no baseline yet: nothing is stored of main; a push to main stores it</summary>',
      '<summary>🟢 2GiB: memfile diff of spawn −50.0 % per cycle (improved)</summary>',
      '<summary>🟢 512MiB: no growth above 5 %</summary>',
    ]);
    const [, first = ''] = text.split('<details>');
    expect(first).toContain('\n- `idle-2s`: +40.0 % (+39.8 % … +40.2 %) is established');
    expect(first).toContain('\n- host processor: `Example CPU`\n');
    expect(first.match(/^\| `\S+` \| `(?:memfile\.\w+|resumeMs)` \|/gm)).toHaveLength(18);
  });

  it('says that what is missing is allowed, and is then no failure', () => {
    const matrix = matrixOf({ a: pairOf(), gone: 'its job failed' }, {}, true);
    expect(atAGlance(matrix)).toMatch(
      /^### 🟢 snapgate: no growth above 5 % \(a\); not measured: gone\n\nNot measured: 1 of 2 entries, which is allowed\.\n\n- ⚪ `gone`: its job failed\n/,
    );
    const none = matrixOf({ gone: 'its job failed' });
    expect(atAGlance(none)).toMatch(/^### 🔴 snapgate: not measured: gone\n/);
    expect(atAGlance(none)).toContain('- 🔴 `gone`: its job failed');
  });

  it('says who accepted it', () => {
    const matrix = acceptGrowth(matrixOf({ a: pairOf({ spawn: 2 }) }), acceptance);
    expect(atAGlance(matrix)).toMatch(/^### 🟢 snapgate: accepted: a: memfile diff of spawn/);
    expect(atAGlance(matrix)).toContain('Accepted by `octocat` on 2026-01-02 at `bbbbbbb`.');
    expect(plain.renderMatrix({ matrix })).toContain('\nAccepted by octocat on 2026-01-02 at bbbbbbb.\n');
  });
});

describe('a matrix on a terminal', () => {
  const text = plain.renderMatrix({ matrix: mixed });

  it('is the verdict, what is missing, one table of all, and what each entry has to say', () => {
    const [headline, missing, table = '', ...entries] = text.split('\n\n');
    expect(headline).toMatch(/^FAIL {2}not measured: linux-6\.12; 1GiB: memfile diff of idle-2s \+40\.0 %/);
    expect(missing).toBe('not measured  linux-6.12: its job failed');
    expect(table.split('\n')).toHaveLength(1 + 5 * 6);
    expect(table).toMatch(/^1GiB +idle-2s +2\.50 MiB +3\.50 MiB +\+40\.0 % .* fail +▆{5} → █{5}$/m);
    expect(table).toMatch(/^4GiB +pause +– +2\.50 MiB +– +not comparable +█{5}$/m);
    expect(entries).toHaveLength(5);
    expect(entries[1]).toMatch(/^1GiB: memfile diff .*\nidle-2s: \+40\.0 % .*\nbase {3}main/);
  });

  it('gives every metric on request, and colour where it is wanted', () => {
    expect(text).not.toContain('memfile.changedBytes');
    const detailed = terminal({ colour: true, detail: true }).renderMatrix({ matrix: mixed });
    expect(detailed.match(/memfile\.changedBytes/g)).toHaveLength(5 * 6);
    const esc = String.fromCharCode(27);
    expect(detailed).toContain(`${esc}[34mno baseline yet${esc}[39m`);
  });
});

describe('a matrix as JSON', () => {
  it('is the record', () => {
    expect(JSON.parse(json.renderMatrix({ matrix: mixed }))).toEqual(mixed);
  });
});
