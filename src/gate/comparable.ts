import type { MetricName } from '../engine/contract.ts';
import { SnapgateError } from '../host/error.ts';
import { differentFields, differentScenario, type MeasuredScenario, quoted } from '../measure/alike.ts';
import type { ExpectedFingerprint, Fingerprint, Measurement } from '../measure/record.ts';
import { measuredMetrics } from '../measure/summarize.ts';
import type { NoVerdict } from './record.ts';

/** What two sides must have in common; also of a side that is yet to be measured. */
export interface Conditions extends Pick<Measurement, 'scenarios'> {
  readonly fingerprint: ExpectedFingerprint;
}

/**
 * What keeps head from being compared with a base, if anything does: another fingerprint, other scenarios, or some that are defined in
 * another way. `reason` is one sentence without its full stop: what differs, with both values. It quotes the records. Throws nothing.
 */
export function incomparable(base: Conditions | undefined, head: Conditions): NoVerdict | undefined {
  if (base === undefined) return undefined;
  const found =
    fingerprintDifference(base.fingerprint, head.fingerprint) ??
    scenarioDifference(base.scenarios, head.scenarios);
  return found && { state: 'not-comparable', reason: found.difference };
}

/**
 * Throws SnapgateError('record') unless the two sides were measured alike: the same fingerprint, the same scenarios, defined the
 * same. Names the field and both values.
 */
export function requireComparable(base: Conditions, head: Conditions): void {
  requireEqualFingerprints(base.fingerprint, head.fingerprint);
  requireSameScenarios(base.scenarios, head.scenarios);
}

const ofEngine: readonly (keyof Fingerprint)[] = ['engine', 'engineVersion', 'machine'];

/**
 * Which engine measures is asked for, as a base that is named is: one that does not fit the other is a mistake, and no matter of chance as
 * another processor is.
 *
 * @throws SnapgateError `record` with all fields that differ, where one of the engine does
 */
export function requireSameEngine(base: Conditions, head: Conditions): void {
  const fields = differentFields(base.fingerprint, head.fingerprint);
  if (fields.some((field) => ofEngine.includes(field)))
    requireEqualFingerprints(base.fingerprint, head.fingerprint);
}

function requireEqualFingerprints(base: ExpectedFingerprint, head: ExpectedFingerprint): void {
  const found = fingerprintDifference(base, head);
  if (found === undefined) return;
  const { difference, remedy } = found;
  throw new SnapgateError('record', `base and head cannot be compared: ${difference}`, remedy);
}

/** Throws SnapgateError('record') unless the scenarios of both sides have the same names and mean the same. */
export function requireSameScenarios(
  base: readonly MeasuredScenario[],
  head: readonly MeasuredScenario[],
): void {
  const found = scenarioDifference(base, head);
  if (found) throw new SnapgateError('record', found.difference, found.remedy);
}

/** Throws SnapgateError('record') when there is nothing to decide by: no cycle at all, or no cycle with a metric that gates. */
export function requireMeasured(measurement: Measurement, gated: readonly MetricName[]): void {
  const found = measuredTooLittle(measurement, gated);
  if (found) throw new SnapgateError('record', found.difference, found.remedy);
}

/** Why two records do not go together, or one does not do, and what to do about it. */
export interface Misfit {
  readonly difference: string;
  readonly remedy: string;
}

/** No cycle at all, or none with a metric that gates. */
export function measuredTooLittle(
  measurement: Measurement,
  gated: readonly MetricName[],
): Misfit | undefined {
  const measured = measuredMetrics(measurement);
  if (measured.length === 0)
    return {
      difference: `the ${measurement.side} measurement has no cycle after its warm-up`,
      remedy: 'Give it more time-budget, or measure it again.',
    };
  const missing = gated.find((metric) => !measured.includes(metric));
  if (missing === undefined) return undefined;
  return {
    difference: `the metric ${missing} gates, but the ${measurement.side} measurement does not have it`,
    remedy: `Take it out of metrics and of gate: in snapgate.yml. Measured are: ${measured.join(', ')}.`,
  };
}

function fingerprintDifference(base: ExpectedFingerprint, head: ExpectedFingerprint): Misfit | undefined {
  const fields = differentFields(base, head);
  if (fields.length === 0) return undefined;
  return {
    difference: fields
      .map((field) => `${field} is ${quoted(base[field])} on base and ${quoted(head[field])} on head`)
      .join('; '),
    remedy: 'Measure both sides in the same job, on the same machine and with the same inputs.',
  };
}

function scenarioDifference(
  base: readonly MeasuredScenario[],
  head: readonly MeasuredScenario[],
): Misfit | undefined {
  const found = differentScenario(base, head);
  if (found === undefined) return undefined;
  const { name, one: ofBase, other: ofHead, field } = found;
  if (field !== undefined)
    return {
      difference: `scenario ${quoted(name)} is not the same on both sides: ${field} is ${quoted(ofBase?.[field])} on base and ${quoted(ofHead?.[field])} on head`,
      remedy: 'Measure both sides with the same snapgate.yml.',
    };
  const [has, lacks] = ofBase === undefined ? ['head', 'base'] : ['base', 'head'];
  return {
    difference: `scenario ${quoted(name)} was measured on ${has} but not on ${lacks}`,
    remedy: 'Measure both sides with the same scenarios: they change what the others find.',
  };
}
