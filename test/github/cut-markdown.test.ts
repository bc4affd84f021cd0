import { expect, test } from 'vitest';
import { cutMarkdown } from '../../src/github/cut-markdown.ts';
import { markdownFaults } from '../report/markdown-faults.ts';
import { seededRandom } from '../stats/random.ts';

const note = 'Cut: see elsewhere.';

test('what fits is left as it is', () => {
  expect(cutMarkdown('12345', 5, note)).toBe('12345');
  expect(cutMarkdown('漢漢', 6, note, Buffer.byteLength)).toBe('漢漢');
});

test('a cut inside a fold and a fence closes both', () => {
  const text = `head\n\n<details><summary>a</summary>\n\n\`\`\`sh\n<details>\n${'x\n'.repeat(100)}\`\`\`\n\n</details>\n`;
  const cut = cutMarkdown(text, 130, note);
  expect(cut).toMatch(/x\n```\n\n<\/details>\n\nCut: see elsewhere\.\n$/);
  expect(markdownFaults(cut)).toEqual([]);
  expect(cut.length).toBeLessThanOrEqual(130);
});

test('at any limit: within it, whole Markdown, a beginning of the text, and the note', () => {
  for (let seed = 1; seed <= 400; seed += 1) {
    const random = seededRandom(seed);
    const text = randomReport(random);
    const sizeOf = seed % 2 === 0 ? (part: string) => part.length : Buffer.byteLength;
    const limit = 60 + Math.floor(random() * 1.1 * sizeOf(text));
    const cut = cutMarkdown(text, limit, note, sizeOf);
    expect(sizeOf(cut)).toBeLessThanOrEqual(limit);
    expect(markdownFaults(cut)).toEqual([]);
    if (sizeOf(text) <= limit) expect(cut).toBe(text);
    else {
      expect(cut.endsWith(`${note}\n`)).toBe(true);
      const kept = cut.slice(0, cut.indexOf(note)).replace(/(\n```)?(\n\n<\/details>)*\n\n$/, '');
      expect(text.startsWith(kept)).toBe(true);
    }
  }
});

test('a line that is longer than all the room leaves the note', () => {
  expect(cutMarkdown('x'.repeat(1000), 100, note).trim()).toBe(note);
});

function randomReport(random: () => number): string {
  const lines = (count: number) =>
    Array.from({ length: count }, () => 'größer '.repeat(1 + Math.floor(random() * 9))).join('\n');
  const part = () => {
    const kind = Math.floor(random() * 3);
    const text = lines(1 + Math.floor(random() * 8));
    if (kind === 0) return text;
    if (kind === 1) return `\`\`\`sh\n${text}\n\`\`\``;
    return `<details><summary>fold</summary>\n\n${text}\n\n\`\`\`sh\n${text}\n\`\`\`\n\n</details>`;
  };
  return Array.from({ length: 2 + Math.floor(random() * 4) }, part).join('\n\n');
}
