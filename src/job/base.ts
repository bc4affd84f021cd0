import type { BaselineStore, Stored, StoreQuery } from '../baseline/store.ts';
import type { BaseSide, CommitSide, ImageSide, MeasuredSide } from '../baseline/types.ts';
import { incomparable, requireSameEngine } from '../gate/comparable.ts';
import type { NoVerdict } from '../gate/record.ts';
import type { Run } from '../host/run.ts';

/** Where measurements are kept for other runs, and what of it concerns this one. */
export interface Storage {
  readonly store: BaselineStore;
  readonly measuringSha256: string;
}

/** What the head is measured with, which a stored base must have been measured with too. */
export interface Wanted extends Omit<StoreQuery, 'measuringSha256'> {
  /** Commit of the head: on a branch, what it is compared with must be another one. */
  readonly commit: string | undefined;
}

/** The base when it is known what it takes: a measurement, an image to build, or nothing. */
export type SettledBase =
  | MeasuredSide
  | ImageSide
  | { readonly kind: 'none'; readonly noVerdict?: NoVerdict };

export interface Settled {
  readonly base: SettledBase;
  /** Sentences for the report. */
  readonly notes: readonly string[];
}

/** Takes a stored measurement for the base where one will do, checks it out where not, or says why there is none. */
export async function settleBase(
  run: Run,
  base: BaseSide,
  wanted: Wanted,
  storage: Storage | undefined,
): Promise<Settled> {
  switch (base.kind) {
    case 'none':
    case 'image':
      return { base, notes: [] };
    case 'measurement':
      requireSameEngine(base.measurement, wanted);
      return { base: comparableOnly(base, wanted), notes: [] };
    case 'commit':
      return await settleCommit(run, base, wanted, storage);
    case 'branch':
      return await settleBranch(base.branch, wanted, storage);
  }
}

function comparableOnly(base: MeasuredSide, wanted: Wanted): SettledBase {
  const noVerdict = incomparable(base.measurement, wanted);
  return noVerdict === undefined ? base : { kind: 'none', noVerdict };
}

async function settleCommit(
  run: Run,
  base: CommitSide,
  wanted: Wanted,
  storage: Storage | undefined,
): Promise<Settled> {
  const stored = await ask(storage, (store, query) => store.ofCommit(base.commit, query), wanted);
  if (storage !== undefined && stored?.kind === 'found') return taken(run, stored.measurement, storage);
  const notes = stored?.kind === 'unusable' ? [stored.reason] : [];
  if (!base.storedOnly) return { base: await base.checkOut(), notes };
  return await standIn(run, base, wanted, storage, stored);
}

/** With `base: cache`, the newest measurement of the branch where the commit itself has none: said aloud, for it is another commit. */
async function standIn(
  run: Run,
  base: CommitSide,
  wanted: Wanted,
  storage: Storage | undefined,
  ofCommit: Stored | undefined,
): Promise<Settled> {
  const latest = await latestOf(base.branch, wanted, storage);
  if (storage === undefined || latest?.kind !== 'found')
    return { base: nothingStored(base.subject.label, [ofCommit, latest], storage), notes: [] };
  const settled = taken(run, latest.measurement, storage);
  if (latest.measurement.subject.commit === base.commit) return settled;
  const note = `${base.subject.label} has no stored measurement; the newest of ${base.branch} stands in, so changes of others may show`;
  return { base: settled.base, notes: [note, ...settled.notes] };
}

async function settleBranch(branch: string, wanted: Wanted, storage: Storage | undefined): Promise<Settled> {
  const latest = await latestOf(branch, wanted, storage);
  if (storage !== undefined && latest?.kind === 'found')
    return { base: { kind: 'measurement', measurement: latest.measurement }, notes: [] };
  return { base: nothingStored(`branch ${branch}`, [latest], storage), notes: [] };
}

function taken(run: Run, measurement: MeasuredSide['measurement'], { store }: Storage): Settled {
  const note = `base was measured at ${measurement.createdAt} and comes from ${store.name}: it is not booted`;
  run.log.info(note);
  return { base: { kind: 'measurement', measurement }, notes: [note] };
}

function nothingStored(
  what: string,
  found: readonly (Stored | undefined)[],
  storage: Storage | undefined,
): SettledBase {
  const unusable = found.find((each) => each?.kind === 'unusable');
  if (unusable !== undefined)
    return { kind: 'none', noVerdict: { state: 'not-comparable', reason: unusable.reason } };
  const where = storage === undefined ? 'no store is to be reached' : `${storage.store.name} has none`;
  const reason = `no measurement of ${what} is stored yet (${where}); a run on push or schedule stores one`;
  return { kind: 'none', noVerdict: { state: 'no-baseline', reason } };
}

async function latestOf(
  branch: string | undefined,
  wanted: Wanted,
  storage: Storage | undefined,
): Promise<Stored | undefined> {
  if (branch === undefined) return undefined;
  return await ask(storage, (store, query) => store.latest(branch, query, wanted.commit), wanted);
}

async function ask(
  storage: Storage | undefined,
  question: (store: BaselineStore, query: StoreQuery) => Promise<Stored>,
  { commit, ...wanted }: Wanted,
): Promise<Stored | undefined> {
  if (storage === undefined) return undefined;
  return await question(storage.store, { ...wanted, measuringSha256: storage.measuringSha256 });
}
