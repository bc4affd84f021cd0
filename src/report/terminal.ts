import { metricLabels } from '../config/metrics.ts';
import type { Row, Verdict } from '../gate/record.ts';
import { measuredMetrics, summarizeSide } from '../gate/summarize.ts';
import type { Measurement } from '../measure/record.ts';
import { visibleText } from './escape.ts';
import type { Exporter, ReportInput } from './exporter.ts';
import {
  exactAmount,
  exactChange,
  fingerprintFacts,
  floorFact,
  growthWords,
  needsReason,
  plural,
  readyFact,
  repeatFacts,
  reproduceCommand,
  roundsFact,
  roundsOf,
  sideAmount,
  subjectWords,
} from './wording.ts';

export interface TerminalOptions {
  /** False for a pipe and where NO_COLOR is set: whoever prints decides. */
  readonly colour: boolean;
  /** Every metric to the byte, and what it was measured with. */
  readonly detail?: boolean;
}

/** The report for a person at a terminal, in aligned columns. */
export function terminal(options: TerminalOptions): Exporter {
  const paint = options.colour ? coloured : plain;
  return {
    name: 'terminal',
    render: (input) => renderComparison(input, paint, options.detail ?? false),
    renderMeasurement: (measurement) => renderOneSide(measurement, paint, options.detail ?? false),
  };
}

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';
type Paint = (style: Style, text: string) => string;

/** SGR codes of ECMA-48: on, and off again. */
const codes: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
};
const coloured: Paint = (style, text) => `\u001b[${codes[style][0]}m${text}\u001b[${codes[style][1]}m`;
const plain: Paint = (_style, text) => text;

function renderComparison(input: ReportInput, paint: Paint, detail: boolean): string {
  const { comparison } = input;
  const rows = comparison.rows.filter((row) => row.gates);
  const word = paint(styleOf(comparison.verdict), paint('bold', comparison.verdict.toUpperCase()));
  return lines([
    `${word}  ${paint('bold', visibleText(comparison.headline, 500))}`,
    '',
    ...gatingTable(rows, paint),
    ...reasons(rows),
    '',
    ...sides(input).map((line) => paint('dim', line)),
    ...(detail ? ['', ...allMetrics(comparison.rows, paint), '', ...howMeasured(input)] : []),
    ...comparison.notes.map((note) => paint('dim', `note: ${visibleText(note, 500)}`)),
    paint('dim', `again: ${reproduceCommand(input)}`),
  ]);
}

const verdictStyles: Readonly<Record<Verdict, Style>> = {
  pass: 'green',
  warn: 'yellow',
  fail: 'red',
  inconclusive: 'yellow',
};

function styleOf(verdict: Verdict): Style {
  return verdictStyles[verdict];
}

interface Cell {
  readonly text: string;
  readonly style?: Style;
}

function gatingTable(rows: readonly Row[], paint: Paint): string[] {
  const several = new Set(rows.map((row) => row.metric)).size > 1;
  const metric = (text: string): Cell[] => (several ? [{ text }] : []);
  const head = [
    ...texts('scenario'),
    ...metric('metric'),
    ...texts('base', 'head', 'growth (95 %)', 'verdict'),
  ];
  const body = rows.map((row) => [
    ...texts(visibleText(row.scenario, 60)),
    ...metric(metricLabels[row.metric]),
    ...texts(sideAmount(row.metric, row.base), sideAmount(row.metric, row.head), growthWords(row)),
    verdictCell(row),
  ]);
  return columns([head, ...body], several ? 'llrrrl' : 'lrrrl', paint);
}

function verdictCell(row: Row): Cell {
  if (row.verdict === undefined) return { text: '–' };
  const text = row.verdict === 'pass' && row.improved ? 'improved' : row.verdict;
  return { text, style: styleOf(row.verdict) };
}

function reasons(rows: readonly Row[]): string[] {
  const notable = rows.filter(needsReason);
  const said = notable.map((row) => `${visibleText(row.scenario, 60)}: ${visibleText(row.reason, 500)}`);
  return said.length === 0 ? [] : ['', ...said];
}

function sides(input: ReportInput): string[] {
  const { base, head } = input.comparison;
  return [
    `base   ${base === undefined ? 'none' : visibleText(subjectWords(base))}`,
    `head   ${visibleText(subjectWords(head))}`,
    `boots  ${roundsFact(input)}`,
  ];
}

function allMetrics(rows: readonly Row[], paint: Paint): string[] {
  const head = texts('scenario', 'metric', 'base', 'head', 'difference', 'growth (95 %)', 'verdict');
  const body = rows.map((row) => [
    ...texts(
      visibleText(row.scenario, 60),
      row.metric,
      exactAmount(row.metric, row.base?.median),
      exactAmount(row.metric, row.head?.median),
      exactChange(row.metric, row.difference?.value),
      growthWords(row),
    ),
    verdictCell(row),
  ]);
  const unit = paint('dim', 'medians per cycle; sizes in bytes');
  return [unit, ...columns([head, ...body], 'llrrrrl', paint)];
}

function howMeasured({ comparison, head }: ReportInput): string[] {
  const floor = floorFact(comparison);
  return factLines([
    ...fingerprintFacts(comparison.fingerprint),
    ...(floor === undefined ? [] : [['floor', floor] as const]),
    ...repeatFacts(head),
  ]);
}

function factLines(facts: readonly (readonly [string, string])[]): string[] {
  return facts.map(([name, fact]) => `${visibleText(name, 60)}: ${visibleText(fact)}`);
}

function renderOneSide(measurement: Measurement, paint: Paint, detail: boolean): string {
  const metrics = measuredMetrics(measurement).filter((metric) => metric !== 'memfile.zeroedBytes');
  const head = texts('scenario', ...metrics.map((metric) => metricLabels[metric]));
  const body = measurement.scenarios.map(({ name }) =>
    texts(
      visibleText(name, 60),
      ...metrics.map((metric) => sideAmount(metric, summarizeSide(measurement, name, metric))),
    ),
  );
  const boots = `${plural(measurement.boots.length, 'boot')}, ${readyFact(measurement)}; each ${roundsOf(measurement)}`;
  return lines([
    paint('bold', `measured ${visibleText(subjectWords(measurement.subject))}`),
    '',
    ...columns([head, ...body], `l${'r'.repeat(metrics.length)}`, paint),
    '',
    paint('dim', boots),
    ...(detail
      ? ['', ...factLines([...fingerprintFacts(measurement.fingerprint), ...repeatFacts(measurement)])]
      : []),
    ...measurement.notes.map((note) => paint('dim', `note: ${visibleText(note, 500)}`)),
  ]);
}

function texts(...all: readonly string[]): Cell[] {
  return all.map((text) => ({ text }));
}

/** `align` has a letter for each column: l or r. The first row is the head. */
function columns(rows: readonly (readonly Cell[])[], align: string, paint: Paint): string[] {
  // Not by spreading into Math.max: a record may have more rows than a call has arguments.
  const widths = Array.from(align, (_, column) =>
    rows.reduce((widest, row) => Math.max(widest, widthOf(row[column])), 0),
  );
  return rows.map((row, index) => {
    const cells = row.map((cell, column) => {
      const padding = ' '.repeat((widths[column] ?? 0) - widthOf(cell));
      const text = cell.style === undefined ? cell.text : paint(cell.style, cell.text);
      return align[column] === 'r' ? padding + text : text + padding;
    });
    const line = cells.join('  ').trimEnd();
    return index === 0 ? paint('dim', line) : line;
  });
}

/** In characters; names are latin in practice, and a wide one costs its alignment only. */
function widthOf(cell: Cell | undefined): number {
  return Array.from(cell?.text ?? '').length;
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
