import type { Run } from '../host/run.ts';
import type { Measurement } from '../measure/record.ts';
import { stepTable } from '../report/step-table.ts';

/** The steps of engine e2b in the log, where a person looks for them who knows the benchmark; of other engines nothing. */
export function logSteps(run: Run, ...measurements: readonly (Measurement | undefined)[]): void {
  for (const measurement of measurements) {
    const lines = measurement === undefined ? [] : stepTable(measurement);
    if (lines.length > 0) run.log.info(lines.join('\n'));
  }
}
