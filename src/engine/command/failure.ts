import { relative } from 'node:path';
import { type ErrorCode, errnoOf, exitCodes, SnapgateError } from '../../host/error.ts';
import { endOf } from '../../host/process.ts';
import { formatDuration } from '../../host/units.ts';
import { plainWords } from '../vm/guest-failure.ts';
import type { CommandName } from './environment.ts';

/** A command that has ended, however. */
export interface Ended {
  readonly command: CommandName;
  /** Of the cycle that it was part of. */
  readonly scenario: string | undefined;
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The limit, where that has ended it. */
  readonly limitMs: number | undefined;
  readonly tookMs: number;
  /** The end of its output; untrusted. */
  readonly lines: readonly string[];
}

/** The error of a command that did not exit 0; undefined where it did. */
export function failureOf(ended: Ended): SnapgateError | undefined {
  const { command, status, signal, limitMs } = ended;
  if (limitMs !== undefined)
    return commandError(
      ended,
      `did not end within ${formatDuration(limitMs)}, and was ended`,
      'Let what is to stay run in the background (`&`), or raise `command-timeout`.',
    );
  if (status === 0) return undefined;
  // A command says by snapgate's own status that it was the guest's command that failed.
  if (status === exitCodes.scenario && (command === 'resume' || command === 'pause'))
    return commandError(
      ended,
      `says that \`${command === 'resume' ? 'run' : 'check'}\` failed in the guest (exit status ${status})`,
      'Its last lines are the end of its output; try it in the guest.',
      'scenario',
    );
  return commandError(ended, endOf({ code: status, signal }), remedyOf(ended));
}

/** The error of a command that exited 0 and did not do what it should. */
export function brokenPromise(ended: Ended, what: string, remedy: string): SnapgateError {
  return commandError(ended, `exited 0, but ${what}`, remedy);
}

/** What an error is where this user was refused something that the commands have left below `dir`; other errors are as they were. */
export function accessFailure(error: unknown, dir: string): unknown {
  const errno = errnoOf(error);
  if (errno !== 'EACCES' && errno !== 'EPERM') return error;
  const path = error instanceof Error && 'path' in error ? String(error.path) : '';
  if (!path.startsWith(`${dir}/`)) return error;
  return new SnapgateError(
    'guest',
    `what the commands left at ${plainWords(relative(dir, path))} cannot be read or removed (${errno})`,
    'Let them leave files of the user that they run as; what belongs to another, as after `sudo`, the cleanup-command has to remove, or to give to this user.',
    { cause: error },
  );
}

function commandError(ended: Ended, what: string, remedy: string, code: ErrorCode = 'guest'): SnapgateError {
  const { command, scenario, lines } = ended;
  const name = `${command}-command`;
  const place = scenario === undefined ? '' : `, in a cycle of ${plainWords(scenario)},`;
  return new SnapgateError(code, `${name}${place} ${what}`, remedy, {
    details: {
      title: `last lines of ${name}`,
      lines: lines.length === 0 ? [`(${name} put nothing out)`] : lines,
    },
  });
}

function remedyOf({ status, lines }: Ended): string {
  if (status === 126 || status === 127)
    return 'A command that was not found, or may not be executed. It runs in the checkout of each side: what only the head has is not there for the base; "$GITHUB_WORKSPACE"/… names the head\'s.';
  const why = lines.length === 0 ? 'It said nothing.' : 'Its last lines say why.';
  return `${why} It runs in the checkout of each side, without the tokens of the workflow.`;
}
