import { z } from 'zod';
import { SnapgateError } from '../host/error.ts';

/** Bytes of a record that are read at all. */
export const maxRecordBytes = 64 * 1024 ** 2;

/** One kind of JSON record and the one version of it that is read. */
export interface RecordKind<T> {
  readonly kind: string;
  /** Its `schema` field. */
  readonly name: string;
  readonly version: number;
  readonly schema: z.ZodType<T>;
}

/** Text of a record → the record. Unreadable, another kind, another version, too large: SnapgateError('record'). */
export function parseRecord<T>(text: string, where: string, kind: RecordKind<T>): T {
  const remedy = `Give a ${kind.kind} that this version of snapgate has written.`;
  if (Buffer.byteLength(text) > maxRecordBytes)
    throw new SnapgateError('record', `${where} is larger than ${maxRecordBytes / 1024 ** 2} MiB`, remedy);
  const value = parseJson(text, where, remedy);
  requireKind(value, where, kind, remedy);
  const parsed = kind.schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue?.path.map(String).join('.') || 'the record';
  throw new SnapgateError(
    'record',
    `${where} is not a valid ${kind.kind}: ${place}: ${issue?.message ?? 'invalid'}`,
    remedy,
  );
}

function parseJson(text: string, where: string, remedy: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unreadable';
    throw new SnapgateError('record', `${where} is not JSON: ${why}`, remedy, { cause: error });
  }
}

const headerSchema = z.looseObject({ schema: z.string(), version: z.number() });

function requireKind(value: unknown, where: string, kind: RecordKind<unknown>, remedy: string): void {
  const header = headerSchema.safeParse(value);
  if (!header.success || header.data.schema !== kind.name) {
    const found = header.success ? JSON.stringify(header.data.schema.slice(0, 60)) : 'something else';
    throw new SnapgateError('record', `${where} is not a ${kind.kind}, but ${found}`, remedy);
  }
  if (header.data.version === kind.version) return;
  throw new SnapgateError(
    'record',
    `${where} was written by snapgate schema version ${header.data.version}, this one reads ${kind.version}`,
    'Measure again with this version, or read it with the version that wrote it.',
  );
}
