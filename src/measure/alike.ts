import { type ExpectedFingerprint, type Fingerprint, fingerprintSchema, type Measurement } from './record.ts';

export type MeasuredScenario = Measurement['scenarios'][number];

/** The fields in which two machines, engines or kernels differ; one that is not known yet does not. */
export function differentFields(
  one: ExpectedFingerprint,
  other: ExpectedFingerprint,
): readonly (keyof Fingerprint)[] {
  return fingerprintSchema
    .keyof()
    .options.filter(
      (field) => one[field] !== undefined && other[field] !== undefined && one[field] !== other[field],
    );
}

/** What a scenario is besides its name. */
const definition = ['run', 'settleMs', 'check', 'from', 'repeat', 'timeoutMs'] as const;

/** A scenario that two sides do not have in common: only one of them has it, or they differ in a field of it. */
export interface ScenarioDifference {
  readonly name: string;
  readonly one: MeasuredScenario | undefined;
  readonly other: MeasuredScenario | undefined;
  /** Undefined where only one has it. */
  readonly field?: (typeof definition)[number];
}

/** The first difference: one that `other` lacks is named before one that is new there, and both before one that has changed. */
export function differentScenario(
  one: readonly MeasuredScenario[],
  other: readonly MeasuredScenario[],
): ScenarioDifference | undefined {
  const names = [...new Set([...one, ...other].map(({ name }) => name))];
  const pairs = names.map((name) => ({
    name,
    one: one.find((each) => each.name === name),
    other: other.find((each) => each.name === name),
  }));
  const lonely = pairs.find((pair) => pair.one === undefined || pair.other === undefined);
  if (lonely !== undefined) return lonely;
  for (const pair of pairs) {
    const field = definition.find((each) => pair.one?.[each] !== pair.other?.[each]);
    if (field !== undefined) return { ...pair, field };
  }
  return undefined;
}

/** A value of a record in a sentence: quoted, and not without end. */
export function quoted(value: string | number | undefined): string {
  if (value === undefined) return 'not given';
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
