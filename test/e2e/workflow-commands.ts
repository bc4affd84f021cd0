/** What a step has asked the runner to show beside its log: messages with their titles. */
export interface Annotations {
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
}

/** The `::warning` and `::error` commands of a log (docs.github.com, "Workflow commands"), as they are shown. */
export function annotationsOf(log: string): Annotations {
  return { warnings: shownBy(log, 'warning'), errors: shownBy(log, 'error') };
}

/** A log without the lines by which a secret is told to the runner. */
export function withoutMasks(log: string): string {
  return log.replace(/^::add-mask::.*\n/gm, '');
}

function shownBy(log: string, level: 'warning' | 'error'): string[] {
  const commands = log.matchAll(new RegExp(`^::${level}(?: (.*?))?::(.*)$`, 'gm'));
  return [...commands].map(([, properties = '', text = '']) => {
    const title = /(?:^|,)title=([^,]*)/.exec(properties)?.[1];
    return unescaped(title === undefined ? text : `${title}: ${text}`);
  });
}

function unescaped(text: string): string {
  return text
    .replaceAll('%0A', '\n')
    .replaceAll('%0D', '\r')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%25', '%');
}
