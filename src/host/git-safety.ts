/**
 * What every call of git is told. A workspace in a container often belongs to another user, and snapgate only reads it (safe.directory).
 * Nothing that a repository's configuration names is run: no hook, no fsmonitor; and no gc goes on in the background after the run.
 */
export const gitSafety: readonly string[] = [
  'safe.directory=*',
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'advice.detachedHead=false',
].flatMap((setting) => ['-c', setting]);
