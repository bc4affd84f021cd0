import { z } from 'zod';
import { type ErrorCode, exitCodes, SnapgateError } from '../host/error.ts';
import { parseRecord } from '../measure/parse.ts';
import { readMeasurement } from '../measure/read.ts';
import type { Measurement } from '../measure/record.ts';
import { commitShaSchema } from '../measure/record.ts';
import { requireBoundedJson } from './bounded-json.ts';

export const uploadVersion = 1;

/** Names of the files of an artifact: what it is of, and the measurements. */
export const uploadFiles = {
  record: 'upload.json',
  base: 'measurement-base.json',
  head: 'measurement-head.json',
} as const;

/** Keys, entries and shards are parts of an artifact's name. */
const namePart = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);

const shared = {
  schema: z.literal('snapgate/upload'),
  version: z.literal(uploadVersion),
  /** Of the gate: its `comment-key`. */
  key: namePart,
  /** What the run believes to belong to: checked against GitHub, never used. */
  pullRequest: z.int().positive().optional(),
  headSha: commitShaSchema.optional(),
  /** Why there is no measurement. The message is what others said: escape before showing. */
  failure: z
    .strictObject({
      code: z.custom<ErrorCode>((code) => typeof code === 'string' && Object.hasOwn(exitCodes, code)),
      message: z.string().max(1000),
    })
    .optional(),
};

/** What an artifact of snapgate is of, so that another job can use it. */
export const uploadSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...shared, kind: z.literal('gate') }),
  z.strictObject({
    ...shared,
    kind: z.literal('entry'),
    entry: namePart,
    side: z.enum(['head', 'base', 'both']),
    shard: namePart.optional(),
  }),
]);
export type UploadRecord = z.infer<typeof uploadSchema>;
export type EntryRecord = Extract<UploadRecord, { kind: 'entry' }>;
export type UploadFailure = NonNullable<UploadRecord['failure']>;

/** Reads an upload.json. `where` is what it came in, for people. Whatever is wrong with it is a SnapgateError('record'). */
export function readUpload(text: string, where: string): UploadRecord {
  requireBoundedJson(text, where, { bytes: 16 * 1024, depth: 4, values: 100 });
  return parseRecord(text, where, {
    kind: 'upload record',
    name: 'snapgate/upload',
    version: uploadVersion,
    schema: uploadSchema,
  });
}

/** What a foreign measurement may hold at most, beyond its schema: comparing takes time in the product of scenarios and samples. */
const mostScenarios = 1000;
const mostNotes = 1000;
const mostWork = 20_000_000;

/** Like readMeasurement, for one that nobody here has measured: it is bounded, of this side, and can be compared in reasonable time. */
export function readForeignMeasurement(text: string, where: string, side: 'base' | 'head'): Measurement {
  requireBoundedJson(text, where);
  const measurement = readMeasurement(text, where);
  const fault = faultOf(measurement, side);
  if (fault === undefined) return measurement;
  throw new SnapgateError(
    'record',
    `${where} is no measurement that can be used: ${fault}`,
    'Look at the run that uploaded it: snapgate itself writes no such record.',
  );
}

function faultOf(measurement: Measurement, side: 'base' | 'head'): string | undefined {
  const { scenarios, boots, notes } = measurement;
  if (measurement.side !== side) return `it is of ${measurement.side}, not of ${side}`;
  if (scenarios.length > mostScenarios) return `it has more than ${mostScenarios} scenarios`;
  if (new Set(scenarios.map(({ name }) => name)).size !== scenarios.length)
    return 'two of its scenarios have one name';
  if (notes.length > mostNotes) return `it has more than ${mostNotes} notes`;
  const samples = boots.flatMap((boot) => boot.samples);
  return samples.length * scenarios.length > mostWork
    ? `${samples.length} cycles of ${scenarios.length} scenarios are more than can be compared`
    : undefined;
}
