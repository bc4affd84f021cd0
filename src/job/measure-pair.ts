import type { HistoryEntry } from '../baseline/history.ts';
import type { HeadSide, ImageSide } from '../baseline/types.ts';
import type { Config } from '../config/types.ts';
import type { Engine } from '../engine/contract.ts';
import { incomparable } from '../gate/comparable.ts';
import { sameImage } from '../gate/facts.ts';
import type { NoVerdict } from '../gate/record.ts';
import { limitsHeadAlone } from '../gate/thresholds.ts';
import { planByHistory } from '../gate/usual.ts';
import type { Run } from '../host/run.ts';
import { fingerprintOf, kernelOf, scenariosRecord } from '../measure/environment.ts';
import {
  imageRecord,
  type MeasureRequest,
  measureNothing,
  measureSides,
  type SideToMeasure,
} from '../measure/measure.ts';
import type { Measurement } from '../measure/record.ts';
import { withRecordsAside } from './aside.ts';
import type { Settled, SettledBase } from './base.ts';
import { decide } from './compare.ts';
import type { ProbedEngine } from './engine.ts';
import type { GatePair, GateRequest } from './gate.ts';
import { planLanes, readHostResources } from './preflight.ts';
import { buildSide, type SideSource } from './side.ts';

/** Both sides of a gate, of which at least one is not measured yet. */
interface Given {
  readonly base: SettledBase;
  readonly head: HeadSide;
}

/** Builds and measures what of a pair is not measured yet, with no more boots than the verdict takes. */
export async function measurePair(
  run: Run,
  request: GateRequest,
  engine: ProbedEngine,
  { base, notes }: Settled,
): Promise<GatePair> {
  const { config, head } = request;
  const given: Given = { base, head };
  const toBuild = [
    ...(base.kind === 'image' ? [sourceOf('base', base)] : []),
    ...(head.kind === 'image' ? [sourceOf('head', head)] : []),
  ];
  const lanes = planLanes(config.measure, toBuild.length, readHostResources(run));
  const checkouts = toBuild.map(({ checkout }) => checkout);
  const built = await withRecordsAside(run, config.outputDir, checkouts, () =>
    buildSides(run, config, engine.engine, toBuild),
  );
  const differs = differenceOf(config, engine, built, given);
  const sides = differs === undefined ? built : built.filter(({ side }) => side === 'head');
  const look = differs === undefined ? lookAt(request, given) : undefined;
  const none = look !== undefined && needsNoBoots(request, given, built);
  const plan =
    look === undefined || none ? unplanned(request) : await planByUsual(run, request, engine, given, sides);
  const toMeasure = { ...engine, config: plan.config, sides, parallel: lanes === 2 };
  const measured = none
    ? measureNothing(toMeasure)
    : await measureSides(run, { ...toMeasure, ...(look && { decided: look }) });
  const pair = pairOf(given, measured);
  return {
    ...pair,
    noVerdict:
      differs ?? incomparable(pair.base, pair.head) ?? (base.kind === 'none' ? base.noVerdict : undefined),
    notes: [...notes, ...plan.notes],
    baseIsNew: measured.some(({ side, boots }) => side === 'base' && boots.length > 0),
  };
}

/** How the sides are to be measured, and what the report is to say of that. */
interface PlannedMeasuring {
  readonly config: MeasureRequest['config'];
  readonly notes: readonly string[];
}

function unplanned({ config: { measure }, keepsHead }: GateRequest): PlannedMeasuring {
  if (!keepsHead) return { config: measure, notes: [] };
  const boots = Math.max(measure.boots, measure.soloBoots);
  return { config: { ...measure, boots, maxBoots: Math.max(measure.maxBoots, boots) }, notes: [] };
}

/** Where nobody has named a number of boots, what was stored of the branch says from how many on a look is worth its while. */
async function planByUsual(
  run: Run,
  request: GateRequest,
  engine: ProbedEngine,
  given: Given,
  sides: readonly SideToMeasure[],
): Promise<PlannedMeasuring> {
  const plain = unplanned(request);
  const { config } = request;
  const entries = config.measure.plansBoots ? await storedEntries(request, engine, given, sides) : [];
  const plan = planByHistory(entries, {
    scenarios: config.measure.scenarios,
    gate: config.gate,
    leastBoots: plain.config.boots,
    mostBoots: plain.config.maxBoots,
    baseBoots: given.base.kind === 'measurement' ? given.base.measurement.boots.length : undefined,
  });
  if (plan === undefined) return plain;
  run.log.info(`${plan.sentence} (${entries.length} stored measurements of branch ${request.branch})`);
  return {
    config: { ...plain.config, boots: plan.leastBoots },
    notes: [...plain.notes, ...(plan.suffices ? [] : [plan.sentence])],
  };
}

/** The head's commit aside, which a run that is run again has stored. */
async function storedEntries(
  { storage, branch, config }: GateRequest,
  { identity }: ProbedEngine,
  { base }: Given,
  sides: readonly SideToMeasure[],
): Promise<readonly HistoryEntry[]> {
  const [side] = sides;
  if (storage === undefined || branch === undefined || side === undefined) return [];
  const fingerprint =
    base.kind === 'measurement'
      ? base.measurement.fingerprint
      : fingerprintOf(identity, kernelOf(side.image), config.measure);
  const scenarios = scenariosRecord(config.measure.scenarios);
  const { store, measuringSha256 } = storage;
  const entries = await store.history(branch, { measuringSha256, fingerprint, scenarios, boots: 0 });
  const own = sides.find((each) => each.side === 'head')?.subject.commit;
  return entries.filter(({ commit }) => commit !== own);
}

function pairOf({ base, head }: Given, measured: readonly Measurement[]): Pick<GatePair, 'base' | 'head'> {
  const of = (side: 'base' | 'head') => measured.find((each) => each.side === side);
  const ofHead = head.kind === 'measurement' ? head.measurement : of('head');
  if (ofHead === undefined) throw new Error('no measurement of head');
  return { base: base.kind === 'measurement' ? base.measurement : of('base'), head: ofHead };
}

/** Whether the boots so far decide; undefined where no boot can, since there is nothing to compare with or nobody who asks. */
function lookAt({ config, decides }: GateRequest, given: Given): MeasureRequest['decided'] {
  if (!decides || given.base.kind === 'none') return undefined;
  return (measured) => {
    const { base, head } = pairOf(given, measured);
    // What only the booted guests tell may differ: then no further boot helps.
    if (incomparable(base, head) !== undefined) return true;
    return decide(base, head, config.gate).verdict !== 'inconclusive';
  };
}

/** Nothing can have grown where both images are the same bytes; a cap is held to what is measured, and a baseline is of boots. */
function needsNoBoots(
  { config, keepsHead }: GateRequest,
  { base, head }: Given,
  built: readonly SideToMeasure[],
): boolean {
  if (keepsHead || head.kind !== 'image' || limitsHeadAlone(config.gate)) return false;
  const imageOf = (side: 'base' | 'head') => {
    const found = built.find((each) => each.side === side);
    return found && imageRecord(found.image);
  };
  const [ofBase, ofHead] = [
    base.kind === 'measurement' ? base.measurement.image : imageOf('base'),
    imageOf('head'),
  ];
  return ofBase !== undefined && ofHead !== undefined && sameImage(ofBase, ofHead);
}

function sourceOf(side: 'base' | 'head', { subject, inputs, checkout }: ImageSide): SideSource {
  return { side, subject, inputs, checkout };
}

async function buildSides(
  run: Run,
  config: Config,
  engine: Engine,
  sources: readonly SideSource[],
): Promise<SideToMeasure[]> {
  const sides: SideToMeasure[] = [];
  for (const source of sources) {
    sides.push({
      side: source.side,
      subject: source.subject,
      image: await buildSide(run, config, engine, source),
    });
  }
  return sides;
}

/** Numbers of two kernels are never compared: where each side brings its own, head alone is measured, and the report says so. */
function differenceOf(
  config: Config,
  { identity }: ProbedEngine,
  built: readonly SideToMeasure[],
  given: Given,
): NoVerdict | undefined {
  const scenarios = scenariosRecord(config.measure.scenarios);
  const known = [given.base, given.head].flatMap((side) =>
    side.kind === 'measurement' ? [side.measurement] : [],
  );
  const made = built.map(({ image }) => ({
    fingerprint: fingerprintOf(identity, kernelOf(image), config.measure),
    scenarios,
  }));
  const [one, other] = [...made, ...known];
  if (one === undefined || other === undefined) return undefined;
  return incomparable(one, other);
}
