import type { Comparison } from '../gate/record.ts';
import type { Measurement } from '../measure/record.ts';

/** What a report of a comparison is made from. The measurements add detail; a comparison read from a file comes without. */
export interface ReportInput {
  readonly comparison: Comparison;
  readonly base?: Measurement | undefined;
  readonly head?: Measurement | undefined;
  /** Options of the command line that repeat the run (`--dockerfile`, `Dockerfile`, …), not quoted; `--base` where that is no commit. */
  readonly reproduce?: readonly string[] | undefined;
}

/** One form of report. Every string of a record is foreign: an exporter makes it harmless in its own form. */
export interface Exporter {
  readonly name: 'markdown' | 'terminal' | 'json';
  render(input: ReportInput): string;
  /** One side alone, for `mode: measure`. */
  renderMeasurement(measurement: Measurement): string;
}
