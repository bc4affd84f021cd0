/**
 * Markdown of ours within a limit: cut between two lines, with what is open there closed and a note below. Reports are made to fit; this
 * holds for those that are not.
 * @param sizeOf what the limit counts: UTF-16 units if not given.
 */
export function cutMarkdown(
  text: string,
  limit: number,
  note: string,
  sizeOf: (text: string) => number = (counted) => counted.length,
): string {
  if (sizeOf(text) <= limit) return text;
  const lines = text.split('\n');
  const ending = `\n\n${note}\n`;
  let [size, kept, closing] = [sizeOf(ending), 0, ''];
  let open: Open = { fence: false, folds: 0 };
  for (const [index, line] of lines.entries()) {
    open = after(line, open);
    size += sizeOf(line) + 1;
    const tags = closingOf(open);
    if (size > limit) break;
    if (size + sizeOf(tags) <= limit) [kept, closing] = [index + 1, tags];
  }
  return `${lines.slice(0, kept).join('\n')}${closing}${ending}`;
}

interface Open {
  readonly fence: boolean;
  readonly folds: number;
}

function after(line: string, { fence, folds }: Open): Open {
  if (line.startsWith('```')) return { fence: !fence, folds };
  if (fence) return { fence, folds };
  return { fence, folds: folds + count(line, '<details>') - count(line, '</details>') };
}

function closingOf({ fence, folds }: Open): string {
  return `${fence ? '\n```' : ''}${'\n\n</details>'.repeat(Math.max(0, folds))}`;
}

function count(line: string, tag: string): number {
  return line.split(tag).length - 1;
}
