import { describe, expect, it } from 'vitest';
import { createOutputTail } from '../../src/engine/vm/output-tail.ts';
import { retainedBytes } from '../fixtures/retained.ts';
import { seededRandom } from '../stats/random.ts';

function linesOf(text: string, count = 100): string[] {
  const tail = createOutputTail();
  tail.add(Buffer.from(text));
  return tail.lines(count);
}

describe('createOutputTail', () => {
  it('gives the last lines, however the stream was cut into chunks', () => {
    const random = seededRandom(21);
    const text = Array.from({ length: 3000 }, (_, index) => `${index}: ${'äö'.repeat(index % 40)}x`);
    const bytes = Buffer.from(text.join('\n'));
    for (const count of [1, 5, 400]) {
      const tail = createOutputTail();
      let at = 0;
      while (at < bytes.length) {
        const to = at + 1 + Math.floor(random() * 5000);
        tail.add(bytes.subarray(at, to));
        at = to;
      }
      expect(tail.lines(count)).toEqual(text.slice(-count));
    }
  });

  it('gives what there is of less, without empty lines', () => {
    expect(linesOf('')).toEqual([]);
    expect(linesOf('\n\n a \r\n\r\r\n\t\nb')).toEqual([' a ', 'b']);
  });

  it('keeps a fixed amount of an endless stream, however small its chunks are', () => {
    const before = retainedBytes();
    const tail = createOutputTail();
    for (let index = 0; index < 300_000; index += 1) tail.add(Buffer.alloc(1, 'x'));
    expect(retainedBytes() - before).toBeLessThan(1024 * 1024);
    expect(tail.lines(10)).toEqual(['x'.repeat(500)]);
  });

  it('keeps the end of a chunk that is larger than all it keeps', () => {
    const tail = createOutputTail();
    tail.add(Buffer.from('before\n'));
    tail.add(Buffer.from(`${'x\n'.repeat(200_000)}last\n`));
    expect(tail.lines(2)).toEqual(['x', 'last']);
    tail.add(Buffer.from('after'));
    expect(tail.lines(2)).toEqual(['last', 'after']);
  });

  it.each([
    ['colours', '\u001b[1;31mred\u001b[0m plain', 'red plain'],
    ['cursor and screen', '\u001b[2J\u001b[10;5Htext\u001b[?25l', 'text'],
    ['single escapes', '\u001bcreset\u001bM', 'creset'],
    ['a title', '\u001b]0;evil\u0007text', '0;eviltext'],
    ['C1 controls', 'a\u009b31mb\u0085c', 'a31mbc'],
    ['NUL, backspace and DEL', 'a\u0000b\bc\u007fd', 'abcd'],
    ['a carriage return inside of a line', 'progress 1\rprogress 2', 'progress 1progress 2'],
    ['tabs stay', 'a\tb', 'a\tb'],
  ])('removes what drives a terminal: %s', (_what, said, shown) => {
    expect(linesOf(said)).toEqual([shown]);
  });

  it('shows bytes that are no text as replacement characters', () => {
    const tail = createOutputTail();
    tail.add(Buffer.from([0x41, 0xff, 0xfe, 0x42]));
    expect(tail.lines(1)).toEqual(['A��B']);
  });
});
