import type { ImageSide } from '../baseline/types.ts';
import type { Config } from '../config/types.ts';
import { openFolder } from '../host/folder.ts';
import type { Run } from '../host/run.ts';
import { measureSides } from '../measure/measure.ts';
import type { Side } from '../measure/plan.ts';
import type { Measurement } from '../measure/record.ts';
import { markdown } from '../report/markdown.ts';
import { withRecordsAside } from './aside.ts';
import { openEngine } from './engine.ts';
import { checkOutputDir, writeRecord, writeText } from './files.ts';
import { planLanes, readHostResources } from './preflight.ts';
import { buildSide, checkSide, type SideSource } from './side.ts';

export interface MeasureRequest {
  readonly config: Config;
  readonly side: Side;
  readonly image: ImageSide;
}

export interface MeasureResult {
  readonly measurement: Measurement;
  readonly file: string;
  readonly markdown: string;
  readonly report: string;
}

/** Builds and measures one image, and writes the record that a later gate can take for either side. */
export async function runMeasure(run: Run, { config, side, image }: MeasureRequest): Promise<MeasureResult> {
  const { subject, inputs, checkout } = image;
  const source: SideSource = { side, subject, inputs, checkout };
  checkOutputDir(config.outputDir);
  await checkSide(run, source);
  const engine = await openEngine(run, config, checkout);
  planLanes(config.measure, 1, readHostResources(run));
  const built = await withRecordsAside(run, config.outputDir, [checkout], () =>
    buildSide(run, config, engine.engine, source),
  );
  const sides = [{ side, subject, image: built }];
  const [measurement] = await measureSides(run, {
    ...engine,
    config: config.measure,
    sides,
    parallel: false,
  });
  if (!measurement) throw new Error('no measurement');
  const outputDir = openFolder(config.outputDir, 'output-dir');
  const text = markdown.renderMeasurement(measurement);
  return {
    measurement,
    file: writeRecord(outputDir, 'measurement.json', measurement),
    markdown: text,
    report: writeText(outputDir, 'report.md', text),
  };
}
