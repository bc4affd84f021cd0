import { StringDecoder } from 'node:string_decoder';

/** How many lines of a command's output an error shows. */
export const shownLines = 40;
const longestLine = 2000;

/** A command's output, as it comes. */
export interface LastLines {
  push(chunk: Buffer): void;
  /** What is left, and then the last lines of all; untrusted. */
  end(): readonly string[];
}

/** Parts output into lines, of which none is longer than 2,000 characters, and keeps the last forty. */
export function keepLastLines(onLine: (line: string) => void): LastLines {
  const decoder = new StringDecoder('utf8');
  const last: string[] = [];
  let rest = '';
  const take = (line: string) => {
    const shown = line.length > longestLine ? `${line.slice(0, longestLine)}…` : line;
    if (shown === '') return;
    last.push(shown);
    if (last.length > shownLines) last.shift();
    onLine(shown);
  };
  return {
    push(chunk) {
      const parts = (rest + decoder.write(chunk)).split(/\r?\n|\r/);
      rest = (parts.pop() ?? '').slice(0, longestLine + 1);
      for (const part of parts) take(part);
    },
    end() {
      take(rest + decoder.end());
      rest = '';
      return last;
    },
  };
}
