import { version } from '../host/version.ts';
import { type Command, parseCommand } from './arguments.ts';
import { reportError } from './errors.ts';
import { helpText } from './help.ts';
import { createTerminalLog, type Screen } from './log.ts';
import type { Terminal } from './verbs.ts';

/** The command line as the shell sees it. */
export async function main(): Promise<void> {
  process.stdout.on('error', endOnClosedPipe);
  process.exitCode = await runCli(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
  });
  // A handle that something left open must not keep a finished command alive.
  setTimeout(() => process.exit(), 2000).unref();
}

/** Runs one command line; its exit status. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { stdout, stderr, env } = terminal;
  const color = wantsColor(stderr, env);
  const wantsDetails = argv.includes('--verbose') || argv.includes('-v');
  const log = createTerminalLog(stderr, { verbose: wantsDetails, color });
  try {
    return await runCommandLine(parseCommand(argv), terminal, log);
  } catch (error) {
    log.end();
    return reportError(error, stderr, { color, json: argv.includes('--json') ? stdout : undefined });
  }
}

async function runCommandLine(
  command: Command,
  terminal: Terminal,
  log: ReturnType<typeof createTerminalLog>,
): Promise<number> {
  switch (command.kind) {
    case 'help':
      terminal.stdout.write(helpText(command.verb));
      return 0;
    case 'version':
      terminal.stdout.write(`snapgate ${version}\n`);
      return 0;
    case 'verb': {
      // Help and errors of usage need not wait for all that a verb is made of.
      const { runVerb } = await import('./verbs.ts');
      const color = wantsColor(terminal.stdout, terminal.env);
      const result = await runVerb(command, terminal, { color }, log);
      log.end();
      terminal.stdout.write(result.output);
      return result.exitCode;
    }
  }
}

/**
 * For each stream by itself: one of the two may be a file. https://no-color.org: any non-empty NO_COLOR means none.
 * https://force-color.org, but `0` and `false` mean none, as they do to Node.
 */
export function wantsColor(screen: Screen, env: Terminal['env']): boolean {
  if (env['NO_COLOR']) return false;
  const forced = env['FORCE_COLOR'];
  if (forced) return forced !== '0' && forced !== 'false';
  return screen.isTTY === true && env['TERM'] !== 'dumb';
}

/** `snapgate report … | head` is not an error. */
function endOnClosedPipe(error: Error): void {
  if ('code' in error && error.code === 'EPIPE') process.exit(0);
  throw error;
}
