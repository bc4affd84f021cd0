import { exitCodes, SnapgateError } from '../host/error.ts';
import type { ActionLog } from './log.ts';
import { plainText } from './log.ts';

/** How an annotation is made; `@actions/core` has this shape. */
export interface ErrorOutput {
  error(message: string, properties: { title: string }): void;
}

/**
 * Says what went wrong, for every way the action can fail: an expected error with what to do about it and the last lines of whatever
 * failed, an unexpected one with its stack. Returns the exit status.
 */
export function reportFailure(error: unknown, log: ActionLog, output: ErrorOutput): number {
  log.end();
  if (!(error instanceof SnapgateError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    output.error(plainText(stack), { title: 'snapgate: this is a bug of snapgate, please report it' });
    return exitCodes.internal;
  }
  const { code, message, remedy, details } = error;
  if (details && details.lines.length > 0) log.lines(details.title, details.lines);
  output.error(plainText(`${message}\n${remedy}`), { title: titleOf(code) });
  return exitCodes[code];
}

function titleOf(code: SnapgateError['code']): string {
  return code === 'interrupted' ? 'snapgate was interrupted' : 'snapgate could not decide';
}
