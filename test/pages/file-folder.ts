import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../../src/host/run.ts';
import { openTestRun } from '../baseline/test-run.ts';

/** A folder on a disk, whose files can have holes, and a run in it. */
export interface FileFolder extends Disposable {
  readonly path: string;
  readonly run: Run;
  abort(): void;
  /** Writes what of `content` is not a page of zeros: the rest are holes. */
  sparse(name: string, content: Buffer): string;
  /** Writes all of it. */
  dense(name: string, content: Buffer): string;
  /** A file of `bytes` with data in those pages alone. */
  parts(name: string, bytes: number, pages: Iterable<readonly [number, Buffer]>): string;
  /** The same, with pages that say their number. */
  pages(name: string, bytes: number, pages: Iterable<number>): string;
}

const pageBytes = 4096;

export function openFileFolder(): FileFolder {
  const path = mkdtempSync('/var/tmp/snapgate-files-');
  const { run, abort, [Symbol.dispose]: close } = openTestRun(path);
  const write = (name: string, bytes: number, parts: Iterable<readonly [number, Buffer]>) => {
    const file = join(path, name);
    const fd = openSync(file, 'w');
    for (const [page, part] of parts) writeSync(fd, part, 0, part.length, page * pageBytes);
    ftruncateSync(fd, bytes);
    closeSync(fd);
    return file;
  };
  return {
    path,
    run,
    abort,
    dense: (name, content) => write(name, content.length, [[0, content]]),
    sparse: (name, content) => write(name, content.length, dataOf(content)),
    parts: write,
    pages: (name, bytes, pages) => write(name, bytes, contentsOf(pages)),
    [Symbol.dispose]: () => {
      close();
      rmSync(path, { recursive: true, force: true });
    },
  };
}

function* dataOf(content: Buffer): Generator<[number, Buffer]> {
  for (let offset = 0; offset < content.length; offset += pageBytes) {
    const page = content.subarray(offset, offset + pageBytes);
    if (page.some((byte) => byte !== 0)) yield [offset / pageBytes, page];
  }
}

function* contentsOf(pages: Iterable<number>): Generator<[number, Buffer]> {
  for (const page of pages) {
    const content = Buffer.alloc(pageBytes, 1);
    content.writeUInt32LE(page);
    yield [page, content];
  }
}
