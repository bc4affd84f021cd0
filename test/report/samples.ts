import { readConfig } from '../../src/config/config.ts';
import type { CycleMetrics } from '../../src/engine/contract.ts';
import { compareMeasurements } from '../../src/gate/compare.ts';
import type { Pair } from '../../src/gate/facts.ts';
import { compareMatrix } from '../../src/gate/matrix.ts';
import type { Acceptance, Matrix, NoVerdict } from '../../src/gate/record.ts';
import type { Measurement } from '../../src/measure/record.ts';
import type { ReportInput } from '../../src/report/exporter.ts';
import { type SampleOptions, sampleMeasurement } from '../gate/sample-measurement.ts';

const meta = { snapgate: '0.1.0', now: '2026-01-02T03:04:05.000Z' };

/** A side whose every scenario dirties 640 pages a cycle, times `factor`, a page more or less from boot to boot. */
export function side(
  name: 'base' | 'head',
  factor: (scenario: string) => number = () => 1,
  more: Partial<SampleOptions> = {},
): Measurement {
  return sampleMeasurement({
    side: name,
    metrics: (scenario, boot): CycleMetrics => ({
      'memfile.writtenBytes': pages(640 * factor(scenario), boot),
      'memfile.changedBytes': pages(512 * factor(scenario), boot),
      resumeMs: 85 + boot,
    }),
    ...more,
  });
}

function pages(count: number, boot: number): number {
  return count === 0 ? 0 : (Math.round(count) + ((boot + 1) % 3) - 1) * 4096;
}

/** What a gate hands to its reports. */
export function reportOf(
  base: Measurement | undefined,
  head: Measurement,
  inputs: Readonly<Record<string, string>> = {},
  file?: string,
): ReportInput {
  const text = file === undefined ? undefined : { path: 'snapgate.yml', text: file };
  const comparison = compareMeasurements(base, head, readConfig(inputs, text).gate, meta);
  return { comparison, base, head };
}

/** Scenarios' factors by name; 1 for the rest. */
export function growing(factors: Readonly<Record<string, number>>): (scenario: string) => number {
  return (scenario) => factors[scenario] ?? 1;
}

export const noBaseline: NoVerdict = {
  state: 'no-baseline',
  reason: 'nothing is stored of main; a push to main stores it',
};
export const notComparable: NoVerdict = {
  state: 'not-comparable',
  reason: 'hostCpu is "CPU A" on base and "CPU B" on head',
};
export const acceptance: Acceptance = { by: 'octocat', at: '2026-01-02T03:04:05Z', commit: 'b'.repeat(40) };

/** A head with nothing to compare it with. */
export function withoutVerdict(
  noVerdict: NoVerdict,
  inputs: Readonly<Record<string, string>> = {},
  base?: Measurement,
): ReportInput {
  const head = side('head');
  const config = readConfig(inputs, undefined).gate;
  return { comparison: compareMeasurements(base, head, config, { ...meta, noVerdict }), head };
}

/** Two sides of a matrix's entry, of which these scenarios grew by these factors. */
export function pairOf(factors: Readonly<Record<string, number>> = {}): Pair {
  return { base: side('base'), head: side('head', growing(factors)) };
}

/** Entries by name: two sides, or why there is no measurement. */
export function matrixOf(
  entries: Readonly<Record<string, Pair | string>>,
  inputs: Readonly<Record<string, string>> = {},
  allowMissing = false,
): Matrix {
  const found = Object.entries(entries).map(([name, entry]) =>
    typeof entry === 'string' ? { name, missing: entry } : { name, pair: entry },
  );
  return compareMatrix(found, readConfig(inputs, undefined).gate, { ...meta, allowMissing });
}
