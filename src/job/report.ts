import { readComparison } from '../gate/read.ts';
import { SnapgateError } from '../host/error.ts';
import { readMeasurement } from '../measure/read.ts';
import type { Exporter } from '../report/exporter.ts';
import { readRecordFile } from './compare.ts';

/** Shows a stored comparison or measurement; which of the two it is, it says itself. */
export function renderRecord(path: string, exporter: Exporter): string {
  const text = readRecordFile(path);
  switch (schemaOf(text)) {
    case 'snapgate/comparison':
      return exporter.render({ comparison: readComparison(text, path) });
    case 'snapgate/measurement':
      return exporter.renderMeasurement(readMeasurement(text, path));
    default:
      throw new SnapgateError(
        'record',
        `${path} is neither a comparison nor a measurement of snapgate`,
        'Name a comparison.json or measurement-*.json that snapgate wrote.',
      );
  }
}

function schemaOf(text: string): unknown {
  try {
    const record: unknown = JSON.parse(text);
    return typeof record === 'object' && record !== null && 'schema' in record ? record.schema : undefined;
  } catch {
    return undefined;
  }
}
