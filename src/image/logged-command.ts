import { type ErrorDetails, SnapgateError } from '../host/error.ts';
import { keepLastLines, shownLines } from '../host/last-lines.ts';
import { runCommand } from '../host/process.ts';
import type { Run } from '../host/run.ts';
import { formatDuration } from '../host/units.ts';

export interface LoggedCommand {
  /** For errors: `docker build of the head image`. */
  readonly what: string;
  readonly remedy: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Builds may take this long, whatever the time budget says. */
const limitMs = 2 * 3600e3;

/**
 * Runs a build, which must exit 0; each line of its output, stdout and stderr as they come, goes to the log as detail.
 *
 * @throws SnapgateError `image` with the last 40 lines
 */
export async function runLogged(run: Run, command: string, logged: LoggedCommand): Promise<void> {
  const lines = keepLastLines((line) => run.log.detail(line));
  // The shell joins stderr to stdout, and is then replaced by the command.
  const result = await runCommand(run, 'sh', ['-c', 'exec "$@" 2>&1', 'sh', command, ...logged.args], {
    cwd: logged.cwd,
    env: logged.env ?? {},
    timeoutMs: limitMs,
    onStdout: lines.push,
  });
  const details: ErrorDetails = { title: `${logged.what}, last ${shownLines} lines`, lines: lines.end() };
  if (result.timedOut)
    throw new SnapgateError(
      'image',
      `${logged.what} did not end within ${formatDuration(limitMs)}`,
      logged.remedy,
      { details },
    );
  if (result.code !== 0)
    throw new SnapgateError(
      'image',
      `${logged.what} failed (exit status ${result.code ?? result.signal})`,
      logged.remedy,
      { details },
    );
}
