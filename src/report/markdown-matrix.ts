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
  reasonLines,
  sidesSentence,
} from './markdown-comparison.ts';
import { gatingTable, metricsTable, type ShownRow } from './markdown-table.ts';
import { bySeverity, isNotable, outcomeMark, plural, stateSentence } from './wording.ts';

/** Rows of the table of all entries at most. */
const mostRows = 100;

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
  const { base, head, noVerdict } = first.comparison;
  const none = compared.every(({ comparison }) => comparison.noVerdict !== undefined);
  const ofHead = `Head ${subjectLink(head, repositoryUrl)}`;
  if (base === undefined)
    return [`${ofHead}; ${noVerdict?.state === 'no-baseline' ? 'no baseline yet' : 'no base'}.`];
  return [`${ofHead}${none ? '; not' : ','} compared with base ${subjectLink(base, repositoryUrl)}.`];
}

function tableParts(compared: readonly Compared[]): Part[] {
  const all = compared.flatMap((entry) => gatingRows(entry).map((row) => shownRow(entry, row)));
  const rows =
    all.length <= mostUnfolded
      ? all
      : compared.flatMap(notableRows).toSorted((a, b) => bySeverity(a.row, b.row));
  if (rows.length === 0) return [];
  const shown = rows.slice(0, mostRows);
  return [{ name: 'rows', rank: 2, ...gatingTable(shown), beyond: rows.length - shown.length }];
}

/** What is not a plain pass of an entry, or one row that stands for all. */
function notableRows(entry: Compared): ShownRow[] {
  const rows = gatingRows(entry);
  const notable = notableOf(entry.comparison);
  if (notable.length > 0) return notable.map((row) => shownRow(entry, row));
  const [most] = rows.toSorted((a, b) => (b.growth?.value ?? 0) - (a.growth?.value ?? 0));
  return most === undefined ? [] : [{ ...shownRow(entry, most), standsForMore: rows.length - 1 }];
}

function notableOf({ rows, noVerdict }: Comparison): Row[] {
  return rows.filter((row) => row.gates && isNotable(row, noVerdict));
}

function gatingRows({ comparison }: Compared): Row[] {
  return comparison.rows.filter((row) => row.gates);
}

function shownRow({ name, comparison }: Compared, row: Row): ShownRow {
  return { row, entry: name, noVerdict: comparison.noVerdict };
}

/** Of passes those that improved. */
function gravestFirst(compared: readonly Compared[]): readonly Compared[] {
  const improves = ({ comparison }: Compared) => comparison.rows.some((row) => row.improved);
  return compared.toSorted(
    (a, b) =>
      byGravity(outcomeOf(a.comparison), outcomeOf(b.comparison)) ||
      Number(improves(b)) - Number(improves(a)),
  );
}

/** All of one entry. Where not all fits, each takes half of the room that is left at most. */
function entryPart({ name, comparison }: Compared, rank: number, context: ReportContext): Part {
  const { noVerdict } = comparison;
  const { text, rows } = metricsTable(comparison);
  const state =
    noVerdict === undefined ? [] : [prose(stateSentence(noVerdict, comparison.verdict === 'fail'), 1000)];
  const paragraphsAbove = [
    sidesSentence(comparison, context.repositoryUrl),
    ...state,
    [...reasonLines(comparison, notableOf(comparison)), ...howMeasured({ comparison })].join('\n'),
    text,
  ];
  return {
    name: 'details of entries',
    rank,
    share: 0.5,
    title: `${outcomeMark(outcomeOf(comparison))} ${htmlText(name, 100)}: ${htmlText(comparison.headline, 300)}`,
    text: paragraphsAbove.join('\n\n'),
    rows,
  };
}
