import { requireImage } from '../config/config.ts';
import type { Config } from '../config/types.ts';
import { openFolder } from '../host/folder.ts';
import type { Run } from '../host/run.ts';
import { checkImageInputs } from '../image/build.ts';
import { measureSides } from '../measure/measure.ts';
import type { Measurement, Subject } from '../measure/record.ts';
import { markdown } from '../report/markdown.ts';
import { openEngine } from './engine.ts';
import { writeRecord, writeText } from './files.ts';
import { planLanes, readHostResources } from './preflight.ts';
import { buildSide, type SideSource } from './side.ts';

export interface MeasureRequest {
  readonly config: Config;
  readonly head: { readonly checkout: string; readonly subject: Subject };
}

export interface MeasureResult {
  readonly measurement: Measurement;
  readonly file: string;
  readonly markdown: string;
  readonly report: string;
}

/** Builds and measures one image, and writes the record that a later gate can take as its base. */
export async function runMeasure(run: Run, { config, head }: MeasureRequest): Promise<MeasureResult> {
  const source: SideSource = { side: 'head', inputs: requireImage(config), ...head };
  const outputDir = openFolder(config.outputDir, 'output-dir');
  await checkImageInputs(run, source.inputs, source.checkout);
  const engine = await openEngine(run, config);
  planLanes(config.measure, 1, readHostResources(run));
  const image = await buildSide(run, config, source);
  const sides = [{ side: 'head' as const, subject: source.subject, image }];
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
