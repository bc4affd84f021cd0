import { formatAmount, formatChange, isTimeMetric } from '../config/metrics.ts';
import { floorScenario } from '../config/scenarios.ts';
import type { MetricName } from '../engine/contract.ts';
import { noVerdictClause, type Outcome } from '../gate/outcome.ts';
import type { Acceptance, Comparison, Estimate, NoVerdict, Row, SideSummary } from '../gate/record.ts';
import { isAbove } from '../gate/thresholds.ts';
import { formatBytes, formatDuration, formatGrowth, groupDigits } from '../host/units.ts';
import type { Fingerprint, Measurement, Subject } from '../measure/record.ts';
import { hasAgent, medianReadyMs, partMedians } from '../measure/summarize.ts';
import { shellWord } from './escape.ts';
import type { ReportInput } from './exporter.ts';

/** The mark and the word of a row's verdict; an improvement is said as loudly as a failure. */
export function verdictWords(row: Pick<Row, 'verdict' | 'improved'>): string {
  if (row.verdict === undefined) return '–';
  return row.verdict === 'pass' && row.improved
    ? '🟢 improved'
    : `${outcomeMark(row.verdict)} ${row.verdict}`;
}

const marks: Readonly<Record<Outcome, string>> = {
  pass: '🟢',
  warn: '🟡',
  fail: '🔴',
  inconclusive: '⚪',
  // Blue says that there is no verdict, neither good nor bad.
  'no-baseline': '🔵',
  'not-comparable': '🔵',
  accepted: '🟢',
};

export function outcomeMark(outcome: Outcome): string {
  return marks[outcome];
}

/** What follows from there being no verdict; with the reason where the headline has another matter. */
export function stateSentence(noVerdict: NoVerdict, withReason: boolean): string {
  const follows =
    noVerdict.state === 'no-baseline'
      ? 'Growth is judged once there is a baseline; caps hold already.'
      : 'Numbers taken under different conditions are not compared, so growth was not judged; caps hold all the same.';
  if (!withReason) return follows;
  const why = noVerdictClause(noVerdict);
  return `${why.charAt(0).toUpperCase()}${why.slice(1)}. ${follows}`;
}

/** The day of an acceptance, in UTC. */
export function acceptedOn({ at }: Acceptance): string {
  return at.slice(0, '2026-01-02'.length);
}

export function sideAmount(metric: MetricName, side: Pick<SideSummary, 'median'> | undefined): string {
  return side === undefined ? '–' : formatAmount(metric, side.median);
}

/** To the byte, with the thousands parted: `2,580,480`; parts of one are possible, as of a mean. */
export function exactAmount(metric: MetricName, value: number | undefined): string {
  if (value === undefined) return '–';
  const [digits, unit] = isTimeMetric(metric) ? [1, ' ms'] : [Number.isInteger(value) ? 0 : 1, ''];
  const [whole = '', fraction] = Math.abs(value).toFixed(digits).split('.');
  return `${value < 0 ? '−' : ''}${groupDigits(whole)}${fraction === undefined ? '' : `.${fraction}`}${unit}`;
}

/** Like exactAmount, with a plus in front of growth. */
export function exactChange(metric: MetricName, value: number | undefined): string {
  return value !== undefined && value > 0 ? `+${exactAmount(metric, value)}` : exactAmount(metric, value);
}

/**
 * Worth being seen and a sentence: anything but a pass, an improvement, and a pass whose number alone would say otherwise. Where there is
 * no verdict at all, that is said once and not for each row.
 */
export function isNotable(row: Row, noVerdict: NoVerdict | undefined): boolean {
  if (noVerdict && row.verdict === 'inconclusive') return row.head === undefined;
  if (row.verdict !== 'pass' || row.improved) return true;
  return row.growth !== undefined && isAbove(row.growth.value, row.thresholds.failAbove);
}

/** For sorting: the gravest first, then what improved; of equal ones the order they ran in. */
export function bySeverity(a: Row, b: Row): number {
  return severity(a) - severity(b);
}

function severity({ verdict, improved }: Row): number {
  const order = ['fail', 'inconclusive', 'warn', 'improved', 'pass', undefined];
  return order.indexOf(verdict === 'pass' && improved ? 'improved' : verdict);
}

/** `+38.2 % (+33.0 … +44.1)`; the absolute change where the base is 0. */
export function growthWords({ growth, difference, metric }: Row): string {
  if (growth) return withBounds(growth, formatGrowth, (text) => text.replace(' %', ''));
  return difference
    ? withBounds(
        difference,
        (value) => formatChange(metric, value),
        (text) => text,
      )
    : '–';
}

/** An estimate with its interval in brackets, whose numbers are short. */
export function withBounds(
  { value, low, high }: Estimate,
  format: (value: number) => string,
  short: (text: string) => string,
): string {
  if (low === undefined || high === undefined) return format(value);
  return `${format(value)} (${short(format(low))} … ${short(format(high))})`;
}

/** `label (4f1c2d3)`, the commit once, not escaped. */
export function subjectWords({ label, commit }: Subject): string {
  const short = commit?.slice(0, 7);
  return short === undefined || label.includes(short) ? label : `${label} (${short})`;
}

/** What a measurement was taken with, one fact a line, not escaped: strings of it come from a record. */
export function fingerprintFacts(fingerprint: Fingerprint): readonly (readonly [string, string])[] {
  const acceleration = { kvm: 'KVM', tcg: 'TCG (emulation)', unknown: 'unknown' }[fingerprint.accelerator];
  return [
    ['engine', `${fingerprint.engine}, ${fingerprint.engineVersion}, ${fingerprint.machine}`],
    ['accelerator', acceleration],
    ['guest kernel', `${fingerprint.kernelVersion} (sha256 ${fingerprint.kernelSha256.slice(0, 12)})`],
    ['guest', `${formatBytes(fingerprint.memoryBytes)} of memory, ${plural(fingerprint.vcpus, 'vCPU')}`],
    ['host processor', fingerprint.hostCpu],
    ['protocol', String(fingerprint.protocol)],
  ];
}

/** Boots, rounds and warm-up, as far as the record at hand says. */
export function roundsFact({ comparison, head }: ReportInput): string {
  const { base, head: ofHead } = comparison.boots;
  if (comparison.identicalImages && ofHead === 0) return 'of head none: it is the same bytes as base';
  const both = comparison.base !== undefined && comparison.noVerdict === undefined;
  const boots = both ? `${base} of base, ${ofHead} of head` : `${ofHead} of head`;
  return head === undefined ? boots : `${boots}; each ${roundsOf(head)}`;
}

/** `5 rounds after 2 to warm up`, of the first boot. */
export function roundsOf(measurement: Measurement): string {
  const samples = measurement.boots[0]?.samples ?? [];
  const count = (warmup: boolean) =>
    new Set(samples.filter((sample) => sample.warmup === warmup).map((sample) => sample.round)).size;
  return `${plural(count(false), 'round')} after ${count(true)} to warm up`;
}

/** What pausing and the agent cost by themselves: part of every other number. */
export function floorFact({ rows }: Comparison): string | undefined {
  const row = rows.find(
    ({ scenario, metric }) => scenario === floorScenario && metric === 'memfile.writtenBytes',
  );
  if (row?.head === undefined) return undefined;
  const base = row.base === undefined ? '' : `${sideAmount(row.metric, row.base)} on base, `;
  return `${base}${sideAmount(row.metric, row.head)} on head: an immediate pause, the agent's share included`;
}

/** A scenario that repeats is a sum: how its parts ran, from the first to the last. */
export function repeatFacts(head: Measurement | undefined): readonly (readonly [string, string])[] {
  const repeated = head?.scenarios.filter((scenario) => scenario.repeat > 1) ?? [];
  return repeated.map(({ name, repeat }) => {
    const parts = head && partMedians(head, name, 'memfile.writtenBytes');
    const [first, last] = [parts?.[0], parts?.[repeat - 1]];
    const shown =
      first === undefined || last === undefined
        ? ''
        : `; the first dirtied ${formatBytes(first)} on head, the last ${formatBytes(last)}`;
    return [name, `the sum of ${repeat} pauses in a row${shown}`];
  });
}

/** Wall time of a boot until it was settled, for people. */
export function readyFact(measurement: Measurement): string {
  const ready = medianReadyMs(measurement);
  if (ready === undefined) return 'no boot';
  return measurement.boots.some(hasAgent)
    ? `settled ${formatDuration(ready)} after power-on`
    : `booted and saved in ${formatDuration(ready)}`;
}

/** The command that repeats the run, quoted for a shell: one line of visible characters. A commit is named, whatever name it was given by. */
export function reproduceCommand({ comparison, head, reproduce }: ReportInput): string {
  const { base, fingerprint } = comparison;
  const commit = base?.commit === undefined ? [] : ['--base', `ref:${base.commit}`];
  const ofBase = reproduce?.includes('--base') ? [] : base === undefined ? ['--base', 'none'] : commit;
  const given = reproduce ?? [
    ...(fingerprint.engine === 'qemu' ? [] : ['--engine', fingerprint.engine]),
    '--memory-size',
    `${fingerprint.memoryBytes / 1024 ** 2}MiB`,
    '--vcpus',
    String(fingerprint.vcpus),
    ...bootsOptions(comparison, head),
  ];
  return ['npx', 'snapgate', 'gate', ...ofBase, ...given].map(shellWord).join(' ');
}

/** As the boots were planned: as many as it took would be one look where there were several, which decides by another level. */
function bootsOptions({ boots }: Comparison, head: Measurement | undefined): string[] {
  if (boots.head === 0) return [];
  if (head?.plan === undefined) return ['--boots', String(boots.head)];
  const { leastBoots, mostBoots } = head.plan;
  return ['--boots', String(leastBoots), '--max-boots', String(mostBoots)];
}

export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : nouns}`;
}
