import { changedRules } from '../baseline/changed-rules.ts';
import { openGit } from '../baseline/git.ts';
import type { ResultPair } from '../baseline/store.ts';
import type { BaseSide } from '../baseline/types.ts';
import type { NoHistory } from '../gate/drift.ts';
import type { BranchHistory } from '../gate/history-series.ts';
import type { TriggerEvent } from '../github/event.ts';
import type { Run } from '../host/run.ts';
import { type GatePair, measureGate } from '../job/gate.ts';
import type { Measurement } from '../measure/record.ts';
import { driftFrom, historyFor } from './history.ts';
import { logSteps } from './log-steps.ts';
import type { ActionRequest } from './request.ts';
import { baseOf, headOf, type Sides } from './sides.ts';
import { openStorage, type RequestStorage } from './storage.ts';

/** Both sides of a run, measured now or before. */
export interface ObtainedPair {
  readonly pair: GatePair;
  /** Since when a result of this very head is known, ISO 8601; undefined: since now. */
  shownAt(): Promise<string | undefined>;
  /** What was stored of the branch before, or why that is not known. */
  history(): Promise<BranchHistory | NoHistory>;
  /** Stores what later runs can use. Warns where that fails, and throws nothing but the end of the run. */
  store(): Promise<void>;
}

/** Measures what has to be measured of both sides. */
export async function obtainPair(run: Run, request: ActionRequest, sides: Sides): Promise<ObtainedPair> {
  const storage = openStorage(run, request);
  const from = await driftFrom(run, request);
  const historyOf = (head: Measurement) => () => historyFor(run, sides, storage, head, from);
  const known = await knownPair(run, request, sides, storage);
  if (known !== undefined)
    return {
      pair: known,
      shownAt: async () => known.head.createdAt,
      history: historyOf(known.head),
      store: async () => {},
    };
  const pair = await measuredPair(run, request, sides, storage);
  return {
    pair,
    history: historyOf(pair.head),
    shownAt: async () => (await storedResult(request, sides, storage))?.head.createdAt,
    store: () => storePair(request, sides, storage, pair),
  };
}

/** An event that only changed a label changes no image: what was measured of this head is decided on anew. */
async function knownPair(
  run: Run,
  request: ActionRequest,
  sides: Sides,
  storage: RequestStorage,
): Promise<GatePair | undefined> {
  const { event } = request;
  if (event.name !== 'pull_request') return undefined;
  if (event.action !== 'labeled' && event.action !== 'unlabeled') return undefined;
  const stored = await storedResult(request, sides, storage);
  if (stored === undefined) return undefined;
  const { base, head, noVerdict, notes } = stored;
  const note = `only a label has changed: both sides are as they were measured at ${head.createdAt}, and the history of the branch is as it is now`;
  run.log.info(note);
  return { base, head, noVerdict, notes: [note, ...notes], baseIsNew: false };
}

/** What an earlier run of this pull request has kept of its head. */
async function storedResult(
  { event }: ActionRequest,
  { headSha }: Sides,
  { results, resultSha256 }: RequestStorage,
): Promise<ResultPair | undefined> {
  if (event.name !== 'pull_request' || headSha === undefined) return undefined;
  return await results.load(headSha, resultSha256);
}

async function measuredPair(
  run: Run,
  request: ActionRequest,
  sides: Sides,
  { baselines, measuringSha256 }: RequestStorage,
): Promise<GatePair> {
  const { config, event } = request;
  const head = await headOf(run, request, sides);
  const base = await baseOf(run, request, sides);
  const rules = await ruleNotes(run, request, base);
  const storage = { store: baselines, measuringSha256 };
  const { workspace: checkout, mode } = request;
  const pair = await measureGate(run, {
    config,
    checkout,
    head,
    base,
    storage,
    branch: sides.branch,
    decides: mode === 'gate',
    keepsHead: isPush(event),
  });
  logSteps(run, pair);
  // What the event says of the base is of no interest where another was named.
  const isNamed = config.base.kind !== 'auto' && config.base.kind !== 'cache';
  return { ...pair, notes: [...(isNamed ? [] : sides.notes), ...rules, ...pair.notes] };
}

async function ruleNotes(
  run: Run,
  { workspace, configPath, configFile }: ActionRequest,
  base: BaseSide,
): Promise<readonly string[]> {
  if (base.kind !== 'commit') return [];
  const { commit, subject } = base;
  const git = openGit(run, workspace);
  return await changedRules(git, { commit, label: subject.label }, configPath, configFile);
}

/**
 * A push and a schedule store what they measured as the newest of their branch. A pull request keeps both of its sides, for when a label
 * changes, and the base that it had to measure, where only its own runs will find it. Others keep nothing: a dispatch may name any commit,
 * and whatever it stores is for everybody.
 */
async function storePair(
  { event, config, context }: ActionRequest,
  { branch, headSha }: Sides,
  { baselines, results, measuringSha256, resultSha256, isShared }: RequestStorage,
  pair: GatePair,
): Promise<void> {
  if (config.github.dryRun) return;
  if (isPush(event)) {
    // Another commit than the event's, such as a tag that was checked out, is no branch's newest.
    const isTip = context.sha === undefined || pair.head.subject.commit === context.sha;
    await baselines.save(pair.head, measuringSha256, isTip ? branch : undefined);
    return;
  }
  if (event.name !== 'pull_request') return;
  // Fewer boots are no baseline: a later run would ask for more, and measure both sides in one job all the same.
  const isWhole = (pair.base?.boots.length ?? 0) >= config.measure.soloBoots;
  if (pair.baseIsNew && pair.base !== undefined && isWhole && !isShared)
    await baselines.save(pair.base, measuringSha256, undefined);
  const { base, head, noVerdict, notes } = pair;
  if (headSha !== undefined) await results.save(headSha, resultSha256, { base, head, noVerdict, notes });
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
