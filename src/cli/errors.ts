import { exitCodes, SnapgateError } from '../host/error.ts';
import { printable } from '../host/printable.ts';
import { dim, red, type Screen } from './log.ts';

export interface ErrorOutput {
  readonly color: boolean;
  /** Where `--json` wants the error too. */
  readonly json: Screen | undefined;
}

/** Says what went wrong: an expected error with what to do, an unexpected one with its stack. The exit status. */
export function reportError(error: unknown, screen: Screen, { color, json }: ErrorOutput): number {
  if (!(error instanceof SnapgateError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    screen.write(`${red('snapgate: this is a bug, please report it:', color)}\n${stack}\n`);
    json?.write(`${JSON.stringify({ error: { code: 'internal', message: String(error) } })}\n`);
    return exitCodes.internal;
  }
  const { code, message, remedy, details } = error;
  if (details && details.lines.length > 0) {
    const body = details.lines.map((line) => dim(`  | ${printable(line)}`, color));
    screen.write(`${printable(details.title)}:\n${body.join('\n')}\n`);
  }
  screen.write(`${red('snapgate:', color)} ${printable(message)}\n${printable(remedy)}\n`);
  json?.write(`${JSON.stringify({ error: { code, message, remedy, details } })}\n`);
  return exitCodes[code];
}
