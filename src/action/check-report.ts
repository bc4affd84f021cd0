import { type CheckAnnotation, type CheckReport, fitSummary } from '../github/check-run.ts';
import { prose } from '../report/escape.ts';
import type { Annotation } from './annotation.ts';
import type { Conclusion, Failure } from './announce.ts';

/** What the words are about. */
export interface CheckSubject {
  readonly headSha: string | undefined;
  readonly run: { readonly url: string };
}

export function measuringReport({ headSha, run }: CheckSubject): CheckReport {
  return {
    status: 'in_progress',
    title: 'Measuring',
    summary: `${shortSha(headSha)} is being measured: ${run.url}`,
  };
}

export function concludedReport({ run }: CheckSubject, conclusion: Conclusion): CheckReport {
  const { annotation, title, headline, render } = conclusion;
  const placed = annotation && placedAnnotation(annotation);
  return {
    status: 'completed',
    conclusion: conclusion.conclusion,
    title: title ?? headline,
    summary: fitSummary(render, `Cut for length: the whole report is in the run's summary, ${run.url}`),
    annotations: placed && [placed],
  };
}

export function failedReport({ headSha, run }: CheckSubject, { message, remedy }: Failure): CheckReport {
  return {
    status: 'completed',
    conclusion: 'failure',
    title: `Not measured: ${message}`,
    summary: `${shortSha(headSha)} was not measured: ${prose(message)}\n\nWhat to do: ${prose(remedy)}\n\nNothing was compared: this says nothing about the change. The run: ${run.url}`,
  };
}

export function cancelledReport({ headSha, run }: CheckSubject): CheckReport {
  return {
    status: 'completed',
    conclusion: 'cancelled',
    title: 'Cancelled',
    summary: `The run of ${shortSha(headSha)} was cancelled: ${run.url}`,
  };
}

/** Of a run whose result could not be told when it was there. */
export function lateReport(
  { run }: CheckSubject,
  { conclusion, title }: Pick<Extract<CheckReport, { status: 'completed' }>, 'conclusion' | 'title'>,
): CheckReport {
  return {
    status: 'completed',
    conclusion,
    title,
    summary: `The report is in the run's summary: ${run.url}`,
  };
}

/** A check shows an annotation only at a place in a file; the run's own page shows it without. */
function placedAnnotation({ level, title, message, file, line }: Annotation): CheckAnnotation | undefined {
  if (file === undefined) return undefined;
  return { path: file, startLine: line, level: level === 'error' ? 'failure' : 'warning', title, message };
}

function shortSha(sha: string | undefined): string {
  return sha === undefined ? 'This commit' : `\`${sha.slice(0, 7)}\``;
}
