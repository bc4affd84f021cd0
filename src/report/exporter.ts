import type { Bisection } from '../gate/bisection-record.ts';
import type { Calibration } from '../gate/calibration-record.ts';
import type { Comparison, Matrix } from '../gate/record.ts';
import type { Measurement } from '../measure/record.ts';

/** What whoever runs snapgate knows of a report beside its records. The addresses are trusted: they come from the runner, not from a record. */
export interface ReportContext {
  /** `https://github.com/OWNER/NAME`: commits are then links. */
  readonly repositoryUrl?: string | undefined;
  /** Where the job's summary is, which has what a comment has no room for. */
  readonly runUrl?: string | undefined;
  /** One sentence: where the numbers come from, if not from this run. */
  readonly provenance?: string | undefined;
  /** Sentences that must not be overlooked: why a label accepts nothing. They may hold foreign names. */
  readonly remarks?: readonly string[] | undefined;
}

/** What a report of a comparison is made from. The measurements add detail; a comparison read from a file comes without. */
export interface ReportInput extends ReportContext {
  readonly comparison: Comparison;
  readonly base?: Measurement | undefined;
  readonly head?: Measurement | undefined;
  /** Options of the command line that repeat the run (`--dockerfile`, `Dockerfile`, …), not quoted; `--base` where that is no commit. */
  readonly reproduce?: readonly string[] | undefined;
}

/** What a report of a matrix is made from. */
export interface MatrixReportInput extends ReportContext {
  readonly matrix: Matrix;
}

/** One form of report. Every string of a record is foreign: an exporter makes it harmless in its own form. */
export interface Exporter {
  readonly name: 'markdown' | 'terminal' | 'json';
  render(input: ReportInput): string;
  /** All entries of a matrix, under one verdict. */
  renderMatrix(input: MatrixReportInput): string;
  /** One side alone, for `mode: measure`. */
  renderMeasurement(measurement: Measurement): string;
  renderCalibration(calibration: Calibration): string;
  renderBisection(bisection: Bisection): string;
}
