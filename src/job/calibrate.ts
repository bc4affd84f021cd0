import { setImmediate } from 'node:timers/promises';
import type { ImageSide } from '../baseline/types.ts';
import type { Config } from '../config/types.ts';
import { calibrate, leastSample } from '../gate/calibrate.ts';
import type { Calibration } from '../gate/calibration-record.ts';
import { requireComparable } from '../gate/comparable.ts';
import { mergeMeasurements } from '../gate/merge.ts';
import { SnapgateError } from '../host/error.ts';
import { openFolder } from '../host/folder.ts';
import type { Run } from '../host/run.ts';
import { version } from '../host/version.ts';
import { measureSides, type SideToMeasure } from '../measure/measure.ts';
import { readMeasurement } from '../measure/read.ts';
import type { Measurement } from '../measure/record.ts';
import { withRecordsAside } from './aside.ts';
import { readRecordFile } from './compare.ts';
import { openEngine } from './engine.ts';
import { checkOutputDir, writeRecord } from './files.ts';
import { checkGatedMetrics } from './gated-metrics.ts';
import { planLanes, readHostResources } from './preflight.ts';
import { buildSide, checkSide } from './side.ts';

export interface CalibrateResult {
  readonly calibration: Calibration;
  readonly file: string;
}

export interface CalibrateRequest {
  readonly config: Config;
  readonly image: ImageSide;
  /** Boots to measure, an even number; 12 if not given, by which a standard deviation is known to a quarter or so. */
  readonly sample: number | undefined;
}

const defaultSample = 12;

/** Builds an image, measures so many boots of it, and calibrates a gate on them; the measurement is written too. */
export async function calibrateImage(run: Run, request: CalibrateRequest): Promise<CalibrateResult> {
  const { config } = request;
  const sample = sampleOf(request);
  checkGatedMetrics(config);
  checkOutputDir(config.outputDir);
  const measurement = await measureSample(run, { ...request, sample });
  const dir = openFolder(config.outputDir, 'output-dir');
  run.log.info(`measurement: ${writeRecord(dir, 'measurement.json', measurement)}`);
  return await calibrateMeasurement(run, measurement, config);
}

/**
 * Calibrates a gate on the boots of stored measurements; boots nothing.
 *
 * @throws SnapgateError `record` unless all are of one image, taken under the same conditions
 */
export async function calibrateFiles(
  run: Run,
  paths: readonly string[],
  config: Config,
): Promise<CalibrateResult> {
  checkOutputDir(config.outputDir);
  const all = paths.map((path) => readMeasurement(readRecordFile(path), path));
  return await calibrateMeasurement(run, mergeOne(all), config);
}

/** Boots come in pairs, and fewer than a gate looks at first could not be calibrated on. */
function sampleOf({ config, sample }: CalibrateRequest): number {
  const { boots: leastBoots } = config.measure;
  const least = leastSample({ leastBoots });
  if (sample === undefined) return Math.max(defaultSample, least);
  if (sample >= least && sample % 2 === 0) return sample;
  const why = sample < least ? `is less than a gate with itself takes with boots: ${leastBoots}` : 'is odd';
  throw new SnapgateError(
    'usage',
    `--sample ${sample} ${why}`,
    `Boots are taken in pairs: give an even number, ${least} at least.`,
  );
}

/** The two boots of a pair run side by side where there is room, as those of a gate do. */
async function measureSample(
  run: Run,
  { config, image, sample }: CalibrateRequest & { readonly sample: number },
): Promise<Measurement> {
  const { subject, inputs, checkout } = image;
  const source = { side: 'head' as const, subject, inputs, checkout };
  await checkSide(run, source);
  const engine = await openEngine(run, config, checkout);
  const lanes = planLanes(config.measure, 2, readHostResources(run));
  const built = await withRecordsAside(run, config.outputDir, [checkout], () =>
    buildSide(run, config, engine.engine, source),
  );
  const sides: SideToMeasure[] = (['base', 'head'] as const).map((side) => ({ side, subject, image: built }));
  const measure = { ...config.measure, soloBoots: sample / 2 };
  return mergeOne(await measureSides(run, { ...engine, config: measure, sides, parallel: lanes === 2 }));
}

/** Boots of one image under the same conditions, wherever they were taken and whatever they were called. */
function mergeOne(all: readonly Measurement[]): Measurement {
  const [first] = all;
  if (first === undefined) throw new Error('no measurement');
  for (const other of all) requireComparable(first, other);
  const alike = all.map(({ plan: _, ...each }) => ({
    ...each,
    side: 'head' as const,
    subject: first.subject,
  }));
  const [merged] = mergeMeasurements(alike);
  if (merged === undefined) throw new Error('no measurement');
  return merged;
}

async function calibrateMeasurement(
  run: Run,
  measurement: Measurement,
  { gate, measure, outputDir }: Config,
): Promise<CalibrateResult> {
  const calibration = await calibrate({
    measurement,
    setting: { config: gate, plan: { leastBoots: measure.boots, mostBoots: measure.maxBoots } },
    meta: { snapgate: version, now: new Date().toISOString() },
    onStep: async (what) => {
      run.log.info(`calibrating: ${what}`);
      // So that an interruption is heard of between two steps.
      await setImmediate();
      run.signal.throwIfAborted();
    },
  });
  const dir = openFolder(outputDir, 'output-dir');
  return { calibration, file: writeRecord(dir, 'calibration.json', calibration) };
}
