import type { ImageSide } from '../baseline/types.ts';
import type { Config } from '../config/types.ts';
import { openFolder } from '../host/folder.ts';
import type { Run } from '../host/run.ts';
import { checkImageInputs } from '../image/build.ts';
import { measureSides } from '../measure/measure.ts';
import type { Side } from '../measure/plan.ts';
import type { Measurement } from '../measure/record.ts';
import { markdown } from '../report/markdown.ts';
import { openEngine } from './engine.ts';
import { writeRecord, writeText } from './files.ts';
import { planLanes, readHostResources } from './preflight.ts';
import { buildSide, type SideSource } from './side.ts';

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
  const outputDir = openFolder(config.outputDir, 'output-dir');
  await checkImageInputs(run, inputs, checkout);
  const engine = await openEngine(run, config);
  planLanes(config.measure, 1, readHostResources(run));
  const sides = [{ side, subject, image: await buildSide(run, config, source) }];
  const [measurement] = await measureSides(run, {
    ...engine,
    config: config.measure,
    sides,
    parallel: false,
  });
  if (!measurement) throw new Error('no measurement');
  const text = markdown.renderMeasurement(measurement);
  return {
    measurement,
    file: writeRecord(outputDir, 'measurement.json', measurement),
    markdown: text,
    report: writeText(outputDir, 'report.md', text),
  };
}
