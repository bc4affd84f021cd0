import type { Config } from '../config/types.ts';
import { pastDrift } from '../gate/drift.ts';
import { type Comparison, comparisonsOf, type Matrix, type Row } from '../gate/record.ts';
import { openFolder } from '../host/folder.ts';
import { writeRecord, writeText } from '../job/files.ts';
import { writeGate } from '../job/gate.ts';
import type { MatrixReportInput, ReportContext, ReportInput } from '../report/exporter.ts';
import { markdown } from '../report/markdown.ts';

/** What a gate came to: one comparison, or the entries of a matrix. */
export type Judged = ReportInput | MatrixReportInput;

/** Paths of what was written into `output-dir`. */
export interface JudgedFiles {
  /** comparison.json or matrix.json. */
  readonly comparison: string;
  readonly report: string;
  /** Of a matrix there is none. */
  readonly measurement: string | undefined;
}

export function recordOf(judged: Judged): Comparison | Matrix {
  return 'matrix' in judged ? judged.matrix : judged.comparison;
}

/** The same with another record in its place, and what else the report is to say. */
export function withRecord(judged: Judged, record: Comparison | Matrix, more: ReportContext = {}): Judged {
  if ('matrix' in judged)
    return record.schema === 'snapgate/matrix' ? { ...judged, ...more, matrix: record } : judged;
  return record.schema === 'snapgate/comparison' ? { ...judged, ...more, comparison: record } : judged;
}

/** The comment, in at most so many characters. */
export function renderJudged(judged: Judged, limit: number): string {
  return 'matrix' in judged ? markdown.renderMatrix(judged, { limit }) : markdown.render(judged, { limit });
}

/** A row with the entry of a matrix that it is of; null where there is no matrix. */
export interface NamedRow extends Row {
  readonly entry: string | null;
}

/** All rows that gate, of all entries. */
export function namedRows(record: Comparison | Matrix): readonly NamedRow[] {
  return comparisonsOf(record).flatMap(({ entry, comparison }) =>
    comparison.rows.filter(({ gates }) => gates).map((row) => ({ ...row, entry })),
  );
}

/** Whether something is established to have changed, for better or worse. */
export function hasChanged(judged: Judged): boolean {
  const record = recordOf(judged);
  if (comparisonsOf(record).some(({ comparison }) => pastDrift(comparison).length > 0)) return true;
  return namedRows(record).some(
    ({ verdict, improved }) => verdict === 'fail' || verdict === 'warn' || improved,
  );
}

export function writeJudged(config: Config, judged: Judged): JudgedFiles {
  if (!('matrix' in judged)) {
    const { comparison, report, headMeasurement } = writeGate(config, judged);
    return { comparison, report, measurement: headMeasurement };
  }
  const dir = openFolder(config.outputDir, 'output-dir');
  return {
    comparison: writeRecord(dir, 'matrix.json', judged.matrix),
    report: writeText(dir, 'report.md', markdown.renderMatrix(judged)),
    measurement: undefined,
  };
}
