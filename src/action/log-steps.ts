import type { Run } from '../host/run.ts';
import { stepTables } from '../report/step-table.ts';

/** The steps of engine e2b in the log, where a person looks for them who knows the benchmark; of other engines nothing. */
export function logSteps(run: Run, sides: Parameters<typeof stepTables>[0]): void {
  const lines = stepTables(sides);
  if (lines.length > 0) run.log.info(lines.join('\n'));
}
