import { readSync, writeSync } from 'node:fs';

/** Fills `into` from `position` of a file on. Returns how many bytes there were: fewer than asked for where the file ends before. */
export function readUpTo(fd: number, into: Uint8Array, position: number): number {
  let done = 0;
  while (done < into.length) {
    const count = readSync(fd, into, done, into.length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** Fills `into` from `position` of a file on. Throws where the file ends before. */
export function readFully(fd: number, into: Uint8Array, position: number): void {
  if (readUpTo(fd, into, position) < into.length)
    throw new Error('a memory file or process ended before its pages were read');
}

/** Writes all of `content` at `position` of a file. */
export function writeFully(fd: number, content: Uint8Array, position: number): void {
  let done = 0;
  while (done < content.length) done += writeSync(fd, content, done, content.length - done, position + done);
}
