import type { BaseSide } from '../baseline/types.ts';
import type { Config } from '../config/types.ts';
import { compareMeasurements, requireEqualFingerprints } from '../gate/compare.ts';
import { exitCodeOf } from '../gate/exit-code.ts';
import type { Comparison } from '../gate/record.ts';
import type { Run } from '../host/run.ts';
import { version } from '../host/version.ts';
import { checkImageInputs } from '../image/build.ts';
import { fingerprintOf } from '../measure/environment.ts';
import { measureSides, type SideToMeasure } from '../measure/measure.ts';
import type { Measurement, Subject } from '../measure/record.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { openEngine, type ProbedEngine } from './engine.ts';
import { openOutputDir, writeRecord, writeText } from './files.ts';
import { planLanes, readHostResources } from './preflight.ts';
import { buildSide, requireImage, type SideSource } from './side.ts';

export interface GateRequest {
  readonly config: Config;
  readonly head: { readonly checkout: string; readonly subject: Subject };
  readonly base: BaseSide;
}

export interface GateResult {
  readonly comparison: Comparison;
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
  const outputDir = openOutputDir(config.outputDir);
  const sources = sourcesOf(request);
  for (const { inputs, checkout } of sources) await checkImageInputs(inputs, checkout);
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
  const head = sideOf(measurements, 'head');
  return conclude(
    config,
    outputDir,
    base.kind === 'measurement' ? base.measurement : measurements.find(({ side }) => side === 'base'),
    head,
  );
}

function conclude(
  config: Config,
  outputDir: string,
  base: Measurement | undefined,
  head: Measurement,
): GateResult {
  const baseMeasurement = base && writeRecord(outputDir, 'measurement-base.json', { ...base, side: 'base' });
  const headMeasurement = writeRecord(outputDir, 'measurement-head.json', head);
  const comparison = compareMeasurements(base, head, config.gate, {
    snapgate: version,
    now: new Date().toISOString(),
  });
  const markdown = renderMarkdown(comparison);
  return {
    comparison,
    markdown,
    files: {
      comparison: writeRecord(outputDir, 'comparison.json', comparison),
      report: writeText(outputDir, 'report.md', markdown),
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
  if (base.kind === 'measurement') fingerprints.unshift(base.measurement.fingerprint);
  const [first, second] = fingerprints;
  if (first && second) requireEqualFingerprints(first, second);
}

function sideOf(measurements: readonly Measurement[], side: Measurement['side']): Measurement {
  const found = measurements.find((measurement) => measurement.side === side);
  if (!found) throw new Error(`no measurement of ${side}`);
  return found;
}
