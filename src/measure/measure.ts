import { join } from 'node:path';
import type { MeasureConfig } from '../config/types.ts';
import type { Engine, EngineReport, GuestVersions } from '../engine/contract.ts';
import { SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import { formatDuration } from '../host/units.ts';
import { version } from '../host/version.ts';
import type { Image, RootfsImage } from '../image/types.ts';
import { type MeasuredBoot, measureBoot } from './boot.ts';
import { fingerprintOf, fingerprintWith, kernelOf, readEnvironment, scenariosRecord } from './environment.ts';
import { bootsBefore, fitsBudget, planBoots, type Side, type Wave } from './plan.ts';
import { type Boot, type BootPlan, type Measurement, measurementVersion, type Subject } from './record.ts';
import { hasAgent } from './summarize.ts';

/** One side, built and ready to boot. */
export interface SideToMeasure {
  readonly side: Side;
  readonly subject: Subject;
  readonly image: Image;
}

export interface MeasureRequest {
  readonly engine: Engine;
  readonly report: EngineReport;
  readonly config: MeasureConfig;
  readonly sides: readonly SideToMeasure[];
  /** Boots of a pair side by side. */
  readonly parallel: boolean;
  /**
   * Asked after each pair of boots from the `boots`th on, with one measurement a side so far: true ends the measuring. Not given: there are
   * `soloBoots` boots, and nobody looks.
   */
  readonly decided?: (measurements: readonly Measurement[]) => boolean;
}

/** Boots × rounds × scenarios of all sides, interleaved; one measurement a side, in the order given. */
export async function measureSides(run: Run, request: MeasureRequest): Promise<Measurement[]> {
  const boots = new Map<Side, MeasuredBoot[]>(request.sides.map(({ side }) => [side, []]));
  const measurements = (cut: string | undefined) =>
    request.sides.map((side) => toMeasurement(request, side, boots.get(side.side) ?? [], cut));
  const cut = await runWaves(
    run,
    request,
    (side, boot) => boots.get(side)?.push(boot),
    () => request.decided?.(measurements(undefined)) ?? false,
  );
  return measurements(cut);
}

/** What `measureSides` gives, of no boots: for sides of which no number is needed. */
export function measureNothing(request: MeasureRequest): Measurement[] {
  return request.sides.map((side) => toMeasurement(request, side, [], undefined));
}

/** Whether a note of a measurement says that the time budget cut its boots: of one that more boots are added to, it is no longer true. */
export function isCutNote(note: string): boolean {
  return note.startsWith(cutStart);
}

const cutStart = 'time-budget ';

/** The note for boots that the time budget cut, or none. */
async function runWaves(
  run: Run,
  request: MeasureRequest,
  onBoot: (side: Side, boot: MeasuredBoot) => void,
  decided: () => boolean,
): Promise<string | undefined> {
  const { config, sides } = request;
  const { leastBoots, mostBoots } = bootPlanOf(request);
  const waves = planBoots(
    sides.map(({ side }) => side),
    mostBoots,
    request.parallel,
  );
  const startedMs = performance.now();
  for (const [next, wave] of waves.entries()) {
    const done = bootsBefore(waves, next) / sides.length;
    if (Number.isInteger(done) && done >= leastBoots && decided()) return undefined;
    const spentMs = performance.now() - startedMs;
    if (!fitsBudget(waves, next, sides.length, { spentMs, budgetMs: config.timeBudgetMs }))
      return cutNote(request, done);
    const mostMs = formatDuration((spentMs / next) * (waves.length - next));
    const remaining = next === 0 ? '' : `, ${leastBoots < mostBoots ? 'at most' : 'about'} ${mostMs} to go`;
    await runWave(run, request, wave, remaining, onBoot);
  }
  return undefined;
}

function bootPlanOf({ config, decided }: MeasureRequest): BootPlan {
  const { boots, soloBoots, maxBoots } = config;
  return decided
    ? { leastBoots: boots, mostBoots: maxBoots }
    : { leastBoots: soloBoots, mostBoots: soloBoots };
}

function cutNote(request: MeasureRequest, done: number): string {
  const { leastBoots, mostBoots } = bootPlanOf(request);
  const ended = `${cutStart}${formatDuration(request.config.timeBudgetMs)} ended after ${done}`;
  return done < leastBoots || leastBoots === mostBoots
    ? `${ended} of ${leastBoots} boots a side`
    : `${ended} boots a side, of at most ${mostBoots}, without a decision`;
}

async function runWave(
  run: Run,
  request: MeasureRequest,
  wave: Wave,
  remaining: string,
  onBoot: (side: Side, boot: MeasuredBoot) => void,
): Promise<void> {
  const { leastBoots, mostBoots } = bootPlanOf(request);
  const most = leastBoots === mostBoots ? leastBoots : `${leastBoots} to ${mostBoots}`;
  // The first failure ends the run, and with it the other boot of the pair.
  await Promise.all(
    wave.map(async ({ side, index }) => {
      const name = `${side} boot ${index + 1} of ${most}`;
      run.log.info(`${name}: starts${remaining}`);
      const measured = await measureOne(run, request, side, index, name);
      const { boot } = measured;
      run.log.info(`${name}: ${bootFact(boot)}, ${boot.samples.length} samples`);
      onBoot(side, measured);
    }),
  );
}

function bootFact(boot: Boot): string {
  const { bootMs, readyMs } = boot;
  return hasAgent(boot)
    ? `agent after ${formatDuration(bootMs)}, settled after ${formatDuration(readyMs)}`
    : `booted and saved in ${formatDuration(bootMs)}`;
}

async function measureOne(
  run: Run,
  request: MeasureRequest,
  side: Side,
  index: number,
  name: string,
): Promise<MeasuredBoot> {
  const image = request.sides.find((each) => each.side === side)?.image;
  if (!image) throw new Error(`no image for ${side}`);
  const rounds = request.config.warmup + request.config.cycles;
  try {
    return await measureBoot({
      run,
      engine: request.engine,
      image,
      config: request.config,
      index,
      dir: join(run.dir, `${side}-boot-${index}`),
      onRound: (round) => run.log.detail(`${name}: round ${round + 1} of ${rounds}`),
    });
  } catch (error) {
    throw namingBoot(error, name);
  }
}

/** The same error, its sentence saying which guest it was. */
function namingBoot(error: unknown, name: string): unknown {
  if (!(error instanceof SnapgateError)) return error;
  const { code, message, remedy, details, cause, ofMachine } = error;
  return new SnapgateError(code, `${name}: ${message}`, remedy, {
    ...(details === undefined ? {} : { details }),
    ...(cause === undefined ? {} : { cause }),
    ofMachine,
  });
}

function toMeasurement(
  request: MeasureRequest,
  { side, subject, image }: SideToMeasure,
  measured: readonly MeasuredBoot[],
  cut: string | undefined,
): Measurement {
  const { config, report } = request;
  const boots = measured.map(({ boot }) => boot);
  if (!report.identity) throw new Error('measured with an engine that its own probe refused');
  return {
    schema: 'snapgate/measurement',
    version: measurementVersion,
    snapgate: version,
    createdAt: new Date().toISOString(),
    side,
    subject,
    image: imageRecord(image),
    fingerprint: fingerprintWith(
      fingerprintOf(report.identity, kernelOf(image), config),
      versionsOf(side, measured),
    ),
    environment: readEnvironment(),
    scenarios: scenariosRecord(config.scenarios),
    boots: boots.toSorted((a, b) => a.index - b.index),
    ...(request.decided === undefined ? {} : { plan: bootPlanOf(request) }),
    notes: notesOf(report, side, measured, cut),
  };
}

/** An image as a record holds it. */
export function imageRecord(image: Image): Measurement['image'] {
  if (image.kind === 'rootfs') return rootfsRecord(image);
  const { builder, sha256, rootfs } = image;
  return { builder, sha256, ...(rootfs === undefined ? {} : { rootfs: rootfsRecord(rootfs) }) };
}

function rootfsRecord(image: RootfsImage) {
  return {
    rootfsSha256: image.rootfsSha256,
    rootfsBytes: image.rootfsBytes,
    kernelVersion: image.kernelVersion,
    kernelSha256: image.kernelSha256,
    ...(image.initrdSha256 === undefined ? {} : { initrdSha256: image.initrdSha256 }),
    init: image.init,
  };
}

function notesOf(
  report: EngineReport,
  side: Side,
  measured: readonly MeasuredBoot[],
  cut: string | undefined,
): string[] {
  const unsettled = measured.filter(({ boot }) => !boot.settled).map(({ boot }) => boot.index + 1);
  return [
    ...(report.fallback === undefined ? [] : [report.fallback]),
    ...(unsettled.length === 0
      ? []
      : [`${side}: still busy when its base snapshot was taken, boot ${unsettled.join(', ')}`]),
    ...(cut === undefined ? [] : [cut]),
    ...notesOfBoots(measured),
  ].map((note) => note.slice(0, 500));
}

/** Enough to see what they are about: a note a cycle would bury the report. */
const maxBootNotes = 8;

function notesOfBoots(measured: readonly MeasuredBoot[]): string[] {
  const notes = [...new Set(measured.flatMap((boot) => boot.notes))];
  const more = notes.length - maxBootNotes;
  return more <= 0
    ? notes
    : [...notes.slice(0, maxBootNotes), `${more} more notes of this kind are left out`];
}

/** @throws SnapgateError `guest` where the boots of one side are not of the same versions */
function versionsOf(side: Side, measured: readonly MeasuredBoot[]): GuestVersions {
  const [first, ...others] = measured.map(({ versions }) => versions);
  for (const field of ['engineVersion', 'kernelVersion'] as const) {
    const other = others.find((versions) => versions[field] !== first?.[field]);
    if (other === undefined) continue;
    throw new SnapgateError(
      'guest',
      `${side}: ${field} is ${JSON.stringify(first?.[field])} in one boot and ${JSON.stringify(other[field])} in another`,
      'Something changed what the engine boots while it was measured: measure again.',
    );
  }
  return first ?? {};
}
