import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { keepLastLines, type LastLines } from '../../host/last-lines.ts';
import type { Log } from '../../host/run.ts';

/** Where the commands of one machine put out to, and what they leave running in the background. */
export interface OutputLog {
  /** For the stdout and stderr of a command: a file, so that no command waits for what another left running, and nothing breaks when it ends. */
  readonly fd: number;
  /** Begins the output of another command. */
  begin(): void;
  /** The last lines since `begin`; untrusted. */
  lines(): readonly string[];
  close(): void;
}

const pollMs = 200;
/** The file is emptied when it has grown past this: a loop that prints must not fill the disk. */
const keptBytes = 8 * 1024 * 1024;
const readBytes = 1024 * 1024;
/** Lines of one command that go to the run's log. */
const loggedLines = 5_000;

/** Makes the file, and shows what comes into it, line by line, as detail. */
export function openOutputLog(path: string, log: Log): OutputLog {
  const fd = openSync(path, 'ax+', 0o600);
  const buffer = Buffer.alloc(readBytes);
  let position = 0;
  let current: LastLines | undefined;
  const follow = () => {
    const { size } = fstatSync(fd);
    // `> /dev/stderr` opens the file anew, and empties it.
    if (size < position) position = 0;
    position = Math.max(position, size - readBytes);
    while (position < size) {
      const count = readSync(fd, buffer, 0, Math.min(readBytes, size - position), position);
      if (count === 0) break;
      current?.push(buffer.subarray(0, count));
      position += count;
    }
    if (size <= keptBytes) return;
    // Whoever writes appends: at the new end.
    ftruncateSync(fd, 0);
    position = 0;
  };
  const timer = setInterval(follow, pollMs).unref();
  return {
    fd,
    begin: () => {
      follow();
      current = keepLastLines(limitedLog(log));
    },
    lines: () => {
      follow();
      return [...(current?.end() ?? [])];
    },
    close: () => {
      clearInterval(timer);
      closeSync(fd);
    },
  };
}

function limitedLog(log: Log): (line: string) => void {
  let count = 0;
  return (line) => {
    count += 1;
    if (count <= loggedLines) log.detail(line);
    else if (count === loggedLines + 1) log.detail('(snapgate: more of its output is not shown)');
  };
}
