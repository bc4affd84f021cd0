import { SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import { streamCommand } from './stream-command.ts';

/**
 * Reads a folder as a tar, in the order of its names, with hard links, devices, holes and extended attributes. GNU tar does it, because
 * node cannot read extended attributes. Sockets are left out, as by every archiver.
 *
 * @param latest seconds since 1970: times after it are given as it, for a stream that does not tell when a checkout was made
 */
export function readFolder<T>(
  run: Run,
  path: string,
  use: (content: AsyncIterable<Buffer>) => Promise<T>,
  latest?: number,
): Promise<T> {
  const clamp = latest === undefined ? [] : [`--mtime=@${latest}`, '--clamp-mtime'];
  const args = [...tarArgs, ...clamp, '-C', path, '-cf', '-', '.'];
  // TAR_OPTIONS would add to the options.
  const env = { LC_ALL: 'C', TAR_OPTIONS: '' };
  return streamCommand(run, { command: 'tar', args, env, failure: (lines) => unreadable(path, lines) }, use);
}

/**
 * The same bytes for the same folder: its names sorted, no times of reading or of change, and no process ids, which the later formats
 * of sparse files have in their names.
 */
const tarArgs = [
  '--format=posix',
  '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
  '--sort=name',
  '--numeric-owner',
  '--sparse',
  '--sparse-version=0.0',
  '--xattrs',
  '--xattrs-include=*',
];

function unreadable(path: string, lines: readonly string[]): SnapgateError {
  return new SnapgateError(
    'image',
    `the folder ${path} could not be read`,
    'All its files must be readable to this user. Build it under fakeroot into a tar, or run as root.',
    { details: { title: 'last lines of tar', lines } },
  );
}
