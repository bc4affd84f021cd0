import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { LineCommit } from '../baseline/commit-line.ts';
import { type CommitRecords, openCommitRecords, type RecordQuery } from '../baseline/commit-records.ts';
import type { Git } from '../baseline/git.ts';
import { measuringKey } from '../baseline/measuring-key.ts';
import { addWorktree, removeWorktree } from '../baseline/worktree.ts';
import type { Config } from '../config/types.ts';
import { requireComparable } from '../gate/comparable.ts';
import { mergeMeasurements } from '../gate/merge.ts';
import { SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import { imageKernel } from '../image/build.ts';
import type { Image, ImageInputs } from '../image/types.ts';
import { fingerprintOf, kernelOf, scenariosRecord, unknownKernel } from '../measure/environment.ts';
import { imageKey } from '../measure/image-key.ts';
import { imageRecord, measureNothing, measureSides } from '../measure/measure.ts';
import type { ExpectedFingerprint, Measurement, Subject } from '../measure/record.ts';
import type { ProbedEngine } from './engine.ts';
import { buildSide, checkSide } from './side.ts';

/** Measures commits of a repository, one at a time, each no more than once. */
export interface CommitBench {
  /**
   * A measurement of the commit with at least so many boots, or fewer where `time-budget` has no room for them. What is kept of an earlier run and
   * what was measured of the same bytes is taken for it; 0 boots is what is known without one. The first commit that is asked for is what
   * the others must be comparable with.
   *
   * @throws SnapgateError for what cannot be built or measured
   */
  measure(commit: LineCommit, boots: number): Promise<MeasuredCommit>;
}

export interface MeasuredCommit {
  readonly measurement: Measurement;
  /** What commits whose images are the same bytes have in common; undefined where that is not known. */
  readonly image: string | undefined;
  /** Boots that were not made for it in this run. */
  readonly reusedBoots: number;
  /** There was no time for the boots that were asked for. */
  readonly outOfTime: boolean;
}

export interface BenchRequest {
  readonly config: Config;
  /** Absolute path that the commits' own folder is found by: the same part of the repository in each. */
  readonly checkout: string;
  readonly inputs: ImageInputs | undefined;
  readonly git: Git;
  readonly engine: ProbedEngine;
}

export async function openCommitBench(run: Run, request: BenchRequest): Promise<CommitBench> {
  const { config, git, engine } = request;
  const kernel = await kernelBefore(run, request);
  const bench: Bench = {
    ...request,
    run,
    prefix: (await git.ask(['rev-parse', '--show-prefix'])) ?? '',
    records: openCommitRecords(run, measuringKey(config)),
    expected: fingerprintOf(engine.identity, kernel, config.measure),
    seats: new Map(),
    pools: new Map(),
    clock: { spentMs: 0, boots: 0 },
    tree: undefined,
  };
  return { measure: (commit, boots) => measureCommit(bench, commit, boots) };
}

/** All of one run's commits. */
interface Bench extends BenchRequest {
  readonly run: Run;
  /** Folder of the repository that `checkout` is. */
  readonly prefix: string;
  readonly records: CommitRecords;
  /** What this machine measures with, as far as it is known; whole once something was measured. */
  expected: ExpectedFingerprint;
  readonly seats: Map<string, Seat>;
  /** Measurements by what was booted: of all commits whose image is the same bytes. */
  readonly pools: Map<string, Measurement>;
  readonly clock: { spentMs: number; boots: number };
  /** The commit that is checked out. */
  tree: { readonly commit: string; readonly path: string; image: Image | undefined } | undefined;
}

/** What is known of one commit. */
interface Seat {
  /** Key of its pool; undefined before it was built or found among the records. */
  pool: string | undefined;
  /** One that can be booted without its checkout. */
  image: Image | undefined;
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
  const image = await imageOf(bench, commit, seat);
  const pool = joinPool(bench, commit, seat, image);
  const more = await bootMore(bench, commit, image, boots - pool.boots.length);
  seat.made += more?.boots.length ?? 0;
  const merged = more === undefined ? pool : mergeBoots(pool, more);
  bench.pools.set(seat.pool ?? commit.commit, merged);
  if (merged.boots.length > 0) {
    requireAlike(bench, merged.fingerprint);
    bench.expected = merged.fingerprint;
    bench.records.save({ ...merged, subject: subjectOf(commit) });
  }
  return measured(seat, commit, merged, boots);
}

function measured(seat: Seat, commit: LineCommit, pool: Measurement, boots: number): MeasuredCommit {
  return {
    measurement: { ...pool, subject: subjectOf(commit) },
    image: imageKey(pool.image),
    reusedBoots: Math.max(0, pool.boots.length - seat.made),
    outOfTime: pool.boots.length < boots,
  };
}

function subjectOf({ commit }: LineCommit): Subject {
  return { label: `commit ${commit.slice(0, 7)}`, commit };
}

/** With what an earlier run has kept, where it has. */
function seatOf(bench: Bench, { commit }: LineCommit): Seat {
  const known = bench.seats.get(commit);
  if (known !== undefined) return known;
  const kept = bench.records.find(commit, queryOf(bench));
  const seat: Seat = { pool: undefined, image: undefined, made: 0 };
  if (kept !== undefined) {
    seat.pool = imageKey(kept.image) ?? commit;
    const here = bench.pools.get(seat.pool);
    if (here === undefined || here.boots.length < kept.boots.length) bench.pools.set(seat.pool, kept);
    bench.expected = kept.fingerprint;
  }
  bench.seats.set(commit, seat);
  return seat;
}

/** What is kept must be of; with however few boots, for more can be added. */
function queryOf({ config, expected: fingerprint }: Bench): RecordQuery {
  const scenarios = scenariosRecord(config.measure.scenarios);
  return { fingerprint, scenarios, boots: 1, metrics: config.gate.gatedMetrics };
}

function poolOf(bench: Bench, { pool }: Seat): Measurement | undefined {
  return pool === undefined ? undefined : bench.pools.get(pool);
}

/** Builds it, in the one worktree: of the same path, a build that tells where it ran leaves the same bytes. */
async function imageOf(bench: Bench, commit: LineCommit, seat: Seat): Promise<Image> {
  if (seat.image !== undefined) return seat.image;
  if (bench.tree?.commit === commit.commit && bench.tree.image !== undefined) return bench.tree.image;
  const { config, engine, inputs } = bench;
  const run = sayingCommit(bench.run, commit);
  const path = await checkOut(bench, run, commit);
  const checkout = join(path, bench.prefix);
  if (!existsSync(checkout))
    throw new SnapgateError(
      'image',
      `commit ${commit.commit.slice(0, 7)} has no folder ${bench.prefix}`,
      'Run snapgate in a folder that all of the commits have, such as the root of the repository.',
    );
  mustBeOfCommit(inputs, checkout, commit);
  const source = { side: 'head' as const, subject: subjectOf(commit), inputs, checkout };
  await checkSide(run, source);
  const image = await buildSide(run, config, engine.engine, source);
  if (image.kind === 'rootfs') seat.image = image;
  if (bench.tree) bench.tree.image = image;
  return image;
}

async function checkOut(bench: Bench, run: Run, { commit }: LineCommit): Promise<string> {
  const { git, tree } = bench;
  if (tree?.commit === commit) return tree.path;
  bench.tree = undefined;
  if (tree !== undefined) await removeWorktree(run, git, tree.path);
  const path = await addWorktree(run, git, 'head', commit);
  bench.tree = { commit, path, image: undefined };
  return path;
}

/** A source outside git is the same for all commits, and nothing would be found. */
function mustBeOfCommit(inputs: ImageInputs | undefined, checkout: string, { commit }: LineCommit): void {
  const rootfs = inputs?.rootfs;
  if (rootfs?.kind !== 'rootfs' && rootfs?.kind !== 'image') return;
  const name = rootfs.kind === 'rootfs' ? rootfs.path : rootfs.reference;
  if (!isAbsolute(name) && existsSync(resolve(checkout, name))) return;
  throw new SnapgateError(
    'image',
    `${rootfs.kind}: ${name} is not a file of commit ${commit.slice(0, 7)}`,
    'Let snapgate build each commit, with `dockerfile` or `build-command`.',
  );
}

/** The boots of the same bytes; those that were kept of another build of the commit are dropped. */
function joinPool(bench: Bench, commit: LineCommit, seat: Seat, image: Image): Measurement {
  const { engine, config } = bench;
  const request = { ...engine, config: config.measure, parallel: false };
  const sides = [{ side: 'head' as const, subject: subjectOf(commit), image }];
  requireAlike(bench, fingerprintOf(engine.identity, kernelOf(image), config.measure));
  const key = imageKey(imageRecord(image));
  seat.pool = key ?? commit.commit;
  const ofSameBytes = () => (key === undefined ? undefined : bench.records.findImage(key, queryOf(bench)));
  const [nothing] = measureNothing({ ...request, sides });
  const pool = bench.pools.get(seat.pool) ?? ofSameBytes() ?? nothing;
  if (pool === undefined) throw new Error('no measurement');
  return pool;
}

/** Each commit may bring a kernel of its own, and a builder of its own a VMM: numbers of two are not compared. */
function requireAlike({ expected, config }: Bench, fingerprint: ExpectedFingerprint): void {
  const scenarios = scenariosRecord(config.measure.scenarios);
  requireComparable({ scenarios, fingerprint: expected }, { scenarios, fingerprint });
}

/** undefined: none are missing, or there is no time for them. */
async function bootMore(
  bench: Bench,
  commit: LineCommit,
  image: Image,
  missing: number,
): Promise<Measurement | undefined> {
  const { clock, config, engine } = bench;
  const leftMs = config.measure.timeBudgetMs - clock.spentMs;
  const neededMs = clock.boots === 0 ? 0 : (clock.spentMs / clock.boots) * missing;
  if (missing <= 0 || leftMs <= 0 || neededMs > leftMs) return undefined;
  const measure = { ...config.measure, soloBoots: missing, timeBudgetMs: leftMs };
  const sides = [{ side: 'head' as const, subject: subjectOf(commit), image }];
  const startedMs = performance.now();
  const request = { ...engine, config: measure, sides, parallel: false };
  const [measurement] = await measureSides(sayingCommit(bench.run, commit), request);
  clock.spentMs += performance.now() - startedMs;
  clock.boots += measurement?.boots.length ?? 0;
  return measurement;
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

/** What is said of a side is of one commit of many. */
function sayingCommit(run: Run, { commit }: LineCommit): Run {
  const name = commit.slice(0, 7);
  const log = {
    info: (message: string) => run.log.info(`${name}: ${message}`),
    warning: (message: string) => run.log.warning(`${name}: ${message}`),
    detail: (message: string) => run.log.detail(`${name}: ${message}`),
  };
  return { ...run, log };
}
