import { formatAmount, formatThreshold, metricLabels } from '../config/metrics.ts';
import type { CalibratedGates, CalibratedRow, Calibration, Suggestion } from '../gate/calibration-record.ts';
import { formatBytes, formatGrowth } from '../host/units.ts';
import { visibleText } from './escape.ts';
import type { TerminalOptions } from './terminal.ts';
import { columns, type Paint, paintOf, texts } from './terminal-table.ts';
import { plural, subjectWords } from './wording.ts';

/** What `calibrate` prints. */
export function calibrationTable(
  calibration: Calibration,
  { colour }: Pick<TerminalOptions, 'colour'>,
): string {
  const paint = paintOf(colour);
  const { subject, rows, notes, suggested, shared } = calibration;
  const lines = [
    paint('bold', `calibrated on ${visibleText(subjectWords(subject))}`),
    paint('dim', measuredWith(calibration)),
    '',
    paint('bold', 'The image against itself'),
    ...gatesTable(calibration, paint),
    '',
    paint('bold', 'Spread: standard deviations'),
    ...spreadTable(rows, paint),
    ...(shared > 0
      ? [`What boots have of their own is alike over scenarios: correlation ${shared.toFixed(2)}.`]
      : []),
    '',
    paint('bold', 'The smallest growth that fails, in 80 % and in 95 % of gates, by max-boots'),
    ...smallestTable(rows, paint),
    '',
    paint('bold', 'Suggested'),
    ...suggestionLines(suggested),
    ...notes.map((note) => paint('dim', `note: ${visibleText(note, 500)}`)),
  ];
  return `${lines.join('\n')}\n`;
}

function measuredWith({ boots, rounds, warmupRounds, gate, seed }: Calibration): string {
  const limits = `fails above ${formatThreshold(gate.failAbove)} and ${formatBytes(gate.minGrowthBytes)}`;
  const pairs = `${gate.leastBoots} to ${gate.mostBoots} pairs of boots`;
  return `${plural(boots, 'boot')}, each ${plural(rounds, 'round')} after ${warmupRounds} to warm up; a gate of ${pairs} that ${limits}; seed ${seed}`;
}

function gatesTable({ boots, measured, simulated, simulatedAtMost }: Calibration, paint: Paint): string[] {
  const head = texts(
    'boots',
    'gates',
    'false alarms (95 %)',
    'pass',
    'inconclusive',
    'pairs, median',
    'mean',
  );
  const row = (name: string, gates: CalibratedGates) =>
    texts(
      name,
      String(gates.gates),
      alarmWords(gates),
      formatShare(gates.pass / gates.gates),
      formatShare(gates.inconclusive / gates.gates),
      String(gates.medianPairs),
      gates.meanPairs.toFixed(1),
    );
  const body = [
    row(`measured, halves of ${boots}`, measured),
    row('simulated', simulated),
    row('simulated, spread at most', simulatedAtMost),
  ];
  return columns({ rows: [head, ...body], align: 'lrrrrrr' }, paint);
}

function alarmWords({ falseAlarms: { value, low, high } }: CalibratedGates): string {
  if (low === undefined || high === undefined) return formatShare(value);
  return `${formatShare(value)} (${formatShare(low)} … ${formatShare(high)})`;
}

function formatShare(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function spreadTable(rows: readonly CalibratedRow[], paint: Paint): string[] {
  const metric = metricCells(rows);
  const head = texts('scenario', ...metric.head, 'a cycle', 'cycle', 'boot', 'boot’s own', 'at most (95 %)');
  const body = rows.map((row) =>
    texts(
      visibleText(row.scenario, 60),
      ...metric.of(row),
      formatAmount(row.metric, row.location),
      ...[row.cycleSpread, row.bootSpread, row.ownSpread, row.ownSpreadAtMost].map((spread) =>
        row.scale === 'ratio' ? formatShare(spread) : formatAmount(row.metric, spread),
      ),
    ),
  );
  return columns({ rows: [head, ...body], align: `l${metric.align}rrrrr` }, paint);
}

function smallestTable(rows: readonly CalibratedRow[], paint: Paint): string[] {
  const metric = metricCells(rows);
  const numbers = rows[0]?.smallest.map(({ boots }) => boots) ?? [];
  const head = texts(
    'scenario',
    ...metric.head,
    'limit',
    ...numbers.flatMap((boots) => [`${boots}: 80 %`, '95 %']),
  );
  const body = rows.map((row) =>
    texts(
      visibleText(row.scenario, 60),
      ...metric.of(row),
      growthWords(row.limit),
      ...row.smallest.flatMap(({ at80, at95 }) => [growthWords(at80), growthWords(at95)]),
    ),
  );
  return columns({ rows: [head, ...body], align: `l${metric.align}r${'rr'.repeat(numbers.length)}` }, paint);
}

function growthWords(growth: number | undefined): string {
  return growth === undefined ? '–' : formatGrowth(growth);
}

/** A column for the metric where there are several. */
function metricCells(rows: readonly CalibratedRow[]) {
  const several = new Set(rows.map(({ metric }) => metric)).size > 1;
  return {
    head: several ? ['metric'] : [],
    of: ({ metric }: CalibratedRow) => (several ? [metricLabels[metric]] : []),
    align: several ? 'l' : '',
  };
}

function suggestionLines({ failAbove, minGrowthBytes, boots, maxBoots, cycles }: Suggestion): string[] {
  const options = [
    ...(failAbove === undefined ? [] : [`--fail-above ${Number((100 * failAbove).toPrecision(6))}%`]),
    ...(minGrowthBytes === undefined ? [] : [`--min-growth ${minGrowthBytes / 1024}KiB`]),
    ...(boots === undefined ? [] : [`--boots ${boots}`]),
    ...(maxBoots === undefined ? [] : [`--max-boots ${maxBoots}`]),
    ...(cycles === undefined ? [] : [`--cycles ${cycles}`]),
  ];
  const silent =
    failAbove === undefined
      ? [
          'No limits that were tried let nine in ten gates of the image with itself pass: leave out scenarios that vary as much, or give more cycles.',
        ]
      : maxBoots === undefined
        ? ['No max-boots up to 20 finds twice the limits in every scenario.']
        : [];
  return [...(options.length === 0 ? [] : [options.join(' ')]), ...silent];
}
