import { printable } from '../host/printable.ts';
import type { Log } from '../host/run.ts';

/** How the runner's log is written to; `@actions/core` has this shape. */
export interface LogOutput {
  info(message: string): void;
  warning(message: string): void;
  startGroup(name: string): void;
  endGroup(): void;
}

export interface ActionLog extends Log {
  /** Lines that others wrote (a console, a build), folded under a title. */
  lines(title: string, lines: readonly string[]): void;
  /** Ends a fold that is open. */
  end(): void;
}

/** The log of a run on a runner. Details that follow one another are folded; nothing in a message is taken for a workflow command. */
export function createActionLog(output: LogOutput): ActionLog {
  let folded = false;
  const end = () => {
    if (folded) output.endGroup();
    folded = false;
  };
  const begin = (title: string) => {
    if (!folded) output.startGroup(plainLine(title));
    folded = true;
  };
  return {
    end,
    info: (message) => {
      end();
      output.info(plainText(message));
    },
    warning: (message) => {
      end();
      output.warning(plainText(message));
    },
    detail: (message) => {
      begin('details');
      output.info(plainText(message));
    },
    lines: (title, lines) => {
      end();
      begin(title);
      for (const line of lines) output.info(plainText(line, '| '));
      end();
    },
  };
}

/**
 * Text as lines that the runner prints and does not obey. It obeys a line that starts with `::` after blanks, and `##[` anywhere in a
 * line (actions/runner, src/Runner.Common/ActionCommand.cs); all that it ends a line at ends one here.
 */
export function plainText(text: string, prefix = ''): string {
  return text
    .split(/\r\n|[\r\n\u0085\u2028\u2029]/)
    .map((line) => plainLine(prefix + line))
    .join('\n');
}

function plainLine(line: string): string {
  const clean = printable(line).replaceAll('##[', '# #[');
  return /^\s*::/.test(clean) ? `| ${clean}` : clean;
}
