import { printable } from '../host/printable.ts';
import type { Log } from '../host/run.ts';
import { formatDuration } from '../host/units.ts';

/** The part of a stream that a log writes to. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface LogOptions {
  readonly verbose: boolean;
  readonly color: boolean;
}

const eraseLine = '\r\u001b[2K';

/**
 * Progress on stderr. On a terminal details pass by in one line that is written over; in a file or a pipe they are left out
 * unless asked for.
 */
export function createTerminalLog(screen: Screen, options: LogOptions): Log & { end(): void } {
  const startedMs = performance.now();
  let transient = false;
  const clear = () => {
    if (transient) screen.write(eraseLine);
    transient = false;
  };
  const line = (text: string) => {
    clear();
    screen.write(`${text}\n`);
  };
  const stamp = () => dim(`[${formatDuration(performance.now() - startedMs).padStart(11)}]`, options.color);
  return {
    info: (message) => line(`${stamp()} ${printable(message)}`),
    warning: (message) => line(`${stamp()} ${yellow('warning:', options.color)} ${printable(message)}`),
    detail: (message) => {
      if (options.verbose) return line(`${stamp()} ${dim(printable(message), options.color)}`);
      if (!screen.isTTY) return;
      const width = (screen.columns || 80) - 1;
      screen.write(eraseLine + dim(printable(message, width - 1).slice(0, width), options.color));
      transient = true;
    },
    end: clear,
  };
}

export function dim(text: string, color: boolean): string {
  return paint(text, 2, color);
}

export function yellow(text: string, color: boolean): string {
  return paint(text, 33, color);
}

export function red(text: string, color: boolean): string {
  return paint(text, 31, color);
}

export function green(text: string, color: boolean): string {
  return paint(text, 32, color);
}

function paint(text: string, code: number, color: boolean): string {
  return color ? `\u001b[${code}m${text}\u001b[0m` : text;
}
