import { parseRecord } from '../measure/parse.ts';
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
