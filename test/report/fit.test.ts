import { describe, expect, it } from 'vitest';
import { fitParts, type Limit, type Part } from '../../src/report/fit.ts';
import { seededRandom } from '../stats/random.ts';

function upTo(most: number, lengthOf: Limit['lengthOf'] = (text) => text.length): Limit {
  return { most, lengthOf, sayLeftOut: (names) => `Left out: ${names.join(', ')}.` };
}

const rows = (count: number, text = 'x'.repeat(20)) =>
  Array.from({ length: count }, (_, index) => `| ${index} ${text} |`);
const heading: Part = { name: 'headline', rank: 0, text: '### title' };
const table: Part = { name: 'table', rank: 2, text: '| a |\n| - |', rows: rows(50) };
const detail: Part = { name: 'detail', rank: 3, title: 'detail', text: '| b |\n| - |', rows: rows(200) };

describe('parts that must fit', () => {
  it('are left whole where they do', () => {
    const small = { ...table, rows: ['| 1 |'] };
    expect(fitParts([heading, small, { ...detail, rows: ['| 2 |'] }], upTo(1000))).toBe(
      '### title\n\n| a |\n| - |\n| 1 |\n\n<details><summary>detail</summary>\n\n| b |\n| - |\n| 2 |\n\n</details>\n',
    );
  });

  it('are cut after a row, the least important first, and say so', () => {
    const text = fitParts([heading, table, detail], upTo(3000));
    expect(text.length).toBeLessThanOrEqual(3000);
    expect(text.length).toBeGreaterThan(2900);
    expect(text.match(/^\| \d+ x{20} \|$/gm)?.length).toBeGreaterThan(90);
    expect(text).toContain('\n\nLeft out: detail.\n\n<details>');
    expect(text).toMatch(/\n\nand \d+ more rows in the JSON\n\n<\/details>\n$/);
    const shorter = fitParts([heading, table, detail], upTo(1000));
    expect(shorter).not.toContain('<details>');
    expect(shorter).toMatch(/\n\nand \d+ more rows in the JSON\n\nLeft out: table, detail\.\n$/);
  });

  it('are found in their places, whatever their rank', () => {
    const last: Part = { name: 'last', rank: 1, text: 'last' };
    const text = fitParts([heading, table, last], upTo(500));
    expect(text.indexOf('| a |')).toBeLessThan(text.indexOf('\nlast\n'));
  });

  it('take no more than their share where not all fits', () => {
    const half = (name: string): Part => ({ ...detail, name, title: name, share: 0.5 });
    const text = fitParts([heading, half('one'), half('two')], upTo(4000));
    const [, one = '', two = ''] = text.split('<details>');
    expect(one.length).toBeGreaterThan(1700);
    expect(one.length).toBeLessThan(2000);
    expect(two.length).toBeGreaterThan(800);
  });

  it('are replaced by something shorter where there is', () => {
    const long: Part = { ...heading, text: 'x'.repeat(900), shorter: ['y'.repeat(300), 'z'] };
    expect(fitParts([long, table], upTo(500))).toMatch(/^y{300}\n/);
    expect(fitParts([long, table], upTo(250))).toMatch(/^z\n/);
  });

  it('count beyond what they have', () => {
    expect(fitParts([{ ...table, rows: ['| 1 |'], beyond: 7, noun: 'reason' }], upTo(1000))).toContain(
      '| 1 |\n\nand 7 more reasons in the JSON',
    );
  });

  it('fit every limit, in characters and in bytes, with every row whole', () => {
    const random = seededRandom(17);
    const letters = ['x', '漢', '🔴', 'é'];
    for (let round = 0; round < 300; round += 1) {
      const parts = Array.from({ length: 1 + Math.floor(random() * 6) }, (_, index): Part => {
        const letter = letters[Math.floor(random() * letters.length)] ?? 'x';
        return {
          name: `part ${index}`,
          rank: Math.floor(random() * 5),
          ...(random() < 0.5 ? { title: `title ${index}` } : {}),
          text: `head ${letter}`,
          rows: rows(Math.floor(random() * 300), letter.repeat(Math.floor(random() * 30))),
        };
      });
      const most = 300 + Math.floor(random() * 20_000);
      for (const lengthOf of [(text: string) => text.length, (text: string) => Buffer.byteLength(text)]) {
        const text = fitParts(parts, upTo(most, lengthOf));
        expect(lengthOf(text)).toBeLessThanOrEqual(most);
        const all = new Set(parts.flatMap((part) => part.rows ?? []));
        for (const line of text.split('\n').filter((each) => each.startsWith('|')))
          expect(all.has(line)).toBe(true);
        expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length);
        const lost = parts.some((part) => !text.includes(part.rows?.at(-1) ?? part.text));
        expect(text.includes('Left out: ')).toBe(lost);
      }
    }
  });
});
