import * as core from '@actions/core';
import { openComments } from '../github/comments.ts';
import type { Log } from '../host/run.ts';
import type { GateResult } from '../job/gate.ts';
import type { MeasureResult } from '../job/measure.ts';
import { type Annotation, annotationOf } from './annotation.ts';
import { writeComment } from './comment.ts';
import { memfileGrowth, type OutputName } from './outputs.ts';
import type { ActionRequest } from './request.ts';

/** GitHub's limit of a step's summary, in bytes. */
const maxSummaryBytes = 1024 * 1024;

/** Tells everybody of a gate: first what cannot fail, then the pull request. */
export async function publishGate(log: Log, request: ActionRequest, result: GateResult): Promise<void> {
  const { report, files, markdown, exitCode } = result;
  const { comparison } = report;
  setOutputs({
    verdict: comparison.verdict,
    comparison: files.comparison,
    report: files.report,
    measurement: files.headMeasurement,
    'memfile-growth': memfileGrowth(comparison),
  });
  await writeSummary(log, markdown);
  const annotation = annotationOf(comparison, exitCode);
  if (annotation) annotate(annotation);
  const url = await tellPullRequest(log, request, markdown);
  setOutputs({ 'comment-url': url ?? '' });
}

/** Tells of one side's measurement: outputs and summary. */
export async function publishMeasurement(log: Log, result: MeasureResult): Promise<void> {
  setOutputs({ report: result.report, measurement: result.file });
  await writeSummary(log, result.markdown);
}

function annotate({ level, title, message }: Annotation): void {
  const write = level === 'error' ? core.error : core.warning;
  write(message, { title });
}

function setOutputs(values: Partial<Record<OutputName, string>>): void {
  for (const [name, value] of Object.entries(values)) core.setOutput(name, value);
}

async function writeSummary(log: Log, markdown: string): Promise<void> {
  const text = Buffer.from(markdown)
    .subarray(0, maxSummaryBytes - 4096)
    .toString('utf8');
  try {
    await core.summary.addRaw(text, true).write();
  } catch (error) {
    log.warning(`The job summary could not be written: ${error instanceof Error ? error.message : error}`);
  }
}

async function tellPullRequest(
  log: Log,
  { comment, config }: ActionRequest,
  markdown: string,
): Promise<string | undefined> {
  if (comment === undefined) return undefined;
  if (comment.token === '') {
    log.warning('No comment: github-token is empty. It needs `pull-requests: write`.');
    return undefined;
  }
  return await writeComment(openComments(comment), { key: config.comment.key, markdown }, log);
}
