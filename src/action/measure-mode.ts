import type { ImageSide } from '../baseline/types.ts';
import { type Handover, uploadEntry } from '../github/artifact-upload.ts';
import { isInterruption, messageOf, SnapgateError } from '../host/error.ts';
import { openFolder } from '../host/folder.ts';
import type { Run } from '../host/run.ts';
import { writeRecord, writeText } from '../job/files.ts';
import { runMeasure } from '../job/measure.ts';
import type { Side } from '../measure/plan.ts';
import { measurementSummary } from '../report/markdown.ts';
import { logSteps } from './log-steps.ts';
import { obtainPair, storeHead } from './pair.ts';
import { setOutputs, writeSummary } from './publish.ts';
import type { ActionRequest } from './request.ts';
import { baseOf, comparesLine, headOf, type Sides, sidesOfRequest } from './sides.ts';

/** Measures, and decides nothing. What fails is handed over too: the job that decides is then told why an entry is missing. */
export async function measureMode(run: Run, request: ActionRequest): Promise<number> {
  const sides = await sidesOfRequest(run, request);
  run.log.info(comparesLine(sides, request));
  try {
    await handOver(run, request, await measure(run, request, sides));
    setOutputs({ rows: '[]' });
    return 0;
  } catch (error) {
    if (!isInterruption(error)) await handOver(run, request, { failure: failureOf(error) });
    throw error;
  }
}

async function measure(run: Run, request: ActionRequest, sides: Sides): Promise<Handover> {
  const { config } = request;
  const { side } = config.github.matrix;
  if (side === 'both') return await measureBoth(run, request, sides);
  const image = await imageOf(run, request, sides, side);
  const { measurement, file, report } = await runMeasure(run, { config, side, image });
  logSteps(run, { [measurement.side]: measurement });
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

async function imageOf(run: Run, request: ActionRequest, sides: Sides, name: Side): Promise<ImageSide> {
  const side = name === 'head' ? await headOf(run, request, sides) : await baseOf(run, request, sides);
  if (side.kind === 'commit') return await side.checkOut();
  if (side.kind === 'image') return side;
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
  return { code: 'internal', message: messageOf(error) };
}
