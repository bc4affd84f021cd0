/** The end of a stream of text, however long the stream: a console may print megabytes. */
export interface OutputTail {
  add(chunk: Buffer): void;
  /** The last `count` lines, control characters and ANSI sequences removed; still untrusted. */
  lines(count: number): string[];
}

const keptBytes = 64 * 1024;
const keptLineChars = 500;

// biome-ignore lint/suspicious/noControlCharactersInRegex: what a guest prints is full of them
const ansiSequence = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|[@-Z\\-_])/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const controlCharacter = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

export function createOutputTail(): OutputTail {
  // A serial line comes in chunks of a few bytes: kept as they are, they would take many times their size.
  const held = Buffer.alloc(2 * keptBytes);
  let length = 0;
  return {
    add(chunk) {
      const end = chunk.subarray(-keptBytes);
      if (length + end.length > held.length) {
        held.copyWithin(0, length - keptBytes, length);
        length = keptBytes;
      }
      length += end.copy(held, length);
    },
    lines: (count) =>
      cleanLines(held.toString('utf8', Math.max(0, length - keptBytes), length)).slice(-count),
  };
}

function cleanLines(text: string): string[] {
  return text
    .replace(ansiSequence, '')
    .split(/\r*\n/)
    .map((line) => line.replace(controlCharacter, '').slice(0, keptLineChars))
    .filter((line) => line.trim() !== '');
}
