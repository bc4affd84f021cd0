export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue';
export type Paint = (style: Style, text: string) => string;

/** SGR codes of ECMA-48: on, and off again. */
const codes: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
};
const coloured: Paint = (style, text) => `\u001b[${codes[style][0]}m${text}\u001b[${codes[style][1]}m`;
const plain: Paint = (_style, text) => text;

export function paintOf(colour: boolean): Paint {
  return colour ? coloured : plain;
}

export interface Cell {
  readonly text: string;
  readonly style?: Style;
}

/** `align` has a letter for each column: l or r. The first row is the head. */
export interface Table {
  readonly rows: readonly (readonly Cell[])[];
  readonly align: string;
}

export function texts(...all: readonly string[]): Cell[] {
  return all.map((text) => ({ text }));
}

const gap = '  ';

/** A line for each row, the head's dimmed. */
export function columns({ rows, align }: Table, paint: Paint): string[] {
  const widths = widthsOf(rows);
  return rows.map((row, index) => {
    const cells = row.map((cell, column) => {
      const padding = ' '.repeat((widths[column] ?? 0) - widthOf(cell));
      const text = cell.style === undefined ? cell.text : paint(cell.style, cell.text);
      return align[column] === 'r' ? padding + text : text + padding;
    });
    const line = cells.join(gap).trimEnd();
    return index === 0 ? paint('dim', line) : line;
  });
}

export function widthOfTable(rows: Table['rows']): number {
  const widths = widthsOf(rows);
  return widths.reduce((sum, width) => sum + width, 0) + gap.length * (widths.length - 1);
}

function widthsOf(rows: Table['rows']): number[] {
  // Not by spreading into Math.max: a record may have more rows than a call has arguments.
  return (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, widthOf(row[column])), 0),
  );
}

/** In characters; names are latin in practice, and a wide one costs its alignment only. */
function widthOf(cell: Cell | undefined): number {
  return Array.from(cell?.text ?? '').length;
}
