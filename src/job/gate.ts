import type { BaseSide } from '../baseline/types.ts';
import { requireImage } from '../config/config.ts';
import type { Config } from '../config/types.ts';
import { requireEqualFingerprints, requireSameScenarios } from '../gate/comparable.ts';
import { exitCodeOf } from '../gate/exit-code.ts';
import { openFolder } from '../host/folder.ts';
import type { Run } from '../host/run.ts';
import { checkImageInputs } from '../image/build.ts';
import { fingerprintOf } from '../measure/environment.ts';
import { measureSides, type SideToMeasure } from '../measure/measure.ts';
import type { Measurement, Subject } from '../measure/record.ts';
import type { ReportInput } from '../report/exporter.ts';
import { markdown } from '../report/markdown.ts';
import { decide } from './compare.ts';
import { openEngine, type ProbedEngine } from './engine.ts';
import { writeRecord, writeText } from './files.ts';
import { planLanes, readHostResources } from './preflight.ts';
import { buildSide, type SideSource } from './side.ts';

export interface GateRequest {
  readonly config: Config;
  readonly head: { readonly checkout: string; readonly subject: Subject };
  readonly base: BaseSide;
  /** Options of the command line that repeat this run, for the report. */
  readonly reproduce: readonly string[];
}

export interface GateResult {
  readonly report: ReportInput;
  /** The report as Markdown, without the marker by which its comment is found. */
  readonly markdown: string;
  readonly files: {
    readonly comparison: string;
    readonly report: string;
    readonly headMeasurement: string;
    readonly baseMeasurement: string | undefined;
  };
  /** 0 pass or warn, 1 fail, 2 inconclusive where that fails. */
  readonly exitCode: number;
}

/** Builds both sides, measures them, compares, and writes the records. */
export async function runGate(run: Run, request: GateRequest): Promise<GateResult> {
  const { config, base } = request;
  const outputDir = openFolder(config.outputDir, 'output-dir');
  const sources = sourcesOf(request);
  for (const { inputs, checkout } of sources) await checkImageInputs(run, inputs, checkout);
  const engine = await openEngine(run, config);
  const lanes = planLanes(config.measure, sources.length, readHostResources(run));
  const sides = await buildSides(run, config, sources);
  requireComparable(config, engine, sides, base);
  const measurements = await measureSides(run, {
    ...engine,
    config: config.measure,
    sides,
    parallel: lanes === 2,
  });
  const measuredBase =
    base.kind === 'measurement' ? base.measurement : measurements.find(({ side }) => side === 'base');
  return conclude(request, outputDir, measuredBase, headOf(measurements));
}

function conclude(
  { config, reproduce }: GateRequest,
  outputDir: string,
  base: Measurement | undefined,
  head: Measurement,
): GateResult {
  const baseMeasurement = base && writeRecord(outputDir, 'measurement-base.json', { ...base, side: 'base' });
  const headMeasurement = writeRecord(outputDir, 'measurement-head.json', head);
  const comparison = decide(base, head, config.gate);
  const report: ReportInput = { comparison, base, head, reproduce };
  const text = markdown.render(report);
  return {
    report,
    markdown: text,
    files: {
      comparison: writeRecord(outputDir, 'comparison.json', comparison),
      report: writeText(outputDir, 'report.md', text),
      headMeasurement,
      baseMeasurement,
    },
    exitCode: exitCodeOf(comparison.verdict, config.gate),
  };
}

function sourcesOf({ config, head, base }: GateRequest): SideSource[] {
  const headSource: SideSource = { side: 'head', inputs: requireImage(config), ...head };
  if (base.kind !== 'image') return [headSource];
  const { subject, inputs, checkout } = base;
  return [{ side: 'base', subject, inputs, checkout }, headSource];
}

async function buildSides(
  run: Run,
  config: Config,
  sources: readonly SideSource[],
): Promise<SideToMeasure[]> {
  const sides: SideToMeasure[] = [];
  for (const source of sources) {
    sides.push({ side: source.side, subject: source.subject, image: await buildSide(run, config, source) });
  }
  return sides;
}

/** Numbers of two machines or kernels are never compared; said before the first boot. */
function requireComparable(
  config: Config,
  engine: ProbedEngine,
  sides: readonly SideToMeasure[],
  base: BaseSide,
): void {
  const { identity } = engine.report;
  if (!identity) return;
  const fingerprints = sides.map(({ image }) => fingerprintOf(identity, image, config.measure));
  if (base.kind === 'measurement') {
    fingerprints.unshift(base.measurement.fingerprint);
    requireSameScenarios(base.measurement.scenarios, config.measure.scenarios);
  }
  const [first, second] = fingerprints;
  if (first && second) requireEqualFingerprints(first, second);
}

function headOf(measurements: readonly Measurement[]): Measurement {
  const found = measurements.find(({ side }) => side === 'head');
  if (!found) throw new Error('no measurement of head');
  return found;
}
