import { errnoOf, SnapgateError } from '../host/error.ts';

/** The error of a file that is not what it should be. */
export function unfit(path: string, what: string, remedy: string, cause?: unknown): SnapgateError {
  return new SnapgateError('record', `${path} ${what}`, remedy, { cause });
}

/** Does something with a path that a person gave; what the system says of it becomes a sentence. */
export function naming<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw readable(path, error);
  }
}

/** The sentence for a system's error; any other error stays as it is. */
export function readable(path: string, error: unknown): unknown {
  const code = errnoOf(error);
  if (error instanceof SnapgateError || code === undefined) return error;
  if (code === 'ENOENT' || code === 'ENOTDIR') return unfit(path, 'is not there', 'Check the path.', error);
  if (code === 'EACCES' || code === 'EPERM')
    return unfit(
      path,
      `cannot be read (${code})`,
      'Run it as a user who may read it: files of a VMM often belong to root.',
      error,
    );
  return unfit(path, `cannot be read (${code})`, 'Check the path and the file system.', error);
}
