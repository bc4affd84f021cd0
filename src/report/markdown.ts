import { markdownTable } from 'markdown-table';
import { metricLabels } from '../config/metrics.ts';
import { type MetricName, metricNames } from '../engine/contract.ts';
import type { Comparison, Row } from '../gate/record.ts';
import { measuredMetrics, summarizeSide } from '../gate/summarize.ts';
import type { Measurement } from '../measure/record.ts';
import { codeSpan, prose } from './escape.ts';
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
  verdictMark,
  verdictWords,
} from './wording.ts';

/** GitHub refuses a comment above 65,536 characters; the rest is room for the hidden marker of whoever posts it. */
export const maxMarkdownLength = 65_536 - 1024;

/** Rows, reasons and notes that stand outside the JSON at most. */
const mostRows = 50;
const mostReasons = 10;
const mostNotes = 20;

/** The pull request's comment and the job's summary. */
export const markdown: Exporter = {
  name: 'markdown',
  render: (input) => withinLimit(mainPart(input.comparison), foldsOf(input)),
  renderMeasurement: (measurement) =>
    withinLimit(measurementPart(measurement), measurementFolds(measurement)),
};

/** A part that is folded, and left out first where the whole is too long. */
interface Fold {
  readonly title: string;
  readonly body: string;
}

function withinLimit(main: string, folds: readonly Fold[]): string {
  let kept = folds;
  while (assemble(main, kept, folds).length > maxMarkdownLength && kept.length > 0)
    kept = kept.filter((fold) => fold !== longest(kept));
  return assemble(main, kept, folds);
}

function longest(folds: readonly Fold[]): Fold | undefined {
  return folds.toSorted((a, b) => b.body.length - a.body.length)[0];
}

function assemble(main: string, kept: readonly Fold[], all: readonly Fold[]): string {
  const left = all.filter((fold) => !kept.includes(fold)).map((fold) => fold.title);
  const said = left.length === 0 ? [] : [`Left out for length: ${left.join(', ')}. The JSON has all of it.`];
  const folded = kept.map(
    ({ title, body }) => `<details><summary>${title}</summary>\n\n${body}\n\n</details>`,
  );
  return `${[main, ...said, ...folded].join('\n\n')}\n`;
}

function mainPart(comparison: Comparison): string {
  const { verdict, headline } = comparison;
  const rows = comparison.rows.filter((row) => row.gates);
  const parts = [
    `### ${verdictMark(verdict)} snapgate: ${prose(headline)}`,
    gatingTable(rows),
    reasonList(rows),
    sidesLine(comparison),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** With a column for the metric only where more than one gates. */
function gatingTable(rows: readonly Row[]): string {
  if (rows.length === 0) return 'No row gates.';
  const severalMetrics = new Set(rows.map((row) => row.metric)).size > 1;
  const metricCell = (text: string) => (severalMetrics ? [text] : []);
  const head = ['scenario', ...metricCell('metric'), 'base', 'head', 'growth (95 % interval)', 'verdict'];
  // A short table keeps the scenarios in the order they ran; a cut one must not lose what failed.
  const shown = rows.length > mostRows ? bySeverity(rows).slice(0, mostRows) : rows;
  const body = shown.map((row) => [
    codeSpan(row.scenario),
    ...metricCell(metricLabels[row.metric]),
    sideAmount(row.metric, row.base),
    sideAmount(row.metric, row.head),
    growthWords(row),
    verdictWords(row),
  ]);
  const align = ['l', ...metricCell('l'), 'r', 'r', 'r', 'l'];
  return withRest(table([head, ...body], align), rows.length - shown.length, 'row');
}

/** Why anything is not a plain pass, the gravest first. */
function reasonList(rows: readonly Row[]): string {
  const notable = bySeverity(rows).filter(needsReason);
  const shown = notable.slice(0, mostReasons);
  const severalMetrics = new Set(rows.map((row) => row.metric)).size > 1;
  const lines = shown.map((row) => {
    const metric = severalMetrics ? `, ${metricLabels[row.metric]}` : '';
    return `- ${codeSpan(row.scenario)}${metric}: ${prose(row.reason)}`;
  });
  return withRest(lines.join('\n'), notable.length - shown.length, 'reason');
}

function bySeverity(rows: readonly Row[]): readonly Row[] {
  const order = ['fail', 'inconclusive', 'warn', 'pass', undefined];
  return rows.toSorted((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
}

function sidesLine({ base, head, boots }: Comparison): string {
  const ofHead = `head ${codeSpan(subjectWords(head))}, ${plural(boots.head, 'boot')}`;
  return base === undefined
    ? `No base; ${ofHead}.`
    : `Base ${codeSpan(subjectWords(base))}, ${plural(boots.base, 'boot')}; ${ofHead}.`;
}

function foldsOf(input: ReportInput): Fold[] {
  return [
    { title: 'all metrics', body: allMetrics(input.comparison.rows) },
    { title: 'how this was measured', body: howMeasured(input) },
    { title: 'run it yourself', body: `\`\`\`sh\n${reproduceCommand(input)}\n\`\`\`` },
  ];
}

function allMetrics(rows: readonly Row[]): string {
  const head = ['scenario', 'metric', 'base', 'head', 'difference', 'growth (95 % interval)', 'verdict'];
  const body = rows.map((row) => [
    codeSpan(row.scenario),
    codeSpan(row.metric),
    exactAmount(row.metric, row.base?.median),
    exactAmount(row.metric, row.head?.median),
    exactChange(row.metric, row.difference?.value),
    growthWords(row),
    verdictWords(row),
  ]);
  const note = 'Medians over boots of the medians of each boot, per cycle. Sizes are in bytes.';
  return `${note}\n\n${table([head, ...body], ['l', 'l', 'r', 'r', 'r', 'r', 'l'])}`;
}

function howMeasured(input: ReportInput): string {
  const { comparison, head } = input;
  const floor = floorFact(comparison);
  const facts = [
    ['boots', prose(roundsFact(input))],
    ...fingerprintFacts(comparison.fingerprint).map(([name, fact]) => [name, codeSpan(fact)]),
    ...(floor === undefined ? [] : [['floor', floor]]),
    ...repeatFacts(head).map(([name, fact]) => [codeSpan(name), fact]),
    ['snapgate', `${codeSpan(comparison.snapgate)}, ${codeSpan(comparison.createdAt)}`],
  ];
  return [...facts.map(([name, fact]) => `- ${name}: ${fact}`), ...noteLines(comparison.notes)].join('\n');
}

function noteLines(notes: readonly string[]): string[] {
  const shown = notes.slice(0, mostNotes).map((note) => `- note: ${prose(note)}`);
  const rest = notes.length - shown.length;
  return rest > 0 ? [...shown, `- and ${plural(rest, 'more note')} in the JSON`] : shown;
}

/** What one side's table shows: the numbers that people ask for, as far as they were measured. */
const shownMetrics: readonly MetricName[] = [
  'memfile.writtenBytes',
  'memfile.changedBytes',
  'rootfs.writtenBytes',
  'resumeMs',
  'pauseMs',
];

function measurementPart(measurement: Measurement): string {
  const measured = measuredMetrics(measurement);
  const metrics = shownMetrics.filter((metric) => measured.includes(metric));
  const body = measurement.scenarios
    .slice(0, mostRows)
    .map(({ name }) => [
      codeSpan(name),
      ...metrics.map((metric) => sideAmount(metric, summarizeSide(measurement, name, metric))),
    ]);
  const head = ['scenario', ...metrics.map((metric) => metricLabels[metric])];
  return [
    `### snapgate: measured ${codeSpan(subjectWords(measurement.subject))}`,
    withRest(
      table([head, ...body], ['l', ...metrics.map(() => 'r')]),
      measurement.scenarios.length - body.length,
      'row',
    ),
    `${plural(measurement.boots.length, 'boot')}, ${readyFact(measurement)}; each ${roundsOf(measurement)}. Nothing was compared.`,
  ].join('\n\n');
}

function measurementFolds(measurement: Measurement): Fold[] {
  const rows = measurement.scenarios.flatMap(({ name }) =>
    metricNames.flatMap((metric) => {
      const side = summarizeSide(measurement, name, metric);
      return side === undefined ? [] : [[codeSpan(name), codeSpan(metric), exactAmount(metric, side.median)]];
    }),
  );
  const facts = [
    ...fingerprintFacts(measurement.fingerprint).map(([name, fact]) => `- ${name}: ${codeSpan(fact)}`),
    ...repeatFacts(measurement).map(([name, fact]) => `- ${codeSpan(name)}: ${fact}`),
  ];
  return [
    {
      title: 'all metrics',
      body: table([['scenario', 'metric', 'median per cycle (bytes)'], ...rows], ['l', 'l', 'r']),
    },
    { title: 'how this was measured', body: [...facts, ...noteLines(measurement.notes)].join('\n') },
  ];
}

function table(rows: readonly (readonly string[])[], align: readonly string[]): string {
  return markdownTable(rows, { align, alignDelimiters: false });
}

function withRest(text: string, rest: number, noun: string): string {
  return rest > 0 ? `${text}\n\nand ${plural(rest, `more ${noun}`)} in the JSON` : text;
}
