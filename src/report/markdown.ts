import type { Measurement } from '../measure/record.ts';
import { bisectionTable } from './bisection-table.ts';
import { calibrationTable } from './calibration-table.ts';
import type { Exporter, MatrixReportInput, ReportInput } from './exporter.ts';
import { fitParts, type Limit, type Part } from './fit.ts';
import { link } from './links.ts';
import { comparisonParts } from './markdown-comparison.ts';
import { matrixParts } from './markdown-matrix.ts';
import { measurementParts } from './markdown-measurement.ts';

/** GitHub refuses a comment above 65,536 characters; the rest is room for the hidden marker of whoever posts it. */
export const maxMarkdownLength = 65_536 - 1024;

/** GitHub drops a step's summary above 1,024 KiB; the rest is room for what others of the step write. */
export const maxSummaryBytes = 1024 * 1024 - 4096;

export interface MarkdownOptions {
  /** Characters at most, as JavaScript counts them: `maxMarkdownLength` if not given; 500 and above are kept to. */
  readonly limit?: number;
}

/** Markdown takes a limit besides: each report is made to fit it. */
export interface MarkdownExporter extends Exporter {
  render(input: ReportInput, options?: MarkdownOptions): string;
  renderMatrix(input: MatrixReportInput, options?: MarkdownOptions): string;
  renderMeasurement(measurement: Measurement, options?: MarkdownOptions): string;
}

/** The pull request's comment. */
export const markdown: MarkdownExporter = {
  name: 'markdown',
  render: (input, options) => fitParts(comparisonParts(input), commentLimit(options, input.runUrl)),
  renderMatrix: (input, options) => fitParts(matrixParts(input), commentLimit(options, input.runUrl)),
  renderMeasurement: (measurement, options) =>
    fitParts(measurementParts(measurement), commentLimit(options, undefined)),
  renderCalibration: (calibration) => typed(calibrationTable(calibration, { colour: false })),
  renderBisection: (bisection) => typed(bisectionTable(bisection, { colour: false, reproduce: undefined })),
};

/** What is made for a terminal, as it is: a fenced block, which nothing in it can end. */
function typed(text: string): string {
  return `\`\`\`text\n${text.replaceAll('`', 'ˋ')}\`\`\`\n`;
}

/** The job's summary: the report with all its details, as far as GitHub takes them. */
export function summaryOf(input: ReportInput | MatrixReportInput): string {
  return fitParts(partsOf(input), summaryLimit);
}

/** The same for one side alone. */
export function measurementSummary(measurement: Measurement): string {
  return fitParts(measurementParts(measurement), summaryLimit);
}

function partsOf(input: ReportInput | MatrixReportInput): Part[] {
  return 'matrix' in input ? matrixParts(input) : comparisonParts(input);
}

function commentLimit(
  { limit = maxMarkdownLength }: MarkdownOptions = {},
  runUrl: string | undefined,
): Limit {
  const where = runUrl === undefined ? 'The JSON' : link("The job's summary", runUrl);
  return { most: limit, lengthOf: (text) => text.length, sayLeftOut: (names) => leftOut(names, where) };
}

const summaryLimit: Limit = {
  most: maxSummaryBytes,
  lengthOf: Buffer.byteLength,
  sayLeftOut: (names) => leftOut(names, 'The JSON'),
};

function leftOut(names: readonly string[], where: string): string {
  return `Cut or left out for length: ${names.join(', ')}. ${where} has all of it.`;
}
