import { resolveBase, resolveHead } from '../baseline/resolve.ts';
import type { ImageSide } from '../baseline/types.ts';
import { type Handover, uploadEntry } from '../github/artifact-upload.ts';
import { SnapgateError } from '../host/error.ts';
import { openFolder } from '../host/folder.ts';
import type { Run } from '../host/run.ts';
import { writeRecord, writeText } from '../job/files.ts';
import { runMeasure } from '../job/measure.ts';
import { measurementSummary } from '../report/markdown.ts';
import { obtainPair, storeHead } from './pair.ts';
import { setOutputs, writeSummary } from './publish.ts';
import type { ActionRequest } from './request.ts';
import { comparesLine, gitEnvironmentOf, type Sides, sidesOfRequest } from './sides.ts';

/** Measures, and decides nothing. What fails is handed over too: the job that decides is then told why an entry is missing. */
export async function measureMode(run: Run, request: ActionRequest): Promise<number> {
  const sides = await sidesOfRequest(run, request);
  run.log.info(comparesLine(sides, request));
  try {
    await handOver(run, request, await measure(run, request, sides));
    setOutputs({ rows: '[]' });
    return 0;
  } catch (error) {
    if (!(error instanceof SnapgateError && error.code === 'interrupted'))
      await handOver(run, request, { failure: failureOf(error) });
    throw error;
  }
}

async function measure(run: Run, request: ActionRequest, sides: Sides): Promise<Handover> {
  const { config } = request;
  const { side } = config.github.matrix;
  if (side === 'both') return await measureBoth(run, request, sides);
  const image = side === 'head' ? await headImage(run, request, sides) : await baseImage(run, request, sides);
  const { measurement, file, report } = await runMeasure(run, { config, side, image });
  setOutputs({ report, measurement: file });
  await writeSummary(run.log, measurementSummary(measurement));
  if (side === 'head') await storeHead(run, request, sides, measurement);
  return { [side]: measurement };
}

async function measureBoth(run: Run, request: ActionRequest, sides: Sides): Promise<Handover> {
  const { pair, store } = await obtainPair(run, request, sides);
  const { base, head } = pair;
  const dir = openFolder(request.config.outputDir, 'output-dir');
  if (base) writeRecord(dir, 'measurement-base.json', { ...base, side: 'base' });
  const measurement = writeRecord(dir, 'measurement-head.json', { ...head, side: 'head' });
  const text = [base, head].flatMap((each) => (each ? [measurementSummary(each)] : [])).join('\n');
  setOutputs({ report: writeText(dir, 'report.md', text), measurement });
  await writeSummary(run.log, text);
  await store();
  return { base, head };
}

async function headImage(run: Run, request: ActionRequest, sides: Sides): Promise<ImageSide> {
  const { config, workspace } = request;
  const gitEnvironment = gitEnvironmentOf(request);
  const context = { checkout: workspace, inputs: config.image, subject: sides.head, gitEnvironment };
  return asImage(await resolveHead(run, config.head, context), 'head');
}

async function baseImage(run: Run, request: ActionRequest, sides: Sides): Promise<ImageSide> {
  const { config, workspace } = request;
  const { base: auto, branch } = sides;
  const gitEnvironment = gitEnvironmentOf(request);
  const context = { checkout: workspace, inputs: config.image, auto, branch, gitEnvironment };
  const base = await resolveBase(run, config.base, context);
  return base.kind === 'commit' ? await base.checkOut() : asImage(base, 'base');
}

function asImage(side: { readonly kind: string } | ImageSide, name: 'base' | 'head'): ImageSide {
  if (side.kind === 'image' && 'checkout' in side) return side;
  throw new SnapgateError(
    'usage',
    `side: ${name} is to be measured, but ${name} is ${side.kind === 'none' ? 'none' : 'a stored measurement'}`,
    `Name a commit or an image: ${name}: ref:REF, image:REFERENCE or rootfs:PATH.`,
  );
}

/** Without an entry nobody waits for it, unless it was asked for. */
async function handOver(run: Run, { config, env }: ActionRequest, handover: Handover): Promise<void> {
  const { matrix, comment, artifact, dryRun } = config.github;
  if (dryRun || artifact === 'never' || (matrix.entry === undefined && artifact === 'auto')) return;
  const { entry = 'measurement', side, shard } = matrix;
  await uploadEntry(
    { log: run.log, dir: run.dir, env },
    { key: comment.key, entry, side, shard, ...handover },
  );
}

function failureOf(error: unknown): NonNullable<Handover['failure']> {
  if (error instanceof SnapgateError) return { code: error.code, message: error.message };
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}
