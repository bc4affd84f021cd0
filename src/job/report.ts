import { readComparison, readMatrix } from '../gate/read.ts';
import { messageOf, SnapgateError } from '../host/error.ts';
import { readMeasurement } from '../measure/read.ts';
import type { Exporter } from '../report/exporter.ts';
import { readRecordFile, recordRemedy } from './compare.ts';

/** Shows a stored comparison, matrix or measurement; which of them it is, it says itself. */
export function renderRecord(path: string, exporter: Exporter): string {
  const text = readRecordFile(path);
  switch (schemaOf(text, path)) {
    case 'snapgate/comparison':
      return exporter.render({ comparison: readComparison(text, path) });
    case 'snapgate/matrix':
      return exporter.renderMatrix({ matrix: readMatrix(text, path) });
    case 'snapgate/measurement':
      return exporter.renderMeasurement(readMeasurement(text, path));
    default:
      throw new SnapgateError(
        'record',
        `${path} is neither a comparison nor a measurement of snapgate`,
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
