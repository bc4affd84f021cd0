import { statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { SnapgateError } from '../host/error.ts';
import { killGroup, packageOf, startProcess, waitForExit } from '../host/process.ts';
import type { Run } from '../host/run.ts';

/** Consecutive bytes of a file. */
export interface Extent {
  readonly offset: number;
  readonly bytes: number;
}

/** As many as a memory of 64 GiB has where every second page is written. */
const maxExtents = 8 * 1024 * 1024;
const blockBytes = 512;
const answerMs = 60_000;

/**
 * Where a file has data, ascending and apart, as lseek(2) with SEEK_DATA and SEEK_HOLE tells; all else are holes. Node has no such call,
 * but GNU tar makes it: the map of a sparse file stands in front of its data (GNU tar manual, "Storing Sparse Files", PAX format 1.0), so
 * tar is ended when the map is read, and nothing of the data is. A file without holes is one extent.
 *
 * Extents are of the file system's blocks, 4 KiB on ext4, XFS and tmpfs; also of what is in the page cache alone.
 *
 * @throws SnapgateError `host` where tar cannot read it
 */
export async function dataExtents(run: Run, path: string): Promise<readonly Extent[]> {
  run.signal.throwIfAborted();
  const file = resolve(path);
  const stats = statSync(file);
  if (!stats.isFile()) throw notAFile(file);
  const args = ['--create', '--file=-', '--format=posix', '--sparse', '--hole-detection=seek'];
  const child = startProcess(
    run,
    'tar',
    [...args, `--directory=${dirname(file)}`, '--', `./${basename(file)}`],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { TAR_OPTIONS: '', LC_ALL: 'C' },
    },
  );
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('tar has no pipes');
  const said: Buffer[] = [];
  stderr.on('data', (chunk: Buffer) => said.length < 16 && said.push(chunk));
  const exit = waitForExit(child);
  exit.catch(() => {});
  const stop = () => killGroup(child);
  const timer = setTimeout(stop, answerMs);
  run.signal.addEventListener('abort', stop, { once: true });
  try {
    const extents = await readMap(stdout, stats.size);
    if (extents !== undefined) return extents;
    await exit;
    run.signal.throwIfAborted();
    throw unreadable(file, Buffer.concat(said).toString('utf8'));
  } finally {
    clearTimeout(timer);
    stop();
    run.signal.removeEventListener('abort', stop);
    await exit.catch(() => {});
  }
}

/** undefined: the archive ended before the map did. */
async function readMap(
  archive: AsyncIterable<Buffer>,
  wholeBytes: number,
): Promise<readonly Extent[] | undefined> {
  const parser = createMapParser(wholeBytes);
  for await (const chunk of archive) {
    const extents = parser(chunk);
    if (extents !== undefined) return extents;
  }
  return undefined;
}

type Parser = (chunk: Buffer) => readonly Extent[] | undefined;

/** Takes the archive piece by piece: a header of records, the file's own header, and where those say so, the map. */
function createMapParser(wholeBytes: number): Parser {
  let held = Buffer.alloc(0);
  let parse: Parser = (chunk) => {
    held = Buffer.concat([held, chunk]);
    const found = findMap(held);
    if (found === undefined) return undefined;
    if (found === 'all data') return wholeBytes === 0 ? [] : [{ offset: 0, bytes: wholeBytes }];
    parse = createNumberParser();
    return parse(held.subarray(found.mapAt));
  };
  return (chunk) => parse(chunk);
}

/** Reads the blocks in front of the file's content, as far as they are there. */
function findMap(archive: Buffer): { readonly mapAt: number } | 'all data' | undefined {
  let at = 0;
  let sparse = false;
  while (archive.length >= at + blockBytes) {
    const header = archive.subarray(at, at + blockBytes);
    const bytes = sizeIn(header);
    const content = at + blockBytes;
    if (header[156] !== 'x'.charCodeAt(0)) return sparse ? { mapAt: content } : 'all data';
    if (archive.length < content + bytes) return undefined;
    const records = archive.toString('latin1', content, content + bytes);
    sparse = records.includes(' GNU.sparse.major=1\n');
    at = content + Math.ceil(bytes / blockBytes) * blockBytes;
  }
  return undefined;
}

/** Of the records' own header, which are short: octal. */
function sizeIn(header: Buffer): number {
  return Number.parseInt(header.toString('latin1', 124, 136), 8) || 0;
}

/** Decimal numbers, a line each: how many extents, then offset and length of each. The last may be empty, and marks the file's end. */
function createNumberParser(): Parser {
  const numbers: number[] = [];
  let value = 0;
  return (chunk) => {
    for (const byte of chunk) {
      if (byte !== 0x0a) {
        value = value * 10 + (byte - 0x30);
        continue;
      }
      numbers.push(value);
      value = 0;
      const [count = 0] = numbers;
      if (count > maxExtents) throw tooScattered(count);
      if (numbers.length === 1 + 2 * count) return extentsOf(numbers);
    }
    return undefined;
  };
}

function extentsOf(numbers: readonly number[]): Extent[] {
  const extents: Extent[] = [];
  for (let index = 1; index < numbers.length; index += 2) {
    const [offset = 0, bytes = 0] = [numbers[index], numbers[index + 1]];
    if (bytes > 0) extents.push({ offset, bytes });
  }
  return extents;
}

function tooScattered(count: number): SnapgateError {
  return new SnapgateError(
    'host',
    `a sparse file has ${count} extents of data, more than the ${maxExtents} that are read`,
    'It is no memory of 64 GiB or less in pages of 4 KiB: check what it is.',
  );
}

function notAFile(path: string): SnapgateError {
  return new SnapgateError(
    'host',
    `${path} is not a file`,
    'Name the file that holds the memory or the disk.',
  );
}

function unreadable(path: string, said: string): SnapgateError {
  const lines = said
    .split('\n')
    .filter((line) => line !== '')
    .slice(-10);
  return new SnapgateError(
    'host',
    `tar could not read where ${path} has data`,
    `It has to be GNU tar, of the Debian package ${packageOf('tar')}, and the file one that this user may read.`,
    { details: { title: 'last lines of tar', lines } },
  );
}
