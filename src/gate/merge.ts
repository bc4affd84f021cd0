import { SnapgateError } from '../host/error.ts';
import { quoted } from '../measure/alike.ts';
import {
  type Boot,
  type Fingerprint,
  fingerprintSchema,
  type Measurement,
  mostBootsOfRecord,
} from '../measure/record.ts';
import { incomparable } from './comparable.ts';
import type { Pair } from './facts.ts';
import type { NoVerdict } from './record.ts';

/**
 * Parts of measurements that several jobs took → one measurement for each side and machine class, base before head. The boots of a class are
 * numbered anew in the order they were started in, whatever order the parts come in; a part that is there twice counts once. Boots of several parts
 * have no plan: no gate looked at all of them before its last. Throws
 * SnapgateError('record') that names what differs where parts of one class are not of the same subject, image or scenarios.
 */
export function mergeMeasurements(parts: readonly Measurement[]): Measurement[] {
  const distinct = [...new Map(parts.map((part) => [partKey(part), part])).values()];
  const sorted = inOneOrder(distinct);
  const classes = Map.groupBy(sorted, (part) => `${part.side} ${classKey(part.fingerprint)}`);
  return [...classes.values()].map(mergeClass).toSorted((a, b) => compareText(a.side, b.side));
}

/**
 * The two sides of what the parts of one entry hold: of the machine class that has the most boots on both. Boots of other classes are left
 * out, and a note of the head says so. Sides that have no class in common are `not-comparable`. undefined where no head was measured; `base`
 * is absent where none was.
 */
export function pairOfParts(parts: readonly Measurement[]): Pair | undefined {
  const merged = mergeMeasurements(parts);
  const heads = mostBootsFirst(merged.filter(({ side }) => side === 'head'));
  const bases = mostBootsFirst(merged.filter(({ side }) => side === 'base'));
  const [head] = heads;
  if (head === undefined) return undefined;
  const [best] = heads
    .flatMap((ofHead) =>
      bases.filter((ofBase) => sameClass(ofBase, ofHead)).map((base) => ({ base, head: ofHead })),
    )
    .toSorted((a, b) => bootsOf(b) - bootsOf(a));
  if (best) return { base: best.base, head: withNote(best.head, merged, [best.base, best.head]) };
  const [base] = bases;
  if (base === undefined) return { head: withNote(head, merged, [head]) };
  const differ: NoVerdict = { state: 'not-comparable', reason: 'the sides differ' };
  return { base, head, noVerdict: incomparable(base, head) ?? differ };
}

function mergeClass(parts: readonly Measurement[]): Measurement {
  const [first, ...others] = parts;
  if (first === undefined) throw new Error('a class without a measurement');
  const { plan, ...whole } = first;
  for (const other of others) requireSame(first, other);
  const boots = parts.flatMap((part) => part.boots).toSorted(inOrderOfStart);
  if (boots.length > mostBootsOfRecord)
    throw new SnapgateError(
      'record',
      `the ${first.side} measurements have ${boots.length} boots together, and a record holds ${mostBootsOfRecord}`,
      'Measure fewer boots in each job.',
    );
  return {
    ...whole,
    ...(plan === undefined || others.length > 0 ? {} : { plan }),
    createdAt: parts.map((part) => part.createdAt).reduce((a, b) => (a > b ? a : b)),
    boots: boots.map((boot, index) => ({ ...boot, index })),
    notes: [...new Set(parts.flatMap((part) => part.notes))],
  };
}

function requireSame(one: Measurement, other: Measurement): void {
  const differing = ['subject', 'image', 'scenarios'] as const;
  const what = differing.map((field) => differenceIn(field, one[field], other[field])).find(Boolean);
  if (what === undefined) return;
  throw new SnapgateError(
    'record',
    `two measurements of ${one.side} cannot be put together: ${what}`,
    'Measure one image in all jobs of an entry and side (build it once, or reproducibly), or give each an entry of its own.',
  );
}

/** The first place in which two values differ, with both: `image.rootfsSha256 is "…" in one and "…" in another`. */
function differenceIn(place: string, one: unknown, other: unknown): string | undefined {
  if (isObject(one) && isObject(other)) {
    const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
    return keys.map((key) => differenceIn(`${place}.${key}`, one[key], other[key])).find(Boolean);
  }
  return one === other ? undefined : `${place} is ${shown(one)} in one and ${shown(other)} in another`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? quoted(value) : 'not given';
}

/** Of a real measurement no two boots agree in every time and size: parts whose boots do are one that was found twice. */
function partKey({ side, fingerprint, boots }: Measurement): string {
  return `${side} ${classKey(fingerprint)} ${JSON.stringify(boots)}`;
}

/** An order of parts that follows from what they are, not from where they were found. */
function inOneOrder(parts: readonly Measurement[]): Measurement[] {
  const keyed = parts.map((part) => ({
    part,
    key: `${part.boots[0]?.startedAt ?? ''} ${JSON.stringify(part)}`,
  }));
  return keyed.toSorted((a, b) => compareText(a.key, b.key)).map(({ part }) => part);
}

function inOrderOfStart(a: Boot, b: Boot): number {
  return (
    compareText(a.startedAt, b.startedAt) ||
    a.index - b.index ||
    compareText(JSON.stringify(a), JSON.stringify(b))
  );
}

function classKey(fingerprint: Fingerprint): string {
  return JSON.stringify(fingerprintSchema.keyof().options.map((field) => fingerprint[field]));
}

function sameClass(a: Measurement, b: Measurement): boolean {
  return classKey(a.fingerprint) === classKey(b.fingerprint);
}

function mostBootsFirst(measurements: readonly Measurement[]): Measurement[] {
  return measurements.toSorted((a, b) => b.boots.length - a.boots.length);
}

/** The boots that a comparison has at least on either side. */
function bootsOf({ base, head }: { readonly base: Measurement; readonly head: Measurement }): number {
  return Math.min(base.boots.length, head.boots.length);
}

function withNote(head: Measurement, all: readonly Measurement[], used: readonly Measurement[]): Measurement {
  const left = all.filter((each) => !used.includes(each));
  const boots = left.reduce((sum, each) => sum + each.boots.length, 0);
  if (boots === 0) return head;
  const note = `${boots} ${boots === 1 ? 'boot was' : 'boots were'} taken under other conditions and left out: ${whatDiffers(left, head)}`;
  return { ...head, notes: [...head.notes, note.slice(0, 500)] };
}

function whatDiffers(left: readonly Measurement[], head: Measurement): string {
  const fields = fingerprintSchema.keyof().options;
  const found = left.flatMap((each) =>
    fields
      .filter((field) => each.fingerprint[field] !== head.fingerprint[field])
      .map((field) => `${field} ${quoted(each.fingerprint[field])}`),
  );
  return [...new Set(found)].slice(0, 3).join(', ');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
