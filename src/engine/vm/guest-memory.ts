import { closeSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { type PageSet, pageBytes, runsOf } from '../../pages/page-set.ts';
import type { PageDiff } from '../../pages/page-tally.ts';
import { addWrittenPages, pagemapEntryBytes } from '../../pages/pagemap.ts';
import { runPages, tallyPages } from '../../pages/tally-pages.ts';
import { readFully, writeFully } from '../../pages/whole-io.ts';

/** A part of the memory file in the address space of a process. */
export interface Mapping {
  readonly address: number;
  readonly bytes: number;
  /** Where in the file it begins. */
  readonly offset: number;
}

/** A process that maps the memory file privately. */
export interface ProcessMemory {
  readonly pid: number;
  readonly ramPath: string;
  readonly ramBytes: number;
  /** How the process's maps call the file, where that is not its own path: in a jail. */
  readonly mappedAs?: string;
}

const pagemapChunkPages = 128 * 1024;

/**
 * The pages of the private mapping of `ramPath` that the process has written, by their number in the file. The guest must be stopped,
 * and its devices' state saved: QEMU writes to guest memory too.
 */
export function readWrittenPages({ pid, ramPath, ramBytes, mappedAs }: ProcessMemory): PageSet {
  const pages = new Uint32Array(ramBytes / pageBytes);
  const fd = openSync(`/proc/${pid}/pagemap`, 'r');
  try {
    let length = 0;
    for (const mapping of findMappings(readMaps(pid), mappedAs ?? realpathSync(ramPath), ramBytes))
      length = readPagemap(fd, mapping, pages, length);
    return pages.slice(0, length);
  } finally {
    closeSync(fd);
  }
}

/**
 * Compares those pages in the process with the file, and with `patch` writes the ones that changed to the file, which then is the
 * memory of the next snapshot: the process holds private copies of them, so that it does not notice.
 */
export async function diffWrittenPages(
  memory: ProcessMemory,
  pages: PageSet,
  patch: boolean,
): Promise<PageDiff> {
  const mappings = findMappings(readMaps(memory.pid), realpathSync(memory.ramPath), memory.ramBytes);
  const mem = openSync(`/proc/${memory.pid}/mem`, 'r');
  const ram = openSync(memory.ramPath, patch ? 'r+' : 'r');
  try {
    return await tallyPages(runsOf(pages, runPages), {
      readBefore: (first, into) => readFully(ram, into, first * pageBytes),
      readAfter: (first, into) => readMapped(mem, mappings, first, into),
      ...(patch && { onChanged: (first, content) => writeFully(ram, content, first * pageBytes) }),
    });
  } finally {
    closeSync(mem);
    closeSync(ram);
  }
}

/**
 * The parts of /proc/PID/maps that map `path` privately, in the order of the file. Throws unless they cover all of `bytes` once: a
 * mapping that was split by mprotect or mlock is fine.
 */
export function findMappings(maps: string, path: string, bytes: number): Mapping[] {
  const name = path.replaceAll('\n', '\\012');
  const mappings = maps
    .split('\n')
    .flatMap((line) => parseMapping(line, name))
    .sort((a, b) => a.offset - b.offset);
  let end = 0;
  for (const mapping of mappings) {
    if (mapping.offset !== end) throw new Error(`${path} is mapped twice or in part`);
    end += mapping.bytes;
  }
  if (end !== bytes) throw new Error(`${path} is mapped for ${end} of ${bytes} bytes`);
  return mappings;
}

function parseMapping(line: string, name: string): Mapping[] {
  // proc(5): address perms offset dev inode pathname
  const match = /^([0-9a-f]+)-([0-9a-f]+) ..(.)(.) ([0-9a-f]+) \S+ \d+ +(.*)$/.exec(line);
  if (match?.[6] !== name || match[4] !== 'p') return [];
  const [from, to, offset] = [match[1], match[2], match[5]].map((hex) => Number.parseInt(hex ?? '', 16));
  if (from === undefined || to === undefined || offset === undefined) return [];
  return [{ address: from, bytes: to - from, offset }];
}

function readMaps(pid: number): string {
  return readFileSync(`/proc/${pid}/maps`, 'utf8');
}

function readPagemap(fd: number, mapping: Mapping, into: PageSet, length: number): number {
  const total = mapping.bytes / pageBytes;
  const buffer = Buffer.alloc(Math.min(total, pagemapChunkPages) * pagemapEntryBytes);
  const entries = new Uint32Array(buffer.buffer, buffer.byteOffset, buffer.length / 4);
  let end = length;
  for (let page = 0; page < total; page += pagemapChunkPages) {
    const count = Math.min(pagemapChunkPages, total - page);
    const position = (mapping.address / pageBytes + page) * pagemapEntryBytes;
    readFully(fd, buffer.subarray(0, count * pagemapEntryBytes), position);
    end = addWrittenPages(entries.subarray(0, count * 2), mapping.offset / pageBytes + page, into, end);
  }
  return end;
}

/** A run may lie across the border of two mappings. */
function readMapped(mem: number, mappings: readonly Mapping[], first: number, into: Buffer): void {
  const from = first * pageBytes;
  const to = from + into.length;
  for (const { address, bytes, offset } of mappings) {
    const start = Math.max(from, offset);
    const end = Math.min(to, offset + bytes);
    if (start < end) readFully(mem, into.subarray(start - from, end - from), address + start - offset);
  }
}
