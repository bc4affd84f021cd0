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
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    add(chunk) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes < 2 * keptBytes) return;
      const kept = Buffer.from(Buffer.concat(chunks).subarray(-keptBytes));
      chunks.splice(0, chunks.length, kept);
      bytes = kept.length;
    },
    lines: (count) => cleanLines(Buffer.concat(chunks).subarray(-keptBytes).toString('utf8')).slice(-count),
  };
}

function cleanLines(text: string): string[] {
  return text
    .replace(ansiSequence, '')
    .split(/\r*\n/)
    .map((line) => line.replace(controlCharacter, '').slice(0, keptLineChars))
    .filter((line) => line.trim() !== '');
}
