import { metricLabels } from '../config/metrics.ts';
import { type MetricName, metricNames } from '../engine/contract.ts';
import type { Measurement } from '../measure/record.ts';
import { measuredMetrics, summarizeSide } from '../measure/summarize.ts';
import { codeSpan } from './escape.ts';
import type { Part } from './fit.ts';
import { noteLines } from './markdown-comparison.ts';
import { left, right, tableLines } from './markdown-table.ts';
import {
  exactAmount,
  fingerprintFacts,
  plural,
  readyFact,
  repeatFacts,
  roundsOf,
  sideAmount,
  subjectWords,
} from './wording.ts';

/** What one side's table shows: the numbers that people ask for, as far as they were measured. */
const shownMetrics: readonly MetricName[] = [
  'memfile.writtenBytes',
  'memfile.changedBytes',
  'rootfs.writtenBytes',
  'resumeMs',
  'pauseMs',
];

/** Scenarios in the table that is not folded. */
const mostRows = 50;

export function measurementParts(measurement: Measurement): Part[] {
  const facts = [
    ...fingerprintFacts(measurement.fingerprint).map(([name, fact]) => `- ${name}: ${codeSpan(fact)}`),
    ...repeatFacts(measurement).map(([name, fact]) => `- ${codeSpan(name)}: ${fact}`),
    ...noteLines(measurement.notes),
  ];
  const [first = '', ...rows] = facts;
  return [
    {
      name: 'headline',
      rank: 0,
      text: `### snapgate: measured ${codeSpan(subjectWords(measurement.subject))}`,
    },
    scenariosPart(measurement),
    { name: 'boots', rank: 1, text: bootsSentence(measurement) },
    metricsPart(measurement),
    {
      name: 'how this was measured',
      rank: 3,
      title: 'how this was measured',
      text: first,
      rows,
      noun: 'line',
    },
  ];
}

function bootsSentence(measurement: Measurement): string {
  const boots = plural(measurement.boots.length, 'boot');
  return `${boots}, ${readyFact(measurement)}; each ${roundsOf(measurement)}. Nothing was compared.`;
}

function scenariosPart(measurement: Measurement): Part {
  const measured = measuredMetrics(measurement);
  const metrics = shownMetrics.filter((metric) => measured.includes(metric));
  const columns = [
    left<string>('scenario', (name) => codeSpan(name)),
    ...metrics.map((metric) =>
      right<string>(metricLabels[metric], (name) =>
        sideAmount(metric, summarizeSide(measurement, name, metric)),
      ),
    ),
  ];
  const names = measurement.scenarios.map(({ name }) => name);
  const shown = names.slice(0, mostRows);
  return { name: 'rows', rank: 2, ...tableLines(columns, shown), beyond: names.length - shown.length };
}

function metricsPart(measurement: Measurement): Part {
  const sides = measurement.scenarios.flatMap(({ name }) =>
    metricNames.flatMap((metric) => {
      const side = summarizeSide(measurement, name, metric);
      return side === undefined ? [] : [{ name, metric, median: side.median }];
    }),
  );
  const columns = [
    left<(typeof sides)[number]>('scenario', ({ name }) => codeSpan(name)),
    left<(typeof sides)[number]>('metric', ({ metric }) => codeSpan(metric)),
    right<(typeof sides)[number]>('median per cycle (bytes)', ({ metric, median }) =>
      exactAmount(metric, median),
    ),
  ];
  return { name: 'all metrics', rank: 4, title: 'all metrics', ...tableLines(columns, sides) };
}
