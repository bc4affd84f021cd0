import { isAbsolute } from 'node:path';
import type { LineCommit } from '../baseline/commit-line.ts';
import { type CommitRecords, openCommitRecords, type RecordQuery } from '../baseline/commit-records.ts';
import type { Git } from '../baseline/git.ts';
import { commitKey } from '../baseline/measuring-key.ts';
import type { Config } from '../config/types.ts';
import { requireComparable } from '../gate/comparable.ts';
import { mergeMeasurements } from '../gate/merge.ts';
import { SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import { cacheShares, imageKernel } from '../image/build.ts';
import type { Image, ImageInputs } from '../image/types.ts';
import { fingerprintOf, kernelOf, scenariosRecord, unknownKernel } from '../measure/environment.ts';
import { imageKey } from '../measure/image-key.ts';
import { imageRecord, isCutNote, measureNothing, measureSides } from '../measure/measure.ts';
import type { ExpectedFingerprint, Measurement } from '../measure/record.ts';
import { type CommitBuilds, openCommitBuilds, sayingCommit, subjectOf } from './commit-builds.ts';
import { inPhase, type Phase } from './commit-failure.ts';
import type { ProbedEngine } from './engine.ts';

/** Measures commits of a repository, one at a time. */
export interface CommitBench {
  /**
   * A measurement of the commit with at least so many boots, or fewer where `time-budget` has no room for them. What is kept of an earlier run of
   * the last hours and what was measured of the same bytes is taken for it; 0 boots is what is known without one. The first commit that is asked
   * for is what the others must be comparable with.
   *
   * @throws CommitFailure for a commit that cannot be built or booted, OutdatedRecords, and SnapgateError for all that ends a search
   */
  measure(commit: LineCommit, boots: number): Promise<MeasuredCommit>;
  /** Builds a commit again that could be built, and boots it again where `phase` is that; throws where that fails now. */
  tryAgain(commit: LineCommit, phase: Phase): Promise<void>;
  /** Takes nothing more for a commit that an earlier run has kept of it, nor what this one has measured: after OutdatedRecords. */
  startOver(): void;
}

export interface MeasuredCommit {
  /** undefined: there was no time to build it. */
  readonly measurement: Measurement | undefined;
  /** What commits whose images are the same bytes have in common; undefined where that is not known. */
  readonly image: string | undefined;
  /** Boots that were not made for it in this run. */
  readonly reusedBoots: number;
  /** There was no time for the boots that were asked for. */
  readonly outOfTime: boolean;
}

/** What is kept of the search's first commits is of another machine class than what is measured now; it is no commit's fault. */
export class OutdatedRecords extends Error {}

export interface BenchRequest {
  readonly config: Config;
  /** Absolute path that the commits' own folder is found by: the same part of the repository in each. */
  readonly checkout: string;
  readonly inputs: ImageInputs | undefined;
  readonly git: Git;
  readonly engine: ProbedEngine;
}

export async function openCommitBench(run: Run, request: BenchRequest): Promise<CommitBench> {
  const { config, git, engine, checkout, inputs } = request;
  const kernel = await kernelBefore(run, request);
  const prefix = (await git.ask(['rev-parse', '--show-prefix'])) ?? '';
  const limitBytes = config.cacheLimitBytes * cacheShares.measurements;
  const expected = fingerprintOf(engine.identity, kernel, config.measure);
  const bench: Bench = {
    ...request,
    run,
    builds: openCommitBuilds(run, { config, inputs, git, engine: engine.engine, prefix }),
    records: openCommitRecords(run, commitKey(config, { prefix, origin: checkout }), { limitBytes }),
    expected,
    expects: 'nothing',
    findsCommits: true,
    seats: new Map(),
    pools: new Map(),
    clock: { buildMs: 0, bootMs: 0, boots: 0, failures: 0 },
  };
  return {
    measure: (commit, boots) => measureCommit(bench, commit, boots),
    tryAgain: (commit, phase) => tryAgain(bench, commit, phase),
    startOver: () => {
      Object.assign(bench, { expected, expects: 'nothing', findsCommits: false });
      bench.seats.clear();
      bench.pools.clear();
    },
  };
}

/** All of one run's commits. */
interface Bench extends BenchRequest {
  readonly run: Run;
  readonly builds: CommitBuilds;
  readonly records: CommitRecords;
  /** What this machine measures with, as far as it is known; whole once something was measured. */
  expected: ExpectedFingerprint;
  /** Where that comes from beside the probe: a kept record may be of another kernel or VMM than what is built now. */
  expects: 'nothing' | 'kept' | 'here';
  findsCommits: boolean;
  readonly seats: Map<string, Seat>;
  /** Measurements by what was booted: of all commits whose image is the same bytes. */
  readonly pools: Map<string, Measurement>;
  readonly clock: Clock;
}

/** What of `time-budget` is spent, and on what. */
interface Clock {
  buildMs: number;
  bootMs: number;
  boots: number;
  /** Commits that could not be built or booted. */
  failures: number;
}

/** What is known of one commit. */
interface Seat {
  /** Key of its pool; undefined before it was built or found among the records. */
  pool: string | undefined;
  /** Boots that were made for it. */
  made: number;
}

/** Of a kernel that is a file of the commits, each has its own. */
async function kernelBefore(run: Run, { inputs, checkout, config }: BenchRequest) {
  if (inputs === undefined || (inputs.kernel !== 'auto' && !isAbsolute(inputs.kernel))) return unknownKernel;
  return await imageKernel(run, inputs, { checkout, cacheLimitBytes: config.cacheLimitBytes });
}

async function measureCommit(bench: Bench, commit: LineCommit, boots: number): Promise<MeasuredCommit> {
  const seat = seatOf(bench, commit);
  const known = poolOf(bench, seat);
  if (known !== undefined && known.boots.length >= boots) return measured(seat, commit, known, boots);
  if (!hasTimeToBuild(bench)) return measured(seat, commit, known, boots);
  const { image, pool } = await failing(bench, 'build', async () => {
    const made = await timed(bench.clock, 'buildMs', () => bench.builds.build(commit));
    return { image: made, pool: joinPool(bench, commit, seat, made) };
  });
  const missing = boots - pool.boots.length;
  const more = await failing(bench, 'boot', () => bootMore(bench, commit, image, missing));
  seat.made += more?.boots.length ?? 0;
  const merged = more === undefined ? pool : mergeBoots(pool, more);
  bench.pools.set(seat.pool ?? commit.commit, merged);
  if (merged.boots.length > 0) await failing(bench, 'boot', async () => keep(bench, commit, merged));
  return measured(seat, commit, merged, boots);
}

function measured(
  seat: Seat,
  commit: LineCommit,
  pool: Measurement | undefined,
  boots: number,
): MeasuredCommit {
  const there = pool?.boots.length ?? 0;
  return {
    measurement: pool && { ...pool, subject: subjectOf(commit) },
    image: pool && imageKey(pool.image),
    reusedBoots: Math.max(0, there - seat.made),
    outOfTime: pool === undefined || there < boots,
  };
}

/** As of now, for it was built now: whenever its boots were taken. */
function keep(bench: Bench, commit: LineCommit, measurement: Measurement): void {
  requireAlike(bench, measurement.fingerprint);
  bench.expected = measurement.fingerprint;
  bench.expects = 'here';
  const createdAt = new Date().toISOString();
  bench.records.save({ ...measurement, subject: subjectOf(commit), createdAt });
}

/** With what an earlier run has kept, where it has. */
function seatOf(bench: Bench, { commit }: LineCommit): Seat {
  const known = bench.seats.get(commit);
  if (known !== undefined) return known;
  const kept = bench.findsCommits ? bench.records.find(commit, queryOf(bench)) : undefined;
  const seat: Seat = { pool: undefined, made: 0 };
  if (kept !== undefined) {
    seat.pool = imageKey(kept.image) ?? commit;
    const here = bench.pools.get(seat.pool);
    if (here === undefined || here.boots.length < kept.boots.length) bench.pools.set(seat.pool, kept);
    bench.expected = kept.fingerprint;
    if (bench.expects === 'nothing') bench.expects = 'kept';
  }
  bench.seats.set(commit, seat);
  return seat;
}

/** What is kept must be of; with however few boots, for more can be added. */
function queryOf({ config, expected: fingerprint }: Pick<Bench, 'config' | 'expected'>): RecordQuery {
  const scenarios = scenariosRecord(config.measure.scenarios);
  return { fingerprint, scenarios, boots: 1, metrics: config.gate.gatedMetrics };
}

function poolOf(bench: Bench, { pool }: Seat): Measurement | undefined {
  return pool === undefined ? undefined : bench.pools.get(pool);
}

/** The boots of the same bytes; those that were kept of another build of the commit are dropped. */
function joinPool(bench: Bench, commit: LineCommit, seat: Seat, image: Image): Measurement {
  const { engine, config, records } = bench;
  const request = { ...engine, config: config.measure, parallel: false };
  const sides = [{ side: 'head' as const, subject: subjectOf(commit), image }];
  const expected = fingerprintOf(engine.identity, kernelOf(image), config.measure);
  requireAlike(bench, expected);
  const key = imageKey(imageRecord(image));
  seat.pool = key ?? commit.commit;
  const ofSameBytes = () => key && records.findImage(key, queryOf({ config, expected }));
  const [nothing] = measureNothing({ ...request, sides });
  const pool = bench.pools.get(seat.pool) || ofSameBytes() || nothing;
  if (pool === undefined) throw new Error('no measurement');
  return pool;
}

/** Each commit may bring a kernel of its own, and a builder of its own a VMM: numbers of two are not compared. */
function requireAlike({ expected, expects, config }: Bench, fingerprint: ExpectedFingerprint): void {
  const scenarios = scenariosRecord(config.measure.scenarios);
  try {
    requireComparable({ scenarios, fingerprint: expected }, { scenarios, fingerprint });
  } catch (error) {
    if (expects !== 'kept') throw error;
    throw new OutdatedRecords('what is kept is of another machine class', { cause: error });
  }
}

/** undefined: none are missing, or there is no time for them. The first boot of a run is always made, so that running again gets on. */
async function bootMore(
  bench: Bench,
  commit: LineCommit,
  image: Image,
  missing: number,
): Promise<Measurement | undefined> {
  const { clock, config, engine } = bench;
  const leftMs = leftOf(bench);
  const neededMs = clock.boots === 0 ? leftMs : (clock.bootMs / clock.boots) * missing;
  if (missing <= 0 || (clock.boots > 0 && leftMs <= 0) || neededMs > leftMs) return undefined;
  const measure = { ...config.measure, soloBoots: missing, timeBudgetMs: Math.max(leftMs, 1) };
  const sides = [{ side: 'head' as const, subject: subjectOf(commit), image }];
  const request = { ...engine, config: measure, sides, parallel: false };
  const measuring = () => measureSides(sayingCommit(bench.run, commit), request);
  const [measurement] = await timed(clock, 'bootMs', measuring);
  clock.boots += measurement?.boots.length ?? 0;
  return measurement && { ...measurement, notes: measurement.notes.filter((note) => !isCutNote(note)) };
}

function leftOf({ clock, config }: Bench): number {
  return config.measure.timeBudgetMs - clock.buildMs - clock.bootMs;
}

/** Whatever the budget, until the first boot or failure: running again must get on. */
function hasTimeToBuild(bench: Bench): boolean {
  const { boots, failures } = bench.clock;
  return boots + failures === 0 || leftOf(bench) > 0;
}

async function timed<T>(clock: Clock, part: 'buildMs' | 'bootMs', work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  try {
    return await work();
  } finally {
    clock[part] += performance.now() - startedMs;
  }
}

async function failing<T>(bench: Bench, phase: Phase, work: () => Promise<T>): Promise<T> {
  const buildsAtBoot = bench.engine.engine.build !== undefined;
  try {
    return await inPhase(phase, { buildsAtBoot }, work);
  } catch (error) {
    bench.clock.failures += 1;
    throw error;
  }
}

async function tryAgain(bench: Bench, commit: LineCommit, phase: Phase): Promise<void> {
  const image = await timed(bench.clock, 'buildMs', () => bench.builds.rebuild(commit));
  if (phase === 'boot') await bootMore(bench, commit, image, 1);
}

function mergeBoots(pool: Measurement, more: Measurement): Measurement {
  if (pool.boots.length === 0) return more;
  const [merged, other] = mergeMeasurements([pool, { ...more, subject: pool.subject, image: pool.image }]);
  if (merged === undefined || other !== undefined)
    throw new SnapgateError(
      'host',
      'this machine has changed while it measured: two boots of one image are of two machine classes',
      'Measure on one machine, whose kernel and VMM stay as they are.',
    );
  return merged;
}
