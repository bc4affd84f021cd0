import { metricLabels } from '../config/metrics.ts';
import { type Outcome, outcomeOf, outcomeWords } from '../gate/outcome.ts';
import type { Comparison, Matrix, NoVerdict, Row } from '../gate/record.ts';
import type { Measurement } from '../measure/record.ts';
import { measuredMetrics, summarizeSide } from '../measure/summarize.ts';
import { bootBars } from './bars.ts';
import { bisectionTable } from './bisection-table.ts';
import { calibrationTable } from './calibration-table.ts';
import { visibleText } from './escape.ts';
import type { Exporter, MatrixReportInput, ReportContext, ReportInput } from './exporter.ts';
import { findingsOf, looksFact } from './findings.ts';
import { historyLines, type Show, usualFact } from './history-words.ts';
import { stepTable, stepTables } from './step-table.ts';
import {
  type Cell,
  columns,
  type Paint,
  paintOf,
  type Style,
  type Table,
  texts,
  widthOfTable,
} from './terminal-table.ts';
import {
  acceptedOn,
  exactAmount,
  exactChange,
  fingerprintFacts,
  floorFact,
  growthWords,
  isNotable,
  plural,
  readyFact,
  repeatFacts,
  reproduceCommand,
  roundsFact,
  roundsOf,
  sideAmount,
  stateSentence,
  subjectWords,
} from './wording.ts';

export interface TerminalOptions {
  /** False for a pipe and where NO_COLOR is set: whoever prints decides. */
  readonly colour: boolean;
  /** Every metric to the byte, and what it was measured with. */
  readonly detail?: boolean;
  /** Of the terminal: a wider table goes without its bars. A pipe has none, and no line is broken there. */
  readonly columns?: number | undefined;
}

/** The report for a person at a terminal, in aligned columns. */
export function terminal(options: TerminalOptions): Exporter {
  const look: Look = {
    paint: paintOf(options.colour),
    detail: options.detail ?? false,
    columns: options.columns ?? Number.POSITIVE_INFINITY,
  };
  return {
    name: 'terminal',
    render: (input) => renderComparison(input, look),
    renderMatrix: (input) => renderEntries(input, look),
    renderMeasurement: (measurement) => renderOneSide(measurement, look),
    renderCalibration: (calibration) => calibrationTable(calibration, options),
    renderBisection: (bisection) => bisectionTable(bisection, { ...options, reproduce: undefined }),
  };
}

interface Look {
  readonly paint: Paint;
  readonly detail: boolean;
  readonly columns: number;
}

function renderComparison(input: ReportInput, look: Look): string {
  const { comparison } = input;
  const { paint, detail } = look;
  const rows = comparison.rows.filter((row) => row.gates);
  const { noVerdict, notes } = comparison;
  return lines([
    headline(comparison, paint),
    ...paragraph(
      gatingTable(
        rows.map((row) => ({ row, noVerdict })),
        look,
      ),
    ),
    ...paragraph(reasons(rows, noVerdict)),
    ...paragraph(historyLines(comparison, plainShow)),
    ...paragraph([
      ...(noVerdict ? [visibleText(stateSentence(noVerdict, comparison.verdict === 'fail'), 1000)] : []),
      ...contextLines(input, comparison),
    ]),
    '',
    ...sides(input).map((line) => paint('dim', line)),
    ...paragraph(stepTables(input)),
    ...(detail ? ['', ...allMetrics(comparison, paint), '', ...howMeasured(input)] : []),
    ...notes.map((note) => paint('dim', `note: ${visibleText(note, 500)}`)),
    paint('dim', `again: ${reproduceCommand(input)}`),
  ]);
}

function renderEntries(input: MatrixReportInput, look: Look): string {
  const { matrix } = input;
  const { paint, detail } = look;
  const compared = matrix.entries.flatMap(({ name, comparison }) =>
    comparison === undefined ? [] : [{ name, comparison }],
  );
  const rows = compared.flatMap(({ name, comparison: { rows: all, noVerdict } }) =>
    all.filter((row) => row.gates).map((row) => ({ row, noVerdict, entry: name })),
  );
  return lines([
    headline(matrix, paint),
    ...paragraph(missingLines(matrix, paint)),
    ...paragraph(gatingTable(rows, look)),
    ...paragraph(contextLines(input, matrix)),
    ...compared.flatMap((entry) => entryLines(entry.name, entry.comparison, paint, detail)),
  ]);
}

function headline(record: Comparison | Matrix, paint: Paint): string {
  const outcome = outcomeOf(record);
  const word = paint(outcomeStyles[outcome], paint('bold', firstWord(record)));
  return `${word}  ${paint('bold', visibleText(record.headline, 500))}`;
}

/** The headline itself says which state it is, or that it was accepted. */
function firstWord(record: Comparison | Matrix): string {
  const outcome = outcomeOf(record);
  const hasState = outcome === 'no-baseline' || outcome === 'not-comparable';
  return hasState ? 'NO VERDICT' : record.verdict.toUpperCase();
}

const plainShow: Show = {
  name: (text) => visibleText(text, 60),
  commit: (sha) => sha.slice(0, 7),
  text: (text) => visibleText(text, 500),
};

function paragraph(text: readonly string[]): string[] {
  return text.length === 0 ? [] : ['', ...text];
}

function contextLines(
  { provenance, remarks = [] }: ReportContext,
  { accepted }: Comparison | Matrix,
): string[] {
  const acceptance =
    accepted === undefined
      ? []
      : [
          `Accepted by ${visibleText(accepted.by)} on ${acceptedOn(accepted)} at ${accepted.commit.slice(0, 7)}.`,
        ];
  const foreign = [...remarks, ...(provenance === undefined ? [] : [provenance])];
  return [...acceptance, ...foreign.map((text) => visibleText(text, 500))];
}

function missingLines({ entries, allowMissing }: Matrix, paint: Paint): string[] {
  const missing = entries.filter(({ comparison }) => comparison === undefined);
  return missing.map(({ name, missing: why = '' }) => {
    const words = paint(allowMissing ? 'yellow' : 'red', 'not measured');
    return `${words}  ${visibleText(name, 100)}: ${visibleText(why, 500)}`;
  });
}

/** What an entry has of its own below the table of all. */
function entryLines(name: string, comparison: Comparison, paint: Paint, detail: boolean): string[] {
  const { rows, noVerdict, verdict, notes } = comparison;
  const gating = rows.filter((row) => row.gates);
  const state = noVerdict ? [visibleText(stateSentence(noVerdict, verdict === 'fail'), 1000)] : [];
  return [
    '',
    paint('bold', visibleText(`${name}: ${comparison.headline}`, 500)),
    ...reasons(gating, noVerdict),
    ...state,
    ...sides({ comparison }).map((line) => paint('dim', line)),
    ...(detail ? [...allMetrics(comparison, paint), ...howMeasured({ comparison })] : []),
    ...notes.map((note) => paint('dim', `note: ${visibleText(note, 500)}`)),
  ];
}

const outcomeStyles: Readonly<Record<Outcome, Style>> = {
  pass: 'green',
  accepted: 'green',
  warn: 'yellow',
  fail: 'red',
  inconclusive: 'yellow',
  'no-baseline': 'blue',
  'not-comparable': 'blue',
};

/** A row, with the entry of a matrix that it is of. */
interface ShownRow {
  readonly row: Row;
  readonly noVerdict: NoVerdict | undefined;
  readonly entry?: string;
}

/** The bars are what a narrow terminal can do without. */
function gatingTable(shown: readonly ShownRow[], { paint, columns: width }: Look): string[] {
  if (shown.length === 0) return [];
  const withBars = tableOf(shown, true);
  return widthOfTable(withBars.rows) <= width
    ? columns(withBars, paint)
    : columns(tableOf(shown, false), paint);
}

function tableOf(shown: readonly ShownRow[], bars: boolean): Table {
  const several = new Set(shown.map(({ row }) => row.metric)).size > 1;
  const entries = shown.some(({ entry }) => entry !== undefined);
  const some = (wanted: boolean, cell: Cell) => (wanted ? [cell] : []);
  const head = [
    ...some(entries, { text: 'entry' }),
    ...texts('scenario'),
    ...some(several, { text: 'metric' }),
    ...texts('base', 'head', 'growth (95 %)', 'verdict'),
    ...some(bars, { text: 'each boot' }),
  ];
  const body = shown.map(({ row, noVerdict, entry = '' }) => [
    ...some(entries, { text: visibleText(entry, 60) }),
    ...texts(visibleText(row.scenario, 60)),
    ...some(several, { text: metricLabels[row.metric] }),
    ...texts(sideAmount(row.metric, row.base), sideAmount(row.metric, row.head), growthWords(row)),
    verdictCell(row, noVerdict),
    ...some(bars, { text: bootBars(row) }),
  ]);
  const align = `${entries ? 'l' : ''}l${several ? 'l' : ''}rrrl${bars ? 'l' : ''}`;
  return { rows: [head, ...body], align };
}

function verdictCell(row: Row, noVerdict: NoVerdict | undefined): Cell {
  if (row.verdict === undefined) return { text: '–' };
  if (noVerdict && row.verdict === 'inconclusive' && !isNotable(row, noVerdict))
    return { text: outcomeWords[noVerdict.state], style: outcomeStyles[noVerdict.state] };
  const text = row.verdict === 'pass' && row.improved ? 'improved' : row.verdict;
  return { text, style: outcomeStyles[row.verdict] };
}

function reasons(rows: readonly Row[], noVerdict: NoVerdict | undefined): string[] {
  const notable = rows.filter((row) => isNotable(row, noVerdict));
  return notable.map((row) => `${visibleText(row.scenario, 60)}: ${visibleText(row.reason, 500)}`);
}

function sides(input: ReportInput): string[] {
  const { base, head, noVerdict } = input.comparison;
  const none = noVerdict?.state === 'no-baseline' ? 'none yet' : 'none';
  const not = noVerdict === undefined ? '' : ', not compared';
  return [
    `base   ${base === undefined ? none : `${visibleText(subjectWords(base))}${not}`}`,
    `head   ${visibleText(subjectWords(head))}`,
    `boots  ${roundsFact(input)}`,
  ];
}

function allMetrics({ rows, noVerdict }: Comparison, paint: Paint): string[] {
  const head = texts(
    'scenario',
    'metric',
    'base',
    'head',
    'difference',
    'growth (95 %)',
    'base, mean',
    'head, mean',
    'verdict',
  );
  const body = rows.map((row) => [
    ...texts(
      visibleText(row.scenario, 60),
      row.metric,
      exactAmount(row.metric, row.base?.median),
      exactAmount(row.metric, row.head?.median),
      exactChange(row.metric, row.difference?.value),
      growthWords(row),
      exactAmount(row.metric, row.base?.mean),
      exactAmount(row.metric, row.head?.mean),
    ),
    verdictCell(row, noVerdict),
  ]);
  const unit = paint('dim', 'medians over boots, per cycle, and means of all cycles; sizes in bytes');
  return [unit, ...columns({ rows: [head, ...body], align: 'llrrrrrrl' }, paint)];
}

function howMeasured({ comparison, head }: Pick<ReportInput, 'comparison' | 'head'>): string[] {
  const floor = floorFact(comparison);
  const looks = looksFact(comparison);
  const usual = usualFact(comparison, plainShow);
  return factLines([
    ...fingerprintFacts(comparison.fingerprint),
    ...(floor === undefined ? [] : [['floor', floor] as const]),
    ...(looks === undefined ? [] : [['looks', looks] as const]),
    ...(usual === undefined ? [] : [['usual for this image', usual] as const]),
    ...repeatFacts(head),
    ...findingsOf(comparison),
  ]);
}

function factLines(facts: readonly (readonly [string, string])[]): string[] {
  return facts.map(([name, fact]) => `${visibleText(name, 60)}: ${visibleText(fact, 500)}`);
}

function renderOneSide(measurement: Measurement, { paint, detail }: Look): string {
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
    ...columns({ rows: [head, ...body], align: `l${'r'.repeat(metrics.length)}` }, paint),
    '',
    paint('dim', boots),
    ...paragraph(stepTable(measurement)),
    ...(detail
      ? ['', ...factLines([...fingerprintFacts(measurement.fingerprint), ...repeatFacts(measurement)])]
      : []),
    ...measurement.notes.map((note) => paint('dim', `note: ${visibleText(note, 500)}`)),
  ]);
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
