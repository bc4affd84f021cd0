import { describe, expect, it } from 'vitest';
import { wrap } from '../../src/host/wrap.ts';

describe('a paragraph', () => {
  it('is one line where nothing limits it', () => {
    expect(wrap('one two  three', { columns: Number.POSITIVE_INFINITY })).toEqual(['one two  three']);
  });

  it('fills its columns to the last, and has its further lines hang', () => {
    expect(wrap('aa bb cc dd', { columns: 6, indent: 1, hanging: 2 })).toEqual([' aa bb', '   cc', '   dd']);
  });

  it('does not cut a word, and takes no blank to the start of a line', () => {
    expect(wrap('aa longer  bb\u00a0cc', { columns: 4 })).toEqual(['aa', 'longer', 'bb\u00a0cc']);
  });
});
