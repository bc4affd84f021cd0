import type { MetricName } from '../engine/contract.ts';
import { SnapgateError } from '../host/error.ts';
import { type Fingerprint, fingerprintSchema, type Measurement } from '../measure/record.ts';
import { measuredMetrics } from './summarize.ts';

type MeasuredScenario = Measurement['scenarios'][number];

/**
 * Throws SnapgateError('record') unless the two sides were measured alike: the same fingerprint, the same scenarios, defined the
 * same. Names the field and both values.
 */
export function requireComparable(base: Measurement, head: Measurement): void {
  requireEqualFingerprints(base.fingerprint, head.fingerprint);
  requireSameScenarios(base.scenarios, head.scenarios);
}

/** Throws SnapgateError('record') that names the first field in which two machines, engines or kernels differ. */
export function requireEqualFingerprints(base: Fingerprint, head: Fingerprint): void {
  for (const field of fingerprintSchema.keyof().options) {
    if (base[field] === head[field]) continue;
    throw new SnapgateError(
      'record',
      `base and head cannot be compared: ${field} is ${show(base[field])} on base and ${show(head[field])} on head`,
      'Measure both sides in the same job, on the same machine and with the same inputs.',
    );
  }
}

/** Throws SnapgateError('record') unless the scenarios of both sides have the same names and mean the same. */
export function requireSameScenarios(
  base: readonly MeasuredScenario[],
  head: readonly MeasuredScenario[],
): void {
  requireSameNames(base, head);
  for (const scenario of head) requireSameScenario(base, scenario);
}

/** Throws SnapgateError('record') when there is nothing to decide by: no cycle at all, or no cycle with a metric that gates. */
export function requireMeasured(measurement: Measurement, gated: readonly MetricName[]): void {
  const measured = measuredMetrics(measurement);
  if (measured.length === 0) {
    throw new SnapgateError(
      'record',
      `the ${measurement.side} measurement has no cycle after its warm-up`,
      'Give it more time-budget, or measure it again.',
    );
  }
  const missing = gated.find((metric) => !measured.includes(metric));
  if (missing === undefined) return;
  throw new SnapgateError(
    'record',
    `the metric ${missing} gates, but the ${measurement.side} measurement does not have it`,
    `Take it out of metrics and of gate: in snapgate.yml. Measured are: ${measured.join(', ')}.`,
  );
}

function requireSameNames(base: readonly MeasuredScenario[], head: readonly MeasuredScenario[]): void {
  const [ofBase, ofHead] = [base, head].map((side) => side.map((scenario) => scenario.name));
  const onlyBase = ofBase?.find((name) => !ofHead?.includes(name));
  const onlyHead = ofHead?.find((name) => !ofBase?.includes(name));
  const lonely = onlyBase ?? onlyHead;
  if (lonely === undefined) return;
  const [has, lacks] = onlyBase === undefined ? ['head', 'base'] : ['base', 'head'];
  throw new SnapgateError(
    'record',
    `scenario ${show(lonely)} was measured on ${has} but not on ${lacks}`,
    'Measure both sides with the same scenarios: they change what the others find.',
  );
}

function requireSameScenario(base: readonly MeasuredScenario[], ofHead: MeasuredScenario): void {
  const ofBase = base.find((scenario) => scenario.name === ofHead.name);
  const fields = ['run', 'settleMs', 'check', 'from', 'repeat', 'timeoutMs'] as const;
  for (const field of fields) {
    if (ofBase?.[field] === ofHead[field]) continue;
    throw new SnapgateError(
      'record',
      `scenario ${show(ofHead.name)} is not the same on both sides: ${field} is ${show(ofBase?.[field])} on base and ${show(ofHead[field])} on head`,
      'Measure both sides with the same snapgate.yml.',
    );
  }
}

function show(value: string | number | undefined): string {
  if (value === undefined) return 'not given';
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
