import { metricLabels } from '../config/metrics.ts';
import { byGravity, outcomeOf } from '../gate/outcome.ts';
import type { Comparison, Matrix, MatrixEntry, Row } from '../gate/record.ts';
import { codeSpan, htmlText, prose } from './escape.ts';
import type { MatrixReportInput, ReportContext } from './exporter.ts';
import type { Part } from './fit.ts';
import { subjectLink } from './links.ts';
import {
  contextSentences,
  headingPart,
  howMeasured,
  mostUnfolded,
  paragraphs,
  sidesSentence,
} from './markdown-comparison.ts';
import { gatingTable, metricsTable, type ShownRow, severalMetrics } from './markdown-table.ts';
import { bySeverity, isNotable, outcomeMark, plural, stateSentence } from './wording.ts';

/** Rows of the table of all entries, and reasons of one entry, at most. */
const mostRows = 100;
const mostReasons = 10;

/** An entry that was compared. */
interface Compared {
  readonly name: string;
  readonly comparison: Comparison;
}

export function matrixParts(input: MatrixReportInput): Part[] {
  const { matrix } = input;
  const compared = matrix.entries.flatMap(({ name, comparison }) =>
    comparison ? [{ name, comparison }] : [],
  );
  return [
    headingPart(matrix),
    ...missingParts(matrix),
    ...paragraphs([...sharedSides(compared, input), ...contextSentences(input, matrix.accepted)]),
    ...tableParts(compared),
    ...gravestFirst(compared).map((entry, index) => entryPart(entry, 4 + index, input)),
  ];
}

/** What was not measured stands before all numbers: they are not of the whole. */
function missingParts({ entries, allowMissing }: Matrix): Part[] {
  const missing = entries.filter(({ comparison }) => comparison === undefined);
  if (missing.length === 0) return [];
  const text = `Not measured: ${missing.length} of ${plural(entries.length, 'entry', 'entries')}${allowMissing ? ', which is allowed' : ''}.\n`;
  const rows = missing.map((entry) => missingLine(entry, allowMissing));
  return [{ name: 'entries that were not measured', rank: 1, text, rows, noun: 'line', share: 0.5 }];
}

function missingLine({ name, missing = '' }: MatrixEntry, allowed: boolean): string {
  return `- ${outcomeMark(allowed ? 'inconclusive' : 'fail')} ${codeSpan(name, 100)}: ${prose(missing)}`;
}

/** Said once where it is the same for all, as it is of one pull request; else each entry says its own. */
function sharedSides(compared: readonly Compared[], { repositoryUrl }: ReportContext): string[] {
  const [first] = compared;
  if (first === undefined) return [];
  const sides = ({ comparison: { base, head } }: Compared) => JSON.stringify([base, head]);
  if (compared.some((each) => sides(each) !== sides(first))) return [];
  const { base, head } = first.comparison;
  const ofBase =
    base === undefined ? '; no base' : `, compared with base ${subjectLink(base, repositoryUrl)}`;
  return [`Head ${subjectLink(head, repositoryUrl)}${ofBase}.`];
}

function tableParts(compared: readonly Compared[]): Part[] {
  const all = compared.flatMap((entry) => gatingRows(entry).map((row) => shownRow(entry, row)));
  const rows = all.length <= mostUnfolded ? all : compared.flatMap(notableRows).toSorted(gravestRowFirst);
  if (rows.length === 0) return [];
  const shown = rows.slice(0, mostRows);
  return [{ name: 'rows', rank: 2, ...gatingTable(shown), beyond: rows.length - shown.length }];
}

/** What is not a plain pass of an entry, or one row that stands for all. */
function notableRows(entry: Compared): ShownRow[] {
  const rows = gatingRows(entry);
  const notable = rows.filter((row) => isNotable(row, entry.comparison.noVerdict));
  if (notable.length > 0) return notable.map((row) => shownRow(entry, row));
  const [most] = rows.toSorted((a, b) => (b.growth?.value ?? 0) - (a.growth?.value ?? 0));
  return most === undefined ? [] : [{ ...shownRow(entry, most), standsForMore: rows.length - 1 }];
}

function gatingRows({ comparison }: Compared): Row[] {
  return comparison.rows.filter((row) => row.gates);
}

function shownRow({ name, comparison }: Compared, row: Row): ShownRow {
  return { row, entry: name, noVerdict: comparison.noVerdict };
}

function gravestRowFirst(a: ShownRow, b: ShownRow): number {
  return byGravity(a.row.verdict ?? 'pass', b.row.verdict ?? 'pass');
}

function gravestFirst(compared: readonly Compared[]): readonly Compared[] {
  return compared.toSorted((a, b) => byGravity(outcomeOf(a.comparison), outcomeOf(b.comparison)));
}

/** All of one entry. Where not all fits, each takes half of the room that is left at most. */
function entryPart({ name, comparison }: Compared, rank: number, context: ReportContext): Part {
  const { noVerdict, rows } = comparison;
  const { text, rows: lines } = metricsTable(rows);
  const state =
    noVerdict === undefined ? [] : [prose(stateSentence(noVerdict, comparison.verdict === 'fail'), 1000)];
  const paragraphsAbove = [
    `${sidesSentence(comparison, context.repositoryUrl)}`,
    ...state,
    [...reasonLines(comparison), ...howMeasured({ comparison })].join('\n'),
    text,
  ];
  return {
    name: 'details of entries',
    rank,
    share: 0.5,
    title: `${outcomeMark(outcomeOf(comparison))} ${htmlText(name, 100)}: ${htmlText(comparison.headline, 300)}`,
    text: paragraphsAbove.join('\n\n'),
    rows: lines,
  };
}

function reasonLines({ rows, noVerdict }: Comparison): string[] {
  const gating = rows.filter((row) => row.gates);
  const notable = bySeverity(gating.filter((row) => isNotable(row, noVerdict)));
  return notable.slice(0, mostReasons).map((row) => {
    const metric = severalMetrics(gating) ? `, ${metricLabels[row.metric]}` : '';
    return `- ${codeSpan(row.scenario)}${metric}: ${prose(row.reason)}`;
  });
}
