import * as core from '@actions/core';
import { type FilePlace, onlyChangedFile } from '../baseline/changed-file.ts';
import { openGit } from '../baseline/git.ts';
import { failedSizes } from '../gate/accept.ts';
import { pastDrift } from '../gate/drift.ts';
import { outcomeOf } from '../gate/outcome.ts';
import { comparisonsOf } from '../gate/record.ts';
import { messageOf } from '../host/error.ts';
import type { Log, Run } from '../host/run.ts';
import { summaryOf } from '../report/markdown.ts';
import { acceptJudged } from './acceptance.ts';
import { type Annotation, annotationOf } from './annotation.ts';
import type { Announcer } from './announce.ts';
import { type Consequence, consequenceOf } from './consequence.ts';
import type { Decision } from './decision.ts';
import { hasChanged, type Judged, namedRows, recordOf, renderJudged, writeJudged } from './judged.ts';
import { type OutputName, outputsOf } from './outputs.ts';
import type { ActionRequest } from './request.ts';
import type { Sides } from './sides.ts';

export interface ToPublish {
  readonly sides: Sides;
  readonly announcer: Announcer;
  readonly decision: Decision;
}

/** Tells everybody of a decision: first what cannot fail, then GitHub. The exit status of the step. */
export async function publishJudged(
  run: Run,
  request: ActionRequest,
  { sides, announcer, decision }: ToPublish,
): Promise<number> {
  const { judged, remember } = await acceptJudged(run.log, request, { sides, announcer, decision });
  const record = recordOf(judged);
  const consequence = consequenceOf(record, request.config, request.event.name);
  setOutputs(outputsOf(judged, writeJudged(request.config, judged)));
  await writeSummary(run.log, summaryOf(judged));
  const annotation = await annotationFor(run, request, judged, consequence);
  if (annotation) annotate(annotation);
  const told = await announcer.concluded({
    outcome: outcomeOf(record),
    headline: record.headline,
    changed: hasChanged(judged),
    render: (limit) => renderJudged(judged, limit),
    sizes: failedSizes(record),
    acceptance: remember,
    conclusion: consequence.conclusion,
    annotation,
  });
  setOutputs({ 'comment-url': told.commentUrl ?? '', 'check-url': told.checkUrl ?? '' });
  return consequence.exitCode;
}

export function setOutputs(values: Partial<Record<OutputName, string>>): void {
  for (const [name, value] of Object.entries(values)) core.setOutput(name, value);
}

/** A summary that cannot be written is a warning. */
export async function writeSummary(log: Log, markdown: string): Promise<void> {
  try {
    await core.summary.addRaw(markdown, true).write();
  } catch (error) {
    log.warning(`The job summary could not be written: ${messageOf(error)}`);
  }
}

async function annotationFor(
  run: Run,
  request: ActionRequest,
  judged: Judged,
  { exitCode, wanted }: Consequence,
): Promise<Annotation | undefined> {
  const record = recordOf(judged);
  const { verdict, headline } = record;
  const crept = comparisonsOf(record).flatMap(({ comparison }) =>
    pastDrift(comparison).map(({ scenario, metric, reason }) => `${scenario} ${metric}: ${reason}`),
  );
  const told = { verdict, headline, rows: namedRows(record), crept };
  return annotationOf(told, { code: exitCode, wanted }, await placeToBlame(run, request, judged));
}

/** Where the image has changed in one file alone, that file. */
async function placeToBlame(
  run: Run,
  { config, workspace }: ActionRequest,
  judged: Judged,
): Promise<FilePlace | undefined> {
  if ('matrix' in judged || config.image === undefined) return undefined;
  const { base, head } = judged.comparison;
  if (base?.commit === undefined || head.commit === undefined) return undefined;
  return await onlyChangedFile(openGit(run, workspace), base.commit, head.commit, config.image);
}

function annotate({ level, title, message, file, line }: Annotation): void {
  const write = level === 'error' ? core.error : core.warning;
  write(message, {
    title,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { startLine: line }),
  });
}
