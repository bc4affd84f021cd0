import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { errnoOf, messageOf, SnapgateError } from '../host/error.ts';
import { killGroup, packageOf, startProcess, waitForExit } from '../host/process.ts';
import type { Run } from '../host/run.ts';

/** Consecutive bytes of a file. */
export interface Extent {
  readonly offset: number;
  readonly bytes: number;
}

/** As many as a memory of 64 GiB has where every second page is written. */
const maxExtents = 8 * 1024 * 1024;
const answerMs = 60_000;

/**
 * Where a file has data, ascending and apart, as lseek(2) with SEEK_DATA and SEEK_HOLE tells; all else are holes. Node has no such call.
 * Perl hands it through, and is of every Debian's essential packages. GNU tar, which is too, asks only where st_blocks is less than the
 * length (its ST_IS_SPARSE): a file that was allocated ahead, or whose extents take many blocks themselves, would have no holes.
 *
 * Extents are of the file system's blocks, 4 KiB on ext4, XFS and tmpfs; also of what is in the page cache alone. A file without holes is
 * one extent, and so is one on a file system that does not know of holes.
 *
 * @throws SnapgateError `host` where it cannot be told; the system's error where the file is not there
 */
export async function dataExtents(run: Run, path: string): Promise<readonly Extent[]> {
  run.signal.throwIfAborted();
  const file = resolve(path);
  const fd = openFile(file);
  try {
    return await extentsOf(run, file, fd);
  } finally {
    closeSync(fd);
  }
}

/** 3 and 4 are SEEK_DATA and SEEK_HOLE, 6 is ENXIO: no data from there on (Linux's fs.h and errno-base.h). */
const program = `
my $end = 0;
while (defined(my $data = sysseek(STDIN, $end, 3))) {
  $end = sysseek(STDIN, $data, 4) // die "SEEK_HOLE: $!\\n";
  print $data + 0, ' ', $end, "\\n";
}
die "SEEK_DATA: $!\\n" if $! != 6;
`;

/** What would change how perl runs or writes. */
const environment = {
  PERL5OPT: undefined,
  PERL5LIB: undefined,
  PERL5DB: undefined,
  PERLIO: undefined,
  PERL_UNICODE: undefined,
  LC_ALL: 'C',
};

async function extentsOf(run: Run, file: string, fd: number): Promise<readonly Extent[]> {
  const child = startProcess(run, 'perl', ['-e', program], {
    stdio: [fd, 'pipe', 'pipe'],
    detached: true,
    env: environment,
  });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('perl has no pipes');
  const said: Buffer[] = [];
  stderr.on('data', (chunk: Buffer) => said.length < 16 && said.push(chunk));
  const exit = waitForExit(child);
  exit.catch(() => {});
  const stop = () => killGroup(child);
  const timer = setTimeout(stop, answerMs);
  run.signal.addEventListener('abort', stop, { once: true });
  try {
    const extents = await readExtents(file, stdout, fstatSync(fd).size);
    const { code, signal } = await exit;
    run.signal.throwIfAborted();
    if (signal !== null) throw unreadable(file, `no answer within ${answerMs} ms`);
    if (code !== 0) throw unreadable(file, Buffer.concat(said).toString('utf8'));
    return extents;
  } finally {
    clearTimeout(timer);
    stop();
    run.signal.removeEventListener('abort', stop);
    await exit.catch(() => {});
  }
}

/** Never waits for the other end of a pipe. */
function openFile(file: string): number {
  const fd = openRead(file);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw notAFile(file);
}

function openRead(file: string): number {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw error;
    throw unreadable(file, messageOf(error));
  }
}

const space = 0x20;
const newline = 0x0a;
const zero = 0x30;

/** Lines of two decimal numbers: where data begins, and where it ends. What was added since the length was asked is left out. */
async function readExtents(
  file: string,
  lines: AsyncIterable<Buffer>,
  wholeBytes: number,
): Promise<Extent[]> {
  const extents: Extent[] = [];
  let value = 0;
  let offset = 0;
  let end = 0;
  for await (const chunk of lines) {
    for (const byte of chunk) {
      if (byte !== space && byte !== newline) {
        value = value * 10 + (byte - zero);
        continue;
      }
      if (byte === space) offset = value;
      else {
        if (offset < end || value <= offset) throw unreadable(file, `data from ${offset} to ${value}`);
        end = value;
        if (offset < wholeBytes) extents.push({ offset, bytes: Math.min(end, wholeBytes) - offset });
        if (extents.length > maxExtents) throw tooScattered(file);
      }
      value = 0;
    }
  }
  return extents;
}

function tooScattered(path: string): SnapgateError {
  return new SnapgateError(
    'host',
    `${path} has more than the ${maxExtents} extents of data that are read`,
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
    `it cannot be told where ${path} has data`,
    `The file has to be one that this user may read, and perl has to be there: ${packageOf('perl')}.`,
    { details: { title: 'why', lines } },
  );
}
