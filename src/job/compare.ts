import { readFileSync, statSync } from 'node:fs';
import type { GateConfig } from '../config/types.ts';
import { compareMeasurements } from '../gate/compare.ts';
import { withNoHistory } from '../gate/drift.ts';
import type { Comparison, NoVerdict } from '../gate/record.ts';
import { errnoOf, SnapgateError } from '../host/error.ts';
import { formatBytes } from '../host/units.ts';
import { version } from '../host/version.ts';
import { maxRecordBytes } from '../measure/parse.ts';
import { readMeasurement } from '../measure/read.ts';
import type { Measurement } from '../measure/record.ts';
import type { ReportInput } from '../report/exporter.ts';

/** Decides from two stored measurements; boots nothing. */
export function compareFiles(basePath: string, headPath: string, config: GateConfig): ReportInput {
  const base = readMeasurement(readRecordFile(basePath), basePath);
  const head = readMeasurement(readRecordFile(headPath), headPath);
  const absent = 'snapgate compare has two records, and no history of a branch';
  const comparison = withNoHistory(decide(base, head, config), { absent }, config);
  return { comparison, base, head };
}

/** The verdict on two measurements of now; `noVerdict` says why there is no base although one was asked for. */
export function decide(
  base: Measurement | undefined,
  head: Measurement,
  config: GateConfig,
  noVerdict?: NoVerdict,
): Comparison {
  const meta = { snapgate: version, now: new Date().toISOString() };
  return compareMeasurements(base, head, config, noVerdict === undefined ? meta : { ...meta, noVerdict });
}

/** @throws SnapgateError `record` for a file that is not there or too large to be a record. */
export function readRecordFile(path: string): string {
  try {
    if (statSync(path).size <= maxRecordBytes) return readFileSync(path, 'utf8');
  } catch (error) {
    const code = errnoOf(error);
    const what = code === 'ENOENT' ? `there is no file ${path}` : `${path} cannot be read (${code ?? error})`;
    throw new SnapgateError('record', what, recordRemedy, { cause: error });
  }
  throw new SnapgateError(
    'record',
    `${path} is larger than ${formatBytes(maxRecordBytes)}, too large to be a record`,
    recordRemedy,
  );
}

export const recordRemedy = 'Name a comparison.json or measurement-*.json that snapgate wrote.';
