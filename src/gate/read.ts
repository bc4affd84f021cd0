import { parseRecord } from '../measure/parse.ts';
import { type Bisection, bisectionSchema, bisectionVersion } from './bisection-record.ts';
import { type Calibration, calibrationSchema, calibrationVersion } from './calibration-record.ts';
import {
  type Comparison,
  comparisonSchema,
  comparisonVersion,
  type Matrix,
  matrixSchema,
  matrixVersion,
} from './record.ts';

/** Reads a comparison.json. `where` is its path, for people. Whatever is wrong with it is a SnapgateError('record'). */
export function readComparison(text: string, where: string): Comparison {
  return parseRecord(text, where, {
    kind: 'comparison',
    name: 'snapgate/comparison',
    version: comparisonVersion,
    schema: comparisonSchema,
  });
}

/** Reads a matrix.json. `where` is its path, for people. Whatever is wrong with it is a SnapgateError('record'). */
export function readMatrix(text: string, where: string): Matrix {
  return parseRecord(text, where, {
    kind: 'comparison of a matrix',
    name: 'snapgate/matrix',
    version: matrixVersion,
    schema: matrixSchema,
  });
}

/** Reads a calibration.json, as `readComparison` does its own. */
export function readCalibration(text: string, where: string): Calibration {
  return parseRecord(text, where, {
    kind: 'calibration',
    name: 'snapgate/calibration',
    version: calibrationVersion,
    schema: calibrationSchema,
  });
}

/** Reads a bisection.json, as `readComparison` does its own. */
export function readBisection(text: string, where: string): Bisection {
  return parseRecord(text, where, {
    kind: 'bisection',
    name: 'snapgate/bisection',
    version: bisectionVersion,
    schema: bisectionSchema,
  });
}
