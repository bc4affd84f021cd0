import { parseRecord } from '../measure/parse.ts';
import { type Comparison, comparisonSchema, comparisonVersion } from './record.ts';

/** Reads a comparison.json. `where` is its path, for people. Whatever is wrong with it is a SnapgateError('record'). */
export function readComparison(text: string, where: string): Comparison {
  return parseRecord(text, where, {
    kind: 'comparison',
    name: 'snapgate/comparison',
    version: comparisonVersion,
    schema: comparisonSchema,
  });
}
