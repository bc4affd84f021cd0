import { openGit } from '../baseline/git.ts';
import { resolveBase, resolveHead } from '../baseline/resolve.ts';
import type { BaseSide } from '../baseline/types.ts';
import { vanishedScenarios } from '../baseline/vanished.ts';
import type { TriggerEvent } from '../github/event.ts';
import type { Run } from '../host/run.ts';
import { type GatePair, measureGate } from '../job/gate.ts';
import type { Measurement } from '../measure/record.ts';
import type { ActionRequest } from './request.ts';
import type { Sides } from './sides.ts';
import { openStorage, type RequestStorage } from './storage.ts';

/** Both sides of a run, measured now or before. */
export interface ObtainedPair {
  readonly pair: GatePair;
  /** Since when a result of this very head is known, ISO 8601; undefined: since now. */
  readonly shownAt: string | undefined;
  /** Stores what later runs can use. Warns where that fails, and throws nothing but the end of the run. */
  store(): Promise<void>;
}

/** Measures what has to be measured of both sides. */
export async function obtainPair(run: Run, request: ActionRequest, sides: Sides): Promise<ObtainedPair> {
  const storage = openStorage(run, request);
  const known = await knownPair(run, request, sides, storage);
  if (known !== undefined) return { pair: known, shownAt: known.head.createdAt, store: async () => {} };
  const pair = await measuredPair(run, request, sides, storage);
  return { pair, shownAt: undefined, store: () => storePair(request, sides, storage, pair) };
}

/** An event that only changed a label changes no image: what was measured of this head is decided on anew. */
async function knownPair(
  run: Run,
  { event }: ActionRequest,
  { headSha }: Sides,
  { results, resultSha256 }: RequestStorage,
): Promise<GatePair | undefined> {
  if (event.name !== 'pull_request' || headSha === undefined) return undefined;
  if (event.action !== 'labeled' && event.action !== 'unlabeled') return undefined;
  const pair = await results?.load(headSha, resultSha256);
  if (pair === undefined) return undefined;
  const note = `only a label has changed: both sides are as they were measured at ${pair.head.createdAt}`;
  run.log.info(note);
  return { base: pair.base, head: pair.head, noVerdict: undefined, notes: [note], baseIsNew: false };
}

async function measuredPair(
  run: Run,
  request: ActionRequest,
  sides: Sides,
  { baselines, measuringSha256 }: RequestStorage,
): Promise<GatePair> {
  const { config, workspace } = request;
  const context = { checkout: workspace, inputs: config.image };
  const head = await resolveHead(run, config.head, { ...context, subject: sides.head });
  const base = await resolveBase(run, config.base, { ...context, auto: sides.base, branch: sides.branch });
  const gone = await vanishedNotes(run, request, base);
  const storage = baselines && { store: baselines, measuringSha256 };
  const pair = await measureGate(run, { config, head, base, storage });
  return { ...pair, notes: [...sides.notes, ...gone, ...pair.notes] };
}

async function vanishedNotes(
  run: Run,
  { config, workspace, configPath }: ActionRequest,
  base: BaseSide,
): Promise<readonly string[]> {
  if (base.kind !== 'commit') return [];
  const names = config.measure.scenarios.map(({ name }) => name);
  const git = openGit(run, workspace);
  const gone = await vanishedScenarios(git, base.commit, configPath, names);
  return gone.map((name) => `scenario ${name} of ${base.subject.label} is no longer measured`);
}

/**
 * A push and a schedule store what they measured as the newest of their branch. Other runs keep the base that they had to measure, where only
 * runs like them will find it, and a pull request both of its sides, for when a label changes.
 */
async function storePair(
  { event, config }: ActionRequest,
  { branch, headSha }: Sides,
  { baselines, results, measuringSha256, resultSha256, isShared }: RequestStorage,
  pair: GatePair,
): Promise<void> {
  if (config.github.dryRun) return;
  if (isPush(event)) {
    await baselines?.save(pair.head, measuringSha256, branch);
    return;
  }
  if (pair.baseIsNew && pair.base !== undefined && !isShared)
    await baselines?.save(pair.base, measuringSha256, undefined);
  if (event.name === 'pull_request' && headSha !== undefined && pair.noVerdict === undefined)
    await results?.save(headSha, resultSha256, { base: pair.base, head: pair.head });
}

/** A head that was measured alone is its branch's newest where a push or a schedule measured it. */
export async function storeHead(
  run: Run,
  request: ActionRequest,
  sides: Sides,
  measurement: Measurement,
): Promise<void> {
  const pair = { base: undefined, head: measurement, noVerdict: undefined, notes: [], baseIsNew: false };
  if (isPush(request.event)) await storePair(request, sides, openStorage(run, request), pair);
}

function isPush({ name }: TriggerEvent): boolean {
  return name === 'push' || name === 'schedule';
}
