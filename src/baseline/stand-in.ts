import { SnapgateError } from '../host/error.ts';
import { readMeasurement } from '../measure/read.ts';
import { type Fingerprint, fingerprintSchema, type Measurement } from '../measure/record.ts';
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
    differentField(measurement.fingerprint, query.fingerprint) ??
    differentScenario(measurement, query) ??
    tooFewBoots(measurement, query) ??
    missingMetric(measurement, query);
  if (obstacle === undefined) return { kind: 'found', measurement };
  const which = shortCommit(measurement.subject.commit);
  return { kind: 'unusable', reason: `the stored measurement of ${which} is not used: ${obstacle}` };
}

function notWhatItSays(where: string, found: string): SnapgateError {
  return new SnapgateError('record', `${where} is not what its name says: ${found}`, 'Measure again.');
}

function shortCommit(commit: string | undefined): string {
  return commit?.slice(0, 7) ?? 'no commit';
}

function differentField(there: Fingerprint, here: Fingerprint): string | undefined {
  const field = fingerprintSchema.keyof().options.find((name) => there[name] !== here[name]);
  return field && `${field} was ${show(there[field])} there and is ${show(here[field])} here`;
}

function differentScenario({ scenarios }: Measurement, query: StoreQuery): string | undefined {
  const names = new Set([...scenarios, ...query.scenarios].map(({ name }) => name));
  const definition = (all: Measurement['scenarios'], name: string) => {
    const found = all.filter((scenario) => scenario.name === name);
    return JSON.stringify(
      found.map(({ run, settleMs, check, from, repeat, timeoutMs }) => [
        run,
        settleMs,
        check,
        from,
        repeat,
        timeoutMs,
      ]),
    );
  };
  const different = [...names].find(
    (name) => definition(scenarios, name) !== definition(query.scenarios, name),
  );
  return different === undefined ? undefined : `its scenario ${show(different)} is not the one of this run`;
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

function missingMetric({ boots }: Measurement, { metrics = [] }: StoreQuery): string | undefined {
  const measured = new Set<string>();
  for (const { samples } of boots)
    for (const sample of samples) {
      if (sample.warmup) continue;
      for (const [metric, value] of Object.entries(sample.metrics))
        if (value !== undefined) measured.add(metric);
    }
  const missing = metrics.find((metric) => !measured.has(metric));
  return missing === undefined ? undefined : `it has no ${show(missing)}, which gates`;
}

function show(value: string | number): string {
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
