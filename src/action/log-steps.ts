import type { Run } from '../host/run.ts';
import type { Measurement } from '../measure/record.ts';
import { stepTable } from '../report/step-table.ts';

/** The steps of engine e2b in the log, where a person looks for them who knows the benchmark; of other engines nothing. */
export function logSteps(
  run: Run,
  sides: { readonly base?: Measurement | undefined; readonly head?: Measurement | undefined },
): void {
  for (const side of ['base', 'head'] as const) {
    const measurement = sides[side];
    const lines = measurement === undefined ? [] : stepTable(measurement, side);
    if (lines.length > 0) run.log.info(lines.join('\n'));
  }
}
