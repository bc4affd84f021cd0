export interface Paragraph {
  /** Characters of a line at most; a word that is longer has a line of its own. */
  readonly columns: number;
  /** Spaces in front of each line. */
  readonly indent?: number;
  /** Further spaces in front of each but the first. */
  readonly hanging?: number;
}

/** The lines of a paragraph, broken at spaces, a no-break space being none. */
export function wrap(text: string, { columns, indent = 0, hanging = 0 }: Paragraph): string[] {
  const lines: string[] = [];
  let line = ' '.repeat(indent);
  for (const word of text.split(' ')) {
    if (line.trim() === '') line += word;
    else if (line.length + 1 + word.length <= columns) line += ` ${word}`;
    else {
      lines.push(line);
      line = ' '.repeat(indent + hanging) + word;
    }
  }
  return [...lines, line];
}
