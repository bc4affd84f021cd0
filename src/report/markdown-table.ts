import { markdownTable } from 'markdown-table';
import { metricLabels } from '../config/metrics.ts';
import { outcomeWords } from '../gate/outcome.ts';
import type { Comparison, NoVerdict, Row } from '../gate/record.ts';
import { bootBars } from './bars.ts';
import { codeSpan } from './escape.ts';
import type { Part } from './fit.ts';
import {
  exactAmount,
  exactChange,
  growthWords,
  isNotable,
  outcomeMark,
  sideAmount,
  verdictWords,
} from './wording.ts';

/** A row as a table shows it: of which entry of a matrix, and for how many more of its scenarios it stands. */
export interface ShownRow {
  readonly row: Row;
  readonly noVerdict?: NoVerdict | undefined;
  readonly entry?: string;
  readonly standsForMore?: number;
}

/** No scenario of a snapgate.yml has a longer name; a record's may have. */
const longestName = 40;

/** The lines of a table: its head with the alignment below, and a line for each row. */
export type TableLines = Required<Pick<Part, 'text' | 'rows'>>;

interface Column<T> {
  readonly title: string;
  readonly align: 'l' | 'r';
  readonly cell: (item: T) => string;
}

/**
 * The rows that gate. Columns that would say nothing are left out: the metric where all are of one, the base's where there is none. A comment is
 * not much wider than seven narrow columns: where there are more, base and head share one.
 */
export function gatingTable(shown: readonly ShownRow[]): TableLines {
  const rows = shown.map(({ row }) => row);
  const hasBase = rows.some((row) => row.base !== undefined);
  const hasEntries = shown.some(({ entry }) => entry !== undefined);
  const several = severalMetrics(rows);
  const columns: Column<ShownRow>[] = [
    ...some(
      hasEntries,
      left<ShownRow>('entry', ({ entry = '' }) => codeSpan(entry, longestName)),
    ),
    left<ShownRow>('scenario', scenarioCell),
    ...some(
      several,
      left<ShownRow>('metric', ({ row }) => metricLabels[row.metric]),
    ),
    ...sizeColumns(hasBase, hasEntries || several),
    ...some(
      hasBase,
      right<ShownRow>('growth (95 % interval)', ({ row }) => unbroken(growthWords(row))),
    ),
    ...some(shown.some(hasOwnVerdict), left<ShownRow>('verdict', verdictCell)),
    // Last: where a table must scroll after all, it is the picture that is out of sight.
    left<ShownRow>('each boot', ({ row }) => barsCell(row)),
  ];
  return tableLines(columns, shown);
}

function sizeColumns(hasBase: boolean, together: boolean): Column<ShownRow>[] {
  const head = right<ShownRow>('head', ({ row }) => unbroken(sideAmount(row.metric, row.head)));
  if (!hasBase) return [head];
  if (together) return [right<ShownRow>('base → head', ({ row }) => unbroken(bothAmounts(row)))];
  return [right<ShownRow>('base', ({ row }) => unbroken(sideAmount(row.metric, row.base))), head];
}

/** `2.50 → 3.50 MiB`, the unit once where both have it. */
function bothAmounts({ metric, base, head }: Row): string {
  const [ofBase, ofHead] = [sideAmount(metric, base), sideAmount(metric, head)];
  if (base === undefined) return ofHead;
  const [number = '', unit] = ofBase.split(' ');
  return `${unit === ofHead.split(' ')[1] ? number : ofBase} → ${ofHead}`;
}

/** Every metric of every scenario, to the byte. */
export function metricsTable({ rows, noVerdict }: Comparison): TableLines {
  const hasBase = rows.some((row) => row.base !== undefined);
  const columns: Column<Row>[] = [
    left<Row>('scenario', (row) => codeSpan(row.scenario)),
    left<Row>('metric', (row) => codeSpan(row.metric)),
    ...some(
      hasBase,
      right<Row>('base', (row) => exactAmount(row.metric, row.base?.median)),
    ),
    right<Row>('head', (row) => exactAmount(row.metric, row.head?.median)),
    ...some(
      hasBase,
      right<Row>('difference', (row) => exactChange(row.metric, row.difference?.value)),
    ),
    ...some(
      hasBase,
      right<Row>('growth (95 % interval)', (row) => unbroken(growthWords(row))),
    ),
    ...some(
      hasBase,
      right<Row>('base, mean', (row) => exactAmount(row.metric, row.base?.mean)),
    ),
    right<Row>('head, mean', (row) => exactAmount(row.metric, row.head?.mean)),
    left<Row>('verdict', (row) => verdictCell({ row, noVerdict })),
  ];
  return tableLines(columns, rows);
}

export function tableLines<T>(columns: readonly Column<T>[], items: readonly T[]): TableLines {
  const cells = items.map((item) => columns.map(({ cell }) => cell(item)));
  const titles = columns.map(({ title }) => title);
  const align = columns.map((column) => column.align);
  const lines = markdownTable([titles, ...cells], { align, alignDelimiters: false }).split('\n');
  return { text: lines.slice(0, 2).join('\n'), rows: lines.slice(2) };
}

export function left<T>(title: string, cell: (item: T) => string): Column<T> {
  return { title, align: 'l', cell };
}

export function right<T>(title: string, cell: (item: T) => string): Column<T> {
  return { title, align: 'r', cell };
}

export function severalMetrics(rows: readonly Row[]): boolean {
  return new Set(rows.map((row) => row.metric)).size > 1;
}

function some<T>(wanted: boolean, column: Column<T>): Column<T>[] {
  return wanted ? [column] : [];
}

function scenarioCell({ row, standsForMore = 0 }: ShownRow): string {
  const name = codeSpan(row.scenario, longestName);
  return standsForMore > 0 ? `${name} ${unbroken(`and ${standsForMore} more`)}` : name;
}

function barsCell(row: Row): string {
  const bars = bootBars(row);
  return bars === '' ? '–' : `\`${unbroken(bars)}\``;
}

/** Where there is no verdict at all, the headline of a comparison says so, and no cell. */
function hasOwnVerdict({ row, noVerdict, entry }: ShownRow): boolean {
  return entry !== undefined || !isStateOnly(row, noVerdict);
}

function verdictCell({ row, noVerdict, entry }: ShownRow): string {
  if (!isStateOnly(row, noVerdict)) return unbroken(verdictWords(row));
  if (entry === undefined) return '–';
  return unbroken(`${outcomeMark(noVerdict.state)} ${outcomeWords[noVerdict.state]}`);
}

/** GitHub breaks a cell at its spaces before it lets a table scroll; a number is no place for that. */
function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

function isStateOnly(row: Row, noVerdict: NoVerdict | undefined): noVerdict is NoVerdict {
  return noVerdict !== undefined && row.verdict === 'inconclusive' && !isNotable(row, noVerdict);
}
