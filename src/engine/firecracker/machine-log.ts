import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { createOutputTail } from '../vm/output-tail.ts';

/** The file that a Firecracker logs to. */
export interface MachineLog {
  /** Empties it when it has grown too large: a guest can make Firecracker complain. */
  bound(): void;
  /** Its last lines; untrusted. None after `close`. */
  lines(): string[];
  /** Safe to call twice. */
  close(): void;
}

/** What the log may take on the disk. */
const maxLogBytes = 16 * 1024 ** 2;
const tailBytes = 64 * 1024;

/** Opens it once, before Firecracker starts: a jailed one whose guest has broken out may put a link to any file of the host in its place. */
export function openMachineLog(path: string): MachineLog {
  let fd: number | undefined = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  return {
    bound: () => {
      if (fd !== undefined && fstatSync(fd).blocks * 512 > maxLogBytes) ftruncateSync(fd, 0);
    },
    lines: () => (fd === undefined ? [] : lastLines(fd)),
    close: () => {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

function lastLines(fd: number): string[] {
  const tail = createOutputTail();
  const buffer = Buffer.alloc(tailBytes);
  const count = readSync(fd, buffer, 0, tailBytes, Math.max(0, fstatSync(fd).size - tailBytes));
  tail.add(buffer.subarray(0, count));
  return tail.lines(30);
}
