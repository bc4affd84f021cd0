import { SnapgateError } from '../host/error.ts';
import { differentFields, differentScenario, quoted } from '../measure/alike.ts';
import { readMeasurement } from '../measure/read.ts';
import type { ExpectedFingerprint, Fingerprint, Measurement } from '../measure/record.ts';
import { measuredMetrics } from '../measure/summarize.ts';
import { fingerprintKey } from './measuring-key.ts';
import type { Stored, StoreQuery } from './store.ts';

/** What the place where a record was found says that it is. */
export interface Claim {
  /** The place, for people. */
  readonly where: string;
  readonly commit: string;
  /** Of its fingerprint's key, the beginning. */
  readonly fingerprintKey: string;
}

/**
 * The measurement in a stored text, when it is one of the commit and machine class that its place says.
 * @throws SnapgateError('record') for whatever else it is.
 */
export function readStored(text: string, claim: Claim): Measurement {
  const measurement = readMeasurement(text, claim.where);
  const { subject, fingerprint } = measurement;
  if (subject.commit !== claim.commit)
    throw notWhatItSays(claim.where, `it is of ${shortCommit(subject.commit)}`);
  if (!fingerprintKey(fingerprint).startsWith(claim.fingerprintKey))
    throw notWhatItSays(claim.where, 'it is of another machine class');
  return measurement;
}

/** Whether a stored measurement may stand in for one of now; if not, one sentence on the first thing that is in its way. */
export function judgeStored(measurement: Measurement, query: StoreQuery): Stored {
  const obstacle =
    otherMachine(measurement.fingerprint, query.fingerprint) ??
    otherScenario(measurement, query) ??
    tooFewBoots(measurement, query) ??
    missingMetric(measurement, query);
  if (obstacle === undefined) return { kind: 'found', measurement };
  const which = shortCommit(measurement.subject.commit);
  return { kind: 'unusable', reason: `the stored measurement of ${which} is not used: ${obstacle}` };
}

/** A record that is not the one of its place. `found` is what it is instead, as a clause. */
export function notWhatItSays(where: string, found: string): SnapgateError {
  return new SnapgateError('record', `${where} is not what its name says: ${found}`, 'Measure again.');
}

function shortCommit(commit: string | undefined): string {
  return commit?.slice(0, 7) ?? 'no commit';
}

function otherMachine(there: Fingerprint, here: ExpectedFingerprint): string | undefined {
  const fields = differentFields(there, here);
  if (fields.length === 0) return undefined;
  return fields
    .map((field) => `${field} was ${quoted(there[field])} there and is ${quoted(here[field])} here`)
    .join('; ');
}

function otherScenario({ scenarios }: Measurement, query: StoreQuery): string | undefined {
  // A record that names one twice is nobody's measurement.
  const doubled = scenarios.find(
    ({ name }, index) => scenarios.findIndex((each) => each.name === name) < index,
  );
  const found = differentScenario(scenarios, query.scenarios) ?? doubled;
  return found && `its scenario ${quoted(found.name)} is not the one of this run`;
}

/** A boot counts when it has measured every scenario: others would be missing from the comparison, or thin. */
function tooFewBoots({ boots }: Measurement, query: StoreQuery): string | undefined {
  const whole = boots.filter(({ samples }) => {
    const measured = new Set(samples.flatMap(({ warmup, scenario }) => (warmup ? [] : [scenario])));
    return query.scenarios.every(({ name }) => measured.has(name));
  });
  return whole.length >= query.boots
    ? undefined
    : `it has ${whole.length} of the ${query.boots} boots that this run asks for`;
}

function missingMetric(measurement: Measurement, { metrics = [] }: StoreQuery): string | undefined {
  const measured: readonly string[] = measuredMetrics(measurement);
  const missing = metrics.find((metric) => !measured.includes(metric));
  return missing === undefined ? undefined : `it has no ${quoted(missing)}, which gates`;
}
