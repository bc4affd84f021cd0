import { parseRecord } from './parse.ts';
import { type Measurement, measurementSchema, measurementVersion } from './record.ts';

/** Reads a measurement-*.json. `where` is its path, for people. Whatever is wrong with it is a SnapgateError('record'). */
export function readMeasurement(text: string, where: string): Measurement {
  return parseRecord(text, where, {
    kind: 'measurement',
    name: 'snapgate/measurement',
    version: measurementVersion,
    schema: measurementSchema,
  });
}
