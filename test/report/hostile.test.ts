import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { acceptGrowth } from '../../src/gate/accept.ts';
import { codeSpan, htmlText, paragraph, prose, shellWord, visibleText } from '../../src/report/escape.ts';
import { json } from '../../src/report/json.ts';
import { markdown, maxMarkdownLength, summaryOf } from '../../src/report/markdown.ts';
import { terminal } from '../../src/report/terminal.ts';
import { reproduceCommand } from '../../src/report/wording.ts';
import { seededRandom } from '../stats/random.ts';
import {
  hostileComparison,
  hostileMatrix,
  hostileMeasurement,
  hostileText,
  hostileTexts,
} from './hostile.ts';
import { markdownFaults, trusted } from './markdown-faults.ts';
import {
  acceptance,
  growing,
  matrixOf,
  noBaseline,
  notComparable,
  pairOf,
  reportOf,
  side,
  withoutVerdict,
} from './samples.ts';

const plain = terminal({ colour: false, detail: true });
const coloured = terminal({ colour: true, detail: true });

const noted = (measurement: ReturnType<typeof side>) => ({ ...measurement, notes: ['one', 'two'] });
const benign = reportOf(noted(side('base')), noted(side('head', growing({ 'idle-2s': 1.4, spawn: 0.5 }))), {
  metrics: 'memfile.writtenBytes resumeMs',
});

/** Controls that drive a terminal, and characters that reorder or hide text; a report has none but its own line breaks and colours. */
const unseen = /(?!\n)\p{Cc}|\p{Cf}|\p{Cs}|[\u2028\u2029]/u;
const sgr = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');

/** For the name of a test: no text may play its tricks there. */
function ascii(text: string): string {
  return JSON.stringify(text).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function lineCount(text: string): number {
  return text.split('\n').length;
}

describe('markdownFaults, the judge of these tests', () => {
  it.each([
    ['<script>', 'a tag'],
    ['<details>x</details>', 'folds do not pair'],
    ['a `b', 'a code span'],
    ['hello @team', 'a mention'],
    ['see #12', 'a reference'],
    ['see https://x', 'a link'],
    ['![x](y)', 'markup'],
    ['| a | b |\n| - | - |\n| `x|y` | z |', 'a row that is not of 2 cells'],
    ['| a |\nb', 'no table below'],
    ['```sh\n<!-- snapgate:default -->\n```', 'a marker in a fence'],
    ['\u202e', 'an unseen character'],
    ['\u001b[31m', 'an unseen character'],
  ])('finds fault with %j', (text, fault) => {
    expect(markdownFaults(text).join('\n')).toContain(fault);
  });

  it('finds none with a report of harmless strings', () => {
    expect(markdownFaults(markdown.render(benign))).toEqual([]);
  });
});

describe('a comparison full of hostile strings', () => {
  /** No string of a record may make a line of its own, or lose one. */
  const usual = { markdown: lineCount(markdown.render(benign)), terminal: lineCount(plain.render(benign)) };
  const random = seededRandom(41);
  const cases = [
    ...hostileTexts.map((text) => [ascii(text), () => text] as const),
    ...Array.from({ length: 40 }, (_, index) => [`mixture ${index}`, () => hostileText(random)] as const),
    ['the longest', () => '&@<漢🔴'.repeat(100)] as const,
  ];

  it.each(cases)('as Markdown: %s', (_, text) => {
    const comparison = hostileComparison(benign.comparison, text);
    const head = benign.head && hostileMeasurement(benign.head, text);
    const reproduce = ['--dockerfile', text(), '--build-command', text()];
    const shown = markdown.render({ comparison, head, reproduce });
    expect(markdownFaults(shown)).toEqual([]);
    expect(lineCount(shown)).toBe(usual.markdown);
    expect(shown.length).toBeLessThanOrEqual(maxMarkdownLength);
    expect(shown).toMatch(/^### 🔴 snapgate: /);
  });

  it.each(cases)('on a terminal: %s', (_, text) => {
    const comparison = hostileComparison(benign.comparison, text);
    const input = { comparison, head: benign.head, reproduce: ['--dockerfile', text()] };
    const shown = plain.render(input);
    expect(shown).not.toMatch(unseen);
    expect(lineCount(shown)).toBe(usual.terminal);
    expect(coloured.render(input).replace(sgr, '')).toBe(shown);
  });

  it.each(cases)('as JSON it is the record: %s', (_, text) => {
    const comparison = hostileComparison(benign.comparison, text);
    expect(JSON.parse(json.render({ comparison }))).toEqual(comparison);
  });
});

describe('what stands around a comparison, full of hostile strings', () => {
  const random = seededRandom(42);
  const cases = [
    ...hostileTexts.map((text) => [ascii(text), () => text] as const),
    ...Array.from({ length: 40 }, (_, index) => [`mixture ${index}`, () => hostileText(random)] as const),
  ];
  const states = [
    withoutVerdict(noBaseline).comparison,
    withoutVerdict(notComparable, { 'max-memfile-written': '1MiB' }, side('base')).comparison,
    acceptGrowth(benign.comparison, acceptance),
  ];
  const matrix = acceptGrowth(
    matrixOf({
      grown: pairOf({ 'idle-2s': 1.4 }),
      same: pairOf(),
      first: { head: side('head'), noVerdict: noBaseline },
      gone: 'its job failed',
    }),
    acceptance,
  );

  it.each(cases)('no verdict, an acceptance, and whose numbers: %s', (_, text) => {
    for (const state of states) {
      const usual = { ...trusted, comparison: state, provenance: 'x', remarks: ['x', 'x'] };
      const hostile = {
        ...trusted,
        comparison: hostileComparison(state, text),
        provenance: `x${text()}`,
        remarks: [`x${text()}`, `x${text()}`],
      };
      const shown = markdown.render(hostile);
      expect(markdownFaults(shown)).toEqual([]);
      expect(lineCount(shown)).toBe(lineCount(markdown.render(usual)));
      const typed = plain.render(hostile);
      expect(typed).not.toMatch(unseen);
      expect(lineCount(typed)).toBe(lineCount(plain.render(usual)));
    }
  });

  it.each(cases)('a matrix: %s', (_, text) => {
    const hostile = hostileMatrix(matrix, text);
    const shown = markdown.renderMatrix({ matrix: hostile, ...trusted });
    expect(markdownFaults(shown)).toEqual([]);
    expect(lineCount(shown)).toBe(lineCount(markdown.renderMatrix({ matrix, ...trusted })));
    expect(markdownFaults(summaryOf({ matrix: hostile }))).toEqual([]);
    const typed = plain.renderMatrix({ matrix: hostile });
    expect(typed).not.toMatch(unseen);
    expect(lineCount(typed)).toBe(lineCount(plain.renderMatrix({ matrix })));
    expect(coloured.renderMatrix({ matrix: hostile }).replace(sgr, '')).toBe(typed);
  });
});

describe('a measurement full of hostile strings', () => {
  const random = seededRandom(43);
  const measurement = noted(side('head'));
  const usual = {
    markdown: lineCount(markdown.renderMeasurement(measurement)),
    terminal: lineCount(plain.renderMeasurement(measurement)),
  };
  const cases = [
    ...hostileTexts.map((text) => [ascii(text), () => text] as const),
    ...Array.from({ length: 20 }, (_, index) => [`mixture ${index}`, () => hostileText(random)] as const),
  ];

  it.each(cases)('%s', (_, text) => {
    const hostile = hostileMeasurement(measurement, text);
    const shown = markdown.renderMeasurement(hostile);
    expect(markdownFaults(shown)).toEqual([]);
    expect(lineCount(shown)).toBe(usual.markdown);
    const typed = plain.renderMeasurement(hostile);
    expect(typed).not.toMatch(unseen);
    expect(lineCount(typed)).toBe(usual.terminal);
  });
});

describe('visibleText', () => {
  it('is one line, trimmed, of what can be seen', () => {
    expect(visibleText('  a\r\n\tb\u00a0c\u2028d\u200be\u202ef\0 ')).toBe('a b c def');
    expect(visibleText('\u200b\u3164\u2800\ud800')).toBe('');
    expect(visibleText('naïve 漢字 🔴 é')).toBe('naïve 漢字 🔴 é');
  });

  it('is cut at its limit of characters, not in the middle of one', () => {
    expect(visibleText('🔴'.repeat(10), 5)).toBe('🔴🔴🔴🔴…');
    expect(visibleText('x'.repeat(5), 5)).toBe('xxxxx');
    expect(visibleText('x'.repeat(1e6)).length).toBe(200);
  });
});

describe('codeSpan', () => {
  it('shows look-alikes of what could end it, and something where there is nothing', () => {
    expect(codeSpan('a`b|c<d')).toBe('`aˋb¦c‹d`');
    expect(codeSpan('\u200b ')).toBe('`(empty)`');
    expect(codeSpan('a\\')).toBe('`a\\`');
  });
});

describe('prose', () => {
  it.each([
    ['plain words, 5 % (±1)', 'plain words, 5 % (±1)'],
    ['a|b', 'a¦b'],
    ['<b>&amp;', '&lt;b&gt;&amp;amp;'],
    ['@team', '@\u200bteam'],
    ['#1', '\\#\u200b1'],
    ['GH-1', 'GH\u200b-1'],
    ['https://x', 'https:\u200b//x'],
    ['www.x', 'www\u200b.x'],
    [':tada:', ':\u200btada:'],
    ['*a* _b_ `c` ~d~ [e](f) !g $h \\i', '\\*a\\* \\_b\\_ \\`c\\` \\~d\\~ \\[e\\](f) \\!g \\$h \\\\i'],
  ])('%j', (text, shown) => {
    expect(prose(text)).toBe(shown);
  });
});

describe('paragraph', () => {
  it.each(['- x', '+ x', '1. x', '1) x', '---', '===', '12'])('%j is no list and no rule', (text) => {
    expect(paragraph(text)).toBe(`\u200b${prose(text)}`);
  });

  it('is prose else', () => {
    expect(paragraph('a - b')).toBe('a - b');
    expect(paragraph('# a')).toBe('\\# a');
  });
});

describe('htmlText', () => {
  it.each([
    ['plain words, 5 % (±1)', 'plain words, 5 % (±1)'],
    ['</summary><b>&amp;', '&lt;/summary&gt;&lt;b&gt;&amp;amp;'],
    [
      '@team #1 GH-1 https://x www.x :tada: mailto:a',
      '@\u200bteam #\u200b1 GH\u200b-1 https:\u200b//x www\u200b.x :\u200btada: mailto:\u200ba',
    ],
    ['*a* `b`\n[c](d)', '*a* ˋbˋ [c](d)'],
  ])('%j', (text, shown) => {
    expect(htmlText(text)).toBe(shown);
  });
});

describe('shellWord', () => {
  const random = seededRandom(47);
  const texts = [
    '',
    'plain-word_1.2/3:4=5@6%+,',
    "it's",
    '$(id) `id` $HOME ~ * ? [a] {a,b} ; & | > < ( ) # !x "q" \\',
    'two  spaces',
    'line one\nline two\n\n  line four',
    'tab\tand \u00a0 and \u202e',
    '```<!-- x -->',
    '-n',
    '%s %d',
    '\\0101 \\n',
    'NAME=…',
    ...hostileTexts,
    ...Array.from({ length: 200 }, () => hostileText(random, 10)),
  ];

  it.each(['sh', 'bash'])('is one word for %s, the text itself', (shell) => {
    const command = `printf '%s\\0' ${texts.map(shellWord).join(' ')}`;
    const words = execFileSync(shell, ['-c', command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exact = texts.map((text) => {
      const passable = text.toWellFormed().replaceAll('\0', '');
      return shellWord(text).startsWith('"$(') ? passable.replace(/\n+$/, '') : passable;
    });
    expect(words.split('\0').slice(0, -1)).toEqual(exact);
  });

  it('is one line of visible characters that no fence or marker can be made of', () => {
    for (const text of texts) {
      expect(shellWord(text)).not.toMatch(unseen);
      expect(shellWord(text)).not.toMatch(/\n|```|<!--/);
    }
  });
});

describe('reproduceCommand', () => {
  const { comparison } = benign;

  it('names the base by its commit, and none as none', () => {
    const commit = 'a'.repeat(40);
    expect(reproduceCommand({ comparison, reproduce: ['--rootfs', 'a b.ext4'] })).toBe(
      `npx snapgate gate --base ref:${commit} --rootfs 'a b.ext4'`,
    );
    const alone = reportOf(undefined, side('head')).comparison;
    expect(reproduceCommand({ comparison: alone, reproduce: [] })).toBe('npx snapgate gate --base none');
  });

  it('leaves a base that was given as it was given', () => {
    const { base: _, ...rest } = comparison;
    const other = { ...rest, base: { label: 'rootfs old.ext4' } };
    const reproduce = ['--rootfs', 'new.ext4', '--base', 'rootfs:old.ext4'];
    expect(reproduceCommand({ comparison: other, reproduce })).toBe(
      'npx snapgate gate --rootfs new.ext4 --base rootfs:old.ext4',
    );
  });

  it('says how boots were planned, where head tells, and not how many it took', () => {
    const head = { ...side('head'), plan: { leastBoots: 2, mostBoots: 10 } };
    expect(reproduceCommand({ comparison, head })).toMatch(/ --vcpus 1 --boots 2 --max-boots 10$/);
    expect(reproduceCommand({ comparison, head: side('head') })).toMatch(/ --vcpus 1 --boots 5$/);
    expect(reproduceCommand({ comparison, head, reproduce: [] })).not.toContain('boots');
  });

  it('says from a record alone what the record knows', () => {
    expect(reproduceCommand({ comparison })).toBe(
      `npx snapgate gate --base ref:${'a'.repeat(40)} --memory-size 512MiB --vcpus 1 --boots 5`,
    );
  });
});
