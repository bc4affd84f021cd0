/** What kind of thing went wrong; each kind has one exit status, so that a script can tell them apart. */
export const exitCodes = {
  usage: 64,
  record: 65,
  image: 66,
  base: 67,
  guest: 68,
  host: 69,
  internal: 70,
  scenario: 71,
  interrupted: 75,
  refused: 77,
} as const;

export type ErrorCode = keyof typeof exitCodes;

export interface ErrorDetails {
  /** Title of the folded group that shows the lines, e.g. `console of the head guest, last 40 lines`. */
  readonly title: string;
  /** The last lines of a console or a build log, as they were said: untrusted, escape before showing. */
  readonly lines: readonly string[];
}

/**
 * An expected error: what went wrong and where (message), and what to do about it (remedy). Whatever is not a
 * SnapgateError is a bug of snapgate and is shown with its stack.
 */
export class SnapgateError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string;
  readonly details: ErrorDetails | undefined;
  /** True: this machine lacks what nothing else would have done without, such as a command, disk or a daemon. */
  readonly ofMachine: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    remedy: string,
    more: { details?: ErrorDetails; cause?: unknown; ofMachine?: boolean } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = 'SnapgateError';
    this.code = code;
    this.remedy = remedy;
    this.details = more.details;
    this.ofMachine = more.ofMachine ?? false;
  }
}

/** Whether a run was ended from outside, by a signal: nobody waits for what it would say. */
export function isInterruption(error: unknown): boolean {
  return error instanceof SnapgateError && error.code === 'interrupted';
}

/** What any caught value says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system's error code (`ENOENT`, …) of a caught value, if it has one. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}
