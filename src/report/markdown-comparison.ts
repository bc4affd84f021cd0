import { metricLabels } from '../config/metrics.ts';
import { outcomeOf } from '../gate/outcome.ts';
import type { Acceptance, Comparison, Matrix, Row } from '../gate/record.ts';
import { leavesOutBoots, mostBars } from './bars.ts';
import { codeSpan, paragraph, prose } from './escape.ts';
import type { ReportContext, ReportInput } from './exporter.ts';
import { findingsOf, looksFact } from './findings.ts';
import type { Part } from './fit.ts';
import { historyLines, type Show, usualFact } from './history-words.ts';
import { commitLink, link, subjectLink } from './links.ts';
import { gatingTable, metricsTable, severalMetrics, type TableLines } from './markdown-table.ts';
import {
  acceptedOn,
  bySeverity,
  fingerprintFacts,
  floorFact,
  growthWords,
  isNotable,
  outcomeMark,
  plural,
  repeatFacts,
  reproduceCommand,
  roundsFact,
  stateSentence,
} from './wording.ts';

/** A table of up to so many rows shows them all, in the order they ran; of a longer one what changed, and the rest is folded. */
export const mostUnfolded = 12;

/** Rows, reasons and notes that stand in one place at most. */
const mostRows = 50;
const mostReasons = 10;
const mostNotes = 20;

export function comparisonParts(input: ReportInput): Part[] {
  const { comparison } = input;
  return [
    headingPart(comparison),
    ...openingParts(comparison, input),
    ...gatingParts(comparison),
    ...historyParts(comparison, input.repositoryUrl),
    ...(comparison.rows.length === 0 ? [] : [metricsPart(comparison)]),
    { ...listPart('how this was measured', howMeasured(input)), rank: 5, title: 'how this was measured' },
    {
      name: 'run it yourself',
      rank: 4,
      title: 'run it yourself',
      text: `\`\`\`sh\n${reproduceCommand(input)}\n\`\`\``,
    },
  ];
}

/** `### 🔴 snapgate: …`, shorter where the limit is very small. */
export function headingPart(record: Comparison | Matrix): Part {
  const upTo = (limit: number) =>
    `### ${outcomeMark(outcomeOf(record))} snapgate: ${prose(record.headline, limit)}`;
  return { name: 'headline', rank: 0, text: upTo(500), shorter: [upTo(150), upTo(30)] };
}

/** What a report says before any number: of what it is, where the numbers are from, who accepted them, and why there is no verdict. */
function openingParts(comparison: Comparison, context: ReportContext): Part[] {
  const { accepted, noVerdict, verdict } = comparison;
  const state = noVerdict && paragraph(stateSentence(noVerdict, verdict === 'fail'), 1000);
  return paragraphs([
    sidesSentence(comparison, context.repositoryUrl),
    ...contextSentences(context, accepted),
    ...(state === undefined ? [] : [state]),
  ]);
}

export function contextSentences(
  { provenance, remarks = [], repositoryUrl, runUrl }: ReportContext,
  accepted: Acceptance | undefined,
): string[] {
  const run = runUrl === undefined ? '' : ` ${link('The run', runUrl)}.`;
  return [
    ...(accepted ? [acceptedSentence(accepted, repositoryUrl)] : []),
    ...remarks.map((remark) => paragraph(remark)),
    ...(provenance === undefined ? [] : [`${paragraph(provenance)}${run}`]),
  ];
}

export function paragraphs(texts: readonly string[]): Part[] {
  return texts.map((text) => ({ name: 'what was compared', rank: 1, text }));
}

function acceptedSentence(accepted: Acceptance, repositoryUrl: string | undefined): string {
  const commit = commitLink(accepted.commit, repositoryUrl);
  return `Accepted by ${codeSpan(accepted.by)} on ${acceptedOn(accepted)} at ${commit}.`;
}

/** What was compared with what. */
export function sidesSentence(comparison: Comparison, repositoryUrl: string | undefined): string {
  const { base, head, boots, noVerdict } = comparison;
  const ofHead = `Head ${subjectLink(head, repositoryUrl)}, ${plural(boots.head, 'boot')}`;
  if (base === undefined)
    return `${ofHead}; ${noVerdict?.state === 'no-baseline' ? 'no baseline yet' : 'no base'}.`;
  const ofBase = `base ${subjectLink(base, repositoryUrl)}, ${plural(boots.base, 'boot')}`;
  return noVerdict === undefined
    ? `${ofHead}, compared with ${ofBase}.`
    : `${ofHead}; not compared with ${ofBase}.`;
}

function historyParts(comparison: Comparison, repositoryUrl: string | undefined): Part[] {
  const lines = historyLines(comparison, showIn(repositoryUrl));
  return lines.map((text) => ({ name: 'history', rank: 3, text }));
}

function showIn(repositoryUrl: string | undefined): Show {
  return {
    name: (text) => codeSpan(text),
    commit: (sha) => commitLink(sha, repositoryUrl),
    text: (text) => prose(text),
  };
}

/** The table of the rows that gate, why any of them is not a plain pass, and folded what did not change. */
function gatingParts(comparison: Comparison): Part[] {
  const rows = comparison.rows.filter((row) => row.gates);
  // The headline has said it all.
  if (rows.length === 0 && comparison.identicalImages) return [];
  const notable = rows.filter((row) => isNotable(row, comparison.noVerdict));
  if (rows.length <= mostUnfolded || notable.length === rows.length)
    return [tablePart(comparison, rows), reasonPart(comparison, notable)];
  // With nothing to compare with hardly a row is notable, and the numbers are what there is to show.
  const compared = rows.some((row) => row.base !== undefined);
  const seen = compared ? notable : [...notable, ...quietOf(rows, notable)].slice(0, mostUnfolded);
  const quiet = quietOf(rows, seen);
  return [
    ...(seen.length > 0 ? [tablePart(comparison, seen)] : []),
    { name: 'what did not change', rank: 2, text: quietSentence(quiet, seen.length > 0) },
    reasonPart(comparison, notable),
    quietPart(comparison, quiet, compared),
  ];
}

function quietOf(rows: readonly Row[], seen: readonly Row[]): Row[] {
  const shown = new Set(seen);
  return rows.filter((row) => !shown.has(row));
}

function quietSentence(quiet: readonly Row[], others: boolean): string {
  const [first, ...rest] = quiet;
  if (first === undefined) return '';
  const grown = rest.reduce((a, b) => ((b.growth?.value ?? 0) > (a.growth?.value ?? 0) ? b : a), first);
  const count = `${others ? 'The other' : 'All'} ${plural(quiet.length, 'row')}`;
  if (grown.growth === undefined) return `${count} ${quiet.length === 1 ? 'is' : 'are'} folded below.`;
  const most = `the most is ${codeSpan(grown.scenario)} with ${growthWords(grown)}`;
  return `${count} ${quiet.length === 1 ? 'passes' : 'pass'}: ${most}.`;
}

function tablePart(comparison: Comparison, rows: readonly Row[]): Part {
  if (rows.length === 0) return { name: 'rows', rank: 2, text: 'No row gates.' };
  // A short table keeps the scenarios in the order they ran; a cut one must not lose what failed.
  const shown = rows.length > mostUnfolded ? rows.toSorted(bySeverity).slice(0, mostRows) : rows;
  const beyond = rows.length - shown.length;
  return { name: 'rows', rank: 2, ...linesOf(comparison, shown), beyond };
}

function quietPart(comparison: Comparison, quiet: readonly Row[], compared: boolean): Part {
  const title = compared
    ? `${plural(quiet.length, 'row')} without a change`
    : plural(quiet.length, 'more row');
  return { name: 'rows that are folded', rank: 6, title, ...linesOf(comparison, quiet) };
}

function linesOf({ noVerdict }: Comparison, rows: readonly Row[]): TableLines {
  return gatingTable(rows.map((row) => ({ row, noVerdict })));
}

function reasonPart(comparison: Comparison, notable: readonly Row[]): Part {
  const lines = reasonLines(comparison, notable);
  const beyond = notable.length - lines.length;
  return { ...listPart('reasons', lines), rank: 3, beyond, noun: 'reason' };
}

/** Why these rows are not plain passes, the gravest first. */
export function reasonLines({ rows }: Comparison, notable: readonly Row[]): string[] {
  const several = severalMetrics(rows.filter((row) => row.gates));
  const shown = notable.toSorted(bySeverity).slice(0, mostReasons);
  return shown.map((row) => {
    const metric = several ? `, ${metricLabels[row.metric]}` : '';
    return `- ${codeSpan(row.scenario)}${metric}: ${prose(row.reason)}`;
  });
}

function listPart(name: string, lines: readonly string[]): Omit<Part, 'rank'> {
  const [first = '', ...rows] = lines;
  return { name, text: first, rows, noun: 'line' };
}

/** The longest and most detailed part, and so the first to be cut. */
function metricsPart(comparison: Comparison): Part {
  const { text, rows } = metricsTable(comparison);
  const note =
    'Medians over boots of the interquartile mean of each boot, per cycle, and means of all cycles, which is what storing them costs. Sizes are in bytes.';
  return { name: 'all metrics', rank: 7, title: 'all metrics', text: `${note}\n\n${text}`, rows };
}

/** Facts as lines of a list. */
export function howMeasured(input: ReportInput): string[] {
  const { comparison, head } = input;
  const floor = floorFact(comparison);
  const looks = looksFact(comparison);
  const usual = usualFact(comparison, showIn(input.repositoryUrl));
  const facts = [
    ['boots', prose(roundsFact(input))],
    ...fingerprintFacts(comparison.fingerprint).map(([name, fact]) => [name, codeSpan(fact)]),
    ...(floor === undefined ? [] : [['floor', floor]]),
    ...(looks === undefined ? [] : [['looks', looks]]),
    ...(usual === undefined ? [] : [['usual for this image', usual]]),
    ...[...repeatFacts(head), ...findingsOf(comparison)].map(([name, fact]) => [codeSpan(name), fact]),
    ['each boot', barsFact(comparison)],
    ['snapgate', `${codeSpan(comparison.snapgate)}, ${codeSpan(comparison.createdAt)}`],
  ];
  return [...facts.map(([name, fact]) => `- ${name}: ${fact}`), ...noteLines(comparison.notes)];
}

function barsFact({ rows }: Comparison): string {
  const some = rows.some((row) => row.gates && leavesOutBoots(row));
  const choice = some ? `; of more than ${mostBars} boots, ${mostBars} from the lowest to the highest` : '';
  return `a bar for each boot, both sides of a row on one scale from 0${choice}`;
}

export function noteLines(notes: readonly string[]): string[] {
  const shown = notes.slice(0, mostNotes).map((note) => `- note: ${prose(note)}`);
  const rest = notes.length - shown.length;
  return rest > 0 ? [...shown, `- and ${plural(rest, 'more note')} in the JSON`] : shown;
}
