import { SnapgateError } from '../host/error.ts';
import { killGroup, packageOf, startProcess } from '../host/process.ts';
import type { Run } from '../host/run.ts';

/**
 * Reads a folder as a tar, in the order of its names, with hard links, devices and extended attributes. GNU tar does it, because node
 * cannot read extended attributes. Sockets are left out, as by every archiver.
 */
export async function readFolder<T>(
  run: Run,
  path: string,
  use: (content: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
  run.signal.throwIfAborted();
  const child = startProcess(run, 'tar', [...tarArgs, '-C', path, '-cf', '-', '.'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { LC_ALL: 'C' },
  });
  if (!child.stdout) throw new Error('a pipe from tar is missing');
  const complaints: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const stop = () => killGroup(child);
  run.signal.addEventListener('abort', stop, { once: true });
  try {
    const result = await use(child.stdout);
    child.stdout.resume();
    const code = await ended;
    run.signal.throwIfAborted();
    if (code !== 0) throw folderError(path, Buffer.concat(complaints).toString('utf8'));
    return result;
  } finally {
    stop();
    run.signal.removeEventListener('abort', stop);
  }
}

/** The same bytes for the same folder: no times of reading or change, and times after the epoch are of the checkout, not of the file. */
const tarArgs = [
  '--format=posix',
  '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
  '--sort=name',
  '--numeric-owner',
  '--xattrs',
  '--xattrs-include=*',
];

function folderError(path: string, said: string): SnapgateError {
  const lines = said.split('\n').filter((line) => line !== '');
  if (said.includes('failed to execute'))
    return new SnapgateError(
      'host',
      'the command tar is not on this machine',
      `Install it: ${packageOf('tar')}.`,
    );
  return new SnapgateError(
    'image',
    `the folder ${path} could not be read`,
    'All its files must be readable to this user. Build it under fakeroot into a tar, or run as root.',
    { details: { title: 'last lines of tar', lines: lines.slice(-40) } },
  );
}
