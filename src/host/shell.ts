import { hasCommand } from './process.ts';

export interface Shell {
  readonly command: 'bash' | 'sh';
  /** Its arguments for a command line of the user's. */
  argumentsFor(commandLine: string): string[];
}

/** What a command line of the user's runs in: `bash -euo pipefail` where there is bash, as in a workflow's `run:`, else `sh -eu`. */
export function userShell(): Shell {
  return hasCommand('bash')
    ? { command: 'bash', argumentsFor: (line) => ['-euo', 'pipefail', '-c', line] }
    : { command: 'sh', argumentsFor: (line) => ['-eu', '-c', line] };
}
