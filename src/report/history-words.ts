import { formatThreshold, metricLabels } from '../config/metrics.ts';
import type { Comparison, HistoryRow, HistoryStep } from '../gate/record.ts';
import { formatGrowth } from '../host/units.ts';
import { plural, withBounds } from './wording.ts';

/** How a form of report shows what is foreign. */
export interface Show {
  readonly name: (text: string) => string;
  readonly commit: (sha: string) => string;
  readonly text: (text: string) => string;
}

/** Rows that one line names. */
const mostNamed = 3;

/** Steps that are told, and in days how long. */
const mostSteps = 3;
const newsDays = 90;

/** Rows whose usual noise is told. */
const mostUsual = 12;

const dayMs = 86_400e3;

/** What the history has to say: why it fails, or a line on what crept up; and a line on the last steps, where there are any. */
export function historyLines(comparison: Comparison, show: Show): string[] {
  return [...driftLine(comparison, show), ...reasonLines(comparison, show), ...stepsLine(comparison, show)];
}

/** Why rows fail by their history, the gravest first. */
function reasonLines({ history }: Comparison, show: Show): string[] {
  if (history === undefined) return [];
  const several = severalMetrics(history.rows);
  const failing = history.rows.filter(({ verdict }) => verdict === 'fail');
  return failing
    .toSorted((a, b) => creepOf(b) - creepOf(a))
    .slice(0, mostNamed)
    .map((row) => `${rowName(row, several, show)}: ${show.text(row.reason ?? '')}`);
}

/** `idle-2s ±2.1 %, …`: what measurements of this image differ by although nothing has changed; undefined where that is not known. */
export function usualFact({ history }: Comparison, show: Show): string | undefined {
  const known = history?.rows.filter(({ noise }) => noise !== undefined) ?? [];
  if (history === undefined || known.length === 0) return undefined;
  const several = severalMetrics(history.rows);
  const shown = known.slice(0, mostUsual);
  const rest = known.length - shown.length;
  const told = shown.map((row) => `${rowName(row, several, show)} ${spreadWords(row.noise ?? 0)}`).join(', ');
  const entries = Math.max(...known.map((row) => row.entries));
  return `${told}${rest > 0 ? ` and ${rest} more` : ''} (standard deviation over ${plural(entries, 'measurement')} of ${show.name(history.branch)}, steps and drift taken out)`;
}

function spreadWords(noise: number): string {
  return `±${formatGrowth(noise).replace('+', '')}`;
}

function driftLine({ history, createdAt }: Comparison, show: Show): string[] {
  const crept = history?.rows.filter(hasCrept).toSorted((a, b) => creepOf(b) - creepOf(a)) ?? [];
  const [most, ...others] = crept;
  if (history === undefined || most?.drift === undefined) return [];
  const several = severalMetrics(history.rows);
  const { growth, entries, from, since } = most.drift;
  const words = withBounds(growth, formatGrowth, (text) => text.replace(' %', ''));
  const limit = history.maxDrift === undefined ? '' : ` (fails above +${formatThreshold(history.maxDrift)})`;
  const also = others
    .slice(0, mostNamed)
    .map((row) => `${rowName(row, several, show)} ${formatGrowth(creepOf(row))}`);
  const rest = others.length - also.length;
  const more = also.length === 0 ? '' : `; also ${also.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
  return [
    `Drift: ${rowName(most, several, show)} ${words} over ${plural(entries, 'measurement')} since ${show.commit(from)}${agoWords(createdAt, since)}, larger steps up not counted${limit}${ownWords(most, history.maxDrift)}${more}.`,
  ];
}

/** What a head has of its own that mends what its branch has crept by. */
function ownWords({ drift, verdict }: HistoryRow, maxDrift = Number.POSITIVE_INFINITY): string {
  if (verdict !== 'pass' || drift?.head === undefined || drift.growth.value <= maxDrift) return '';
  return `; this head itself ${formatGrowth(drift.head)}`;
}

function hasCrept({ drift, verdict }: HistoryRow): boolean {
  return verdict === 'fail' || (drift?.established === true && drift.growth.value > 0);
}

function creepOf({ drift }: HistoryRow): number {
  return drift?.growth.value ?? 0;
}

interface NamedStep {
  readonly step: HistoryStep;
  readonly row: HistoryRow;
}

/** A commit stands once, with the row that it changed most. */
function stepsLine({ history, createdAt }: Comparison, show: Show): string[] {
  if (history === undefined) return [];
  const all = history.rows.flatMap((row) => row.steps.map((step): NamedStep => ({ step, row })));
  const news = all.filter(({ step }) => !(daysBetween(step.measuredAt, createdAt) > newsDays));
  const commits = [...Map.groupBy(news, ({ step }) => step.commit).values()].toSorted(newestFirst);
  const several = severalMetrics(history.rows);
  const told = commits.slice(0, mostSteps).map((ofCommit) => stepWords(ofCommit, several, createdAt, show));
  if (told.length === 0) return [];
  const rest = commits.length - told.length;
  return [`Last steps: ${told.join('; ')}${rest > 0 ? `; and ${rest} before` : ''}.`];
}

function newestFirst([a]: readonly NamedStep[], [b]: readonly NamedStep[]): number {
  return Date.parse(b?.step.measuredAt ?? '') - Date.parse(a?.step.measuredAt ?? '');
}

function stepWords(ofCommit: readonly NamedStep[], several: boolean, createdAt: string, show: Show): string {
  const [most, ...others] = ofCommit.toSorted((a, b) => sizeOf(b.step) - sizeOf(a.step));
  if (most === undefined) return '';
  const { commit, earliest, latest, measuredAt, growth } = most.step;
  const change = growth === undefined ? 'from 0' : formatGrowth(growth);
  const near =
    earliest === latest
      ? ''
      : ` (as far as the noise tells, from ${show.commit(earliest)} to ${show.commit(latest)})`;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `${rowName(most.row, several, show)}${more} ${change} at ${show.commit(commit)}${near}${agoWords(createdAt, measuredAt)}`;
}

function sizeOf({ growth = Number.POSITIVE_INFINITY }: HistoryStep): number {
  return Math.abs(growth);
}

function severalMetrics(rows: readonly HistoryRow[]): boolean {
  return new Set(rows.map(({ metric }) => metric)).size > 1;
}

function rowName({ scenario, metric }: HistoryRow, several: boolean, show: Show): string {
  return several ? `${show.name(scenario)} (${metricLabels[metric]})` : show.name(scenario);
}

/** `, 12 days ago`; nothing where either is no time. */
function agoWords(now: string, then: string): string {
  const days = Math.round(daysBetween(then, now));
  if (Number.isNaN(days) || days < 0) return '';
  return days === 0 ? ', today' : `, ${plural(days, 'day')} ago`;
}

function daysBetween(then: string, now: string): number {
  return (Date.parse(now) - Date.parse(then)) / dayMs;
}
