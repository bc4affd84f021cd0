import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Commands that stand before those of the machine, and do nothing but say that they were called. */
export interface Fakes {
  /** Goes first into PATH. */
  readonly folder: string;
  /** Each call with its arguments, and what came in by a pipe as lines with `< `; oldest first. */
  calls(): string[];
}

/** `sudo` for all, which would change this machine; others by name. */
export function makeFakes(folder: string, names: readonly string[] = []): Fakes {
  const log = join(folder, 'calls');
  mkdirSync(folder, { recursive: true });
  for (const name of ['sudo', ...names]) {
    const path = join(folder, name);
    writeFileSync(
      path,
      `#!/bin/sh\nprintf '%s\\n' "${name} $*" >> '${log}'\n[ ! -p /dev/stdin ] || sed 's/^/< /' >> '${log}'\n`,
    );
    chmodSync(path, 0o755);
  }
  return {
    folder,
    calls: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
  };
}
