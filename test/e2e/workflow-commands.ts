/** What a step has asked the runner to show beside its log. */
export interface Annotations {
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
}

/** The messages of a log's `::warning` and `::error` commands, as they are shown (docs.github.com, "Workflow commands"). */
export function annotationsOf(log: string): Annotations {
  return { warnings: messagesOf(log, 'warning'), errors: messagesOf(log, 'error') };
}

function messagesOf(log: string, level: 'warning' | 'error'): string[] {
  const lines = log.matchAll(new RegExp(`^::${level}(?: [^\\n]*?)?::(.*)$`, 'gm'));
  return [...lines].map(([, text = '']) =>
    text.replaceAll('%0A', '\n').replaceAll('%0D', '\r').replaceAll('%25', '%'),
  );
}

/** A log without the lines by which a secret is told to the runner, which takes them out. */
export function shownLog(log: string): string {
  return log
    .split('\n')
    .filter((line) => !line.startsWith('::add-mask::'))
    .join('\n');
}
