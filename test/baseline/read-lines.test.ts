import { expect, it } from 'vitest';
import type { Git } from '../../src/baseline/git.ts';
import { readLines } from '../../src/baseline/read-lines.ts';

/** A fake git that says its output in pieces of so many bytes. */
function sayingInPieces(output: string, pieceBytes: number): Git {
  const bytes = Buffer.from(output);
  return {
    folder: '/',
    ask: async () => undefined,
    run: async (_args, options) => {
      for (let at = 0; at < bytes.length; at += pieceBytes)
        options?.onStdout?.(bytes.subarray(at, at + pieceBytes));
      return { code: 3, signal: null, stdout: '', tail: [], timedOut: false };
    },
  };
}

it('tells each line whole, wherever the pieces end, and cuts what is too long', async () => {
  for (const pieceBytes of [1, 2, 3, 7, 1000]) {
    const lines: string[] = [];
    const git = sayingInPieces(`é one\n\n${'x'.repeat(50)}\nlast ü\n`, pieceBytes);
    const code = await readLines(git, [], (line) => lines.push(line), { mostCharacters: 10 });
    expect([code, lines]).toEqual([3, ['é one', '', 'x'.repeat(10), 'last ü']]);
  }
});
