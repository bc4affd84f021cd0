import { readBisection, readCalibration, readComparison, readMatrix } from '../gate/read.ts';
import { messageOf, SnapgateError } from '../host/error.ts';
import { readMeasurement } from '../measure/read.ts';
import type { Exporter } from '../report/exporter.ts';
import { readRecordFile, recordRemedy } from './compare.ts';

/** Shows a stored record: which kind it is of, it says itself. */
export function renderRecord(path: string, exporter: Exporter): string {
  const text = readRecordFile(path);
  switch (schemaOf(text, path)) {
    case 'snapgate/comparison':
      return exporter.render({ comparison: readComparison(text, path) });
    case 'snapgate/matrix':
      return exporter.renderMatrix({ matrix: readMatrix(text, path) });
    case 'snapgate/measurement':
      return exporter.renderMeasurement(readMeasurement(text, path));
    case 'snapgate/calibration':
      return exporter.renderCalibration(readCalibration(text, path));
    case 'snapgate/bisection':
      return exporter.renderBisection(readBisection(text, path));
    default:
      throw new SnapgateError(
        'record',
        `${path} is no comparison, measurement, calibration or bisection of snapgate`,
        recordRemedy,
      );
  }
}

function schemaOf(text: string, path: string): unknown {
  const record = parseJson(text, path);
  return typeof record === 'object' && record !== null && 'schema' in record ? record.schema : undefined;
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = messageOf(error);
    throw new SnapgateError('record', `${path} is not JSON: ${why}`, recordRemedy, { cause: error });
  }
}
