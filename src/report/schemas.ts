import { z } from 'zod';
import { configFileSchema } from '../config/file.ts';
import { bisectionSchema } from '../gate/bisection-record.ts';
import { calibrationSchema } from '../gate/calibration-record.ts';
import { comparisonSchema, matrixSchema } from '../gate/record.ts';
import { inspectionSchema } from '../inspect/record.ts';
import { measurementSchema } from '../measure/record.ts';

/** JSON Schemas (draft 2020-12) of what snapgate reads and writes: file name in `schema/` → text, the same at every call. */
export function emitSchemas(): Readonly<Record<string, string>> {
  const documents: readonly (readonly [string, string, z.ZodType])[] = [
    ['bisection.schema.json', 'Where growth came in, as snapgate bisect --json tells', bisectionSchema],
    [
      'calibration.schema.json',
      'An image against itself, as snapgate calibrate writes it to calibration.json',
      calibrationSchema,
    ],
    [
      'comparison.schema.json',
      'Head against base, as snapgate writes it to comparison.json',
      comparisonSchema,
    ],
    ['inspection.schema.json', 'What is in files, as snapgate inspect --json tells', inspectionSchema],
    ['matrix.schema.json', 'All entries of a matrix, as snapgate writes them to matrix.json', matrixSchema],
    ['measurement.schema.json', 'One side, as snapgate writes it to measurement-*.json', measurementSchema],
    ['snapgate.yml.schema.json', 'snapgate.yml', configFileSchema],
  ];
  return Object.fromEntries(documents.map(([name, title, schema]) => [name, emit(name, title, schema)]));
}

function emit(name: string, title: string, schema: z.ZodType): string {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' });
  return `${JSON.stringify({ $schema, $id: name, title, ...rest }, sortKeys, 2)}\n`;
}

/** Keys in one order whatever order zod has them in, but for the head of the document and the order that properties are written in. */
function sortKeys(key: string, value: unknown): unknown {
  if (
    key === '' ||
    key === 'properties' ||
    typeof value !== 'object' ||
    value === null ||
    Array.isArray(value)
  )
    return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
