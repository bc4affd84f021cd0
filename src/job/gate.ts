import type { BaseSide, HeadSide } from '../baseline/types.ts';
import type { Config } from '../config/types.ts';
import { type NoHistory, withHistoryOf } from '../gate/drift.ts';
import { exitCodeOf } from '../gate/exit-code.ts';
import type { BranchHistory } from '../gate/history-series.ts';
import type { Comparison, NoVerdict } from '../gate/record.ts';
import { openFolder } from '../host/folder.ts';
import type { Run } from '../host/run.ts';
import { imageKernel } from '../image/build.ts';
import { fingerprintOf, scenariosRecord, unknownKernel } from '../measure/environment.ts';
import type { Measurement } from '../measure/record.ts';
import type { ReportInput } from '../report/exporter.ts';
import { markdown } from '../report/markdown.ts';
import { type Settled, type Storage, settleBase, type Wanted } from './base.ts';
import { decide } from './compare.ts';
import { openEngine, type ProbedEngine } from './engine.ts';
import { checkOutputDir, writeRecord, writeText } from './files.ts';
import { checkGatedMetrics } from './gated-metrics.ts';
import { measurePair } from './measure-pair.ts';
import { checkSide } from './side.ts';

export interface GateRequest {
  readonly config: Config;
  /** Absolute path that the engine's relative paths start at, and its commands run in where no side is meant. */
  readonly checkout: string;
  readonly head: HeadSide;
  readonly base: BaseSide;
  /** Where a measurement of the base may be kept; undefined where there is no such place. */
  readonly storage: Storage | undefined;
  /** The branch whose stored measurements tell how many boots the image usually needs; undefined: none is known. */
  readonly branch: string | undefined;
  /** A verdict follows: what gates must be something that the engine can give, and boots are taken until it is known. */
  readonly decides: boolean;
  /** The head's measurement is kept as a baseline: it has the boots of one, even where fewer decide. */
  readonly keepsHead: boolean;
}

/** Both sides as far as they are known, before anything is decided. */
export interface GatePair {
  readonly base: Measurement | undefined;
  readonly head: Measurement;
  /** Why there is no base although one was asked for. */
  readonly noVerdict: NoVerdict | undefined;
  /** Sentences for the report. */
  readonly notes: readonly string[];
  /** The base was measured in this run. */
  readonly baseIsNew: boolean;
}

export interface GateFiles {
  readonly comparison: string;
  readonly report: string;
  readonly headMeasurement: string;
  readonly baseMeasurement: string | undefined;
}

export interface GateResult {
  readonly report: ReportInput;
  readonly files: GateFiles;
  /** 0 pass or warn, 1 fail, 2 inconclusive where that fails. */
  readonly exitCode: number;
}

/** The whole gate as a terminal has it: measures, decides, writes the records. */
export async function runGate(
  run: Run,
  request: Omit<GateRequest, 'decides' | 'keepsHead'> & { readonly reproduce: readonly string[] },
): Promise<GateResult> {
  const { config, reproduce } = request;
  const pair = await measureGate(run, { ...request, decides: true, keepsHead: false });
  const report: ReportInput = { ...(await decidePair(config, pair)), reproduce };
  return {
    report,
    files: writeGate(config, report),
    exitCode: exitCodeOf(report.comparison, config.gate),
  };
}

/** Builds and measures what has not been measured before: one side, both, or none. */
export async function measureGate(run: Run, request: GateRequest): Promise<GatePair> {
  const { config, head, decides } = request;
  const measures = head.kind === 'image' || request.base.kind === 'image' || request.base.kind === 'commit';
  if (decides && measures) checkGatedMetrics(config);
  checkOutputDir(config.outputDir);
  const base = await settleEarly(run, request);
  if (head.kind === 'measurement' && (base.kind === 'measurement' || base.kind === 'none'))
    return storedPair(head.measurement, await settleBase(run, base, wantedOf(head.measurement), undefined));
  if (head.kind === 'image') await checkSide(run, head);
  if (base.kind === 'image') await checkSide(run, base);
  const engine = await openEngine(run, config, request.checkout);
  const wanted = await wantedFor(run, config, engine, head);
  const settled = await settleBase(run, base, wanted, request.storage);
  return await measurePair(run, request, engine, settled);
}

/** At a terminal, where there is no branch whose measurements are stored. */
const noHistory: NoHistory = { absent: 'only a run on GitHub reads the stored measurements of a branch' };

/** Verdict and report of a pair, with what was stored of the branch before, where that is known. */
export async function decidePair(
  config: Config,
  pair: GatePair,
  history: BranchHistory | NoHistory = noHistory,
): Promise<ReportInput> {
  const { base, head, noVerdict, notes } = pair;
  const comparison = decide(base, head, config.gate, noVerdict);
  const noted: Comparison = { ...comparison, notes: [...notes, ...comparison.notes] };
  return { comparison: await withHistoryOf(noted, history, config.gate, head.createdAt), base, head };
}

/** Writes both measurements, the comparison and the report into `output-dir`. */
export function writeGate({ outputDir }: Config, report: ReportInput): GateFiles {
  const dir = openFolder(outputDir, 'output-dir');
  const { base, head, comparison } = report;
  if (head === undefined) throw new Error('a gate has a head');
  return {
    baseMeasurement: base && writeRecord(dir, 'measurement-base.json', { ...base, side: 'base' }),
    headMeasurement: writeRecord(dir, 'measurement-head.json', { ...head, side: 'head' }),
    comparison: writeRecord(dir, 'comparison.json', comparison),
    report: writeText(dir, 'report.md', markdown.render(report)),
  };
}

/** Without a store there is nothing to wait for: what is wrong with the base's commit shows before an engine is tried. */
async function settleEarly(run: Run, { base, storage }: GateRequest): Promise<BaseSide> {
  if (base.kind !== 'commit' || base.storedOnly || storage !== undefined) return base;
  run.signal.throwIfAborted();
  return await base.checkOut();
}

function storedPair(head: Measurement, { base, notes }: Settled): GatePair {
  const noVerdict = base.kind === 'none' ? base.noVerdict : undefined;
  const measurement = base.kind === 'measurement' ? base.measurement : undefined;
  return { base: measurement, head, noVerdict, notes, baseIsNew: false };
}

function wantedOf({ fingerprint, scenarios, boots, subject }: Measurement): Wanted {
  return { fingerprint, scenarios, boots: boots.length, commit: subject.commit };
}

/** What this machine would measure the head with, known from its kernel alone. */
async function wantedFor(run: Run, config: Config, engine: ProbedEngine, head: HeadSide): Promise<Wanted> {
  if (head.kind === 'measurement') return wantedOf(head.measurement);
  const { checkout, inputs, subject } = head;
  const { cacheLimitBytes } = config;
  const kernel = inputs ? await imageKernel(run, inputs, { checkout, cacheLimitBytes }) : unknownKernel;
  return {
    fingerprint: fingerprintOf(engine.identity, kernel, config.measure),
    scenarios: scenariosRecord(config.measure.scenarios),
    boots: config.measure.soloBoots,
    metrics: config.gate.gatedMetrics,
    commit: subject.commit,
  };
}
