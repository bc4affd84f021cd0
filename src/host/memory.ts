import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';

/** MemAvailable of proc(5)'s meminfo, in bytes: it counts what the page cache would give back. */
export function availableMemoryBytes(): number {
  const match = /^MemAvailable: +(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'latin1'));
  return match === null ? freemem() : Number(match[1]) * 1024;
}
