import { z } from 'zod';
import { parseRecord } from '../measure/parse.ts';
import { commitShaSchema, type Measurement, type Sample, sampleSchema } from '../measure/record.ts';
import { measuredMetrics, summarizeSide } from '../measure/summarize.ts';
import { fingerprintKey } from './measuring-key.ts';

export const historyVersion = 1;

/** Entries that a history keeps: the newest. */
export const maxHistoryEntries = 1000;

const shortText = z.string().max(500);

export const historyEntrySchema = z.strictObject({
  commit: commitShaSchema,
  measuredAt: z.iso.datetime(),
  /** See `fingerprintKey`. */
  fingerprintSha256: z.string().regex(/^[0-9a-f]{64}$/),
  snapgate: shortText,
  boots: z.int().nonnegative(),
  /** Median over boots of each boot's interquartile mean, per scenario in the order they ran, in the metric's unit. */
  scenarios: z.array(z.strictObject({ name: shortText, medians: sampleSchema.shape.metrics })).max(1000),
});
export type HistoryEntry = z.infer<typeof historyEntrySchema>;

/** What was measured of one branch, one line of numbers a commit. */
export const historySchema = z.strictObject({
  schema: z.literal('snapgate/history'),
  version: z.literal(historyVersion),
  entries: z.array(historyEntrySchema).max(maxHistoryEntries),
});
export type History = z.infer<typeof historySchema>;

/** Reads a history: its entries, oldest first. `where` is its place, for people. Whatever is wrong with it is a SnapgateError('record'). */
export function readHistory(text: string, where: string): readonly HistoryEntry[] {
  const kind = { kind: 'history', name: 'snapgate/history', version: historyVersion, schema: historySchema };
  return sortHistory(parseRecord(text, where, kind).entries);
}

/**
 * One entry for each commit, of the newest `maxHistoryEntries`, in the order that the commits were first measured in. What a commit was measured
 * to be last counts, from the time that it was measured first: an old push that runs again is no newer commit.
 */
export function sortHistory(entries: readonly HistoryEntry[]): readonly HistoryEntry[] {
  const ofCommit = new Map<string, HistoryEntry>();
  for (const entry of entries.toSorted((a, b) => Date.parse(a.measuredAt) - Date.parse(b.measuredAt))) {
    const first = ofCommit.get(entry.commit);
    ofCommit.set(entry.commit, first === undefined ? entry : { ...entry, measuredAt: first.measuredAt });
  }
  return [...ofCommit.values()].slice(-maxHistoryEntries);
}

/** The history with one entry more; see `sortHistory` for one whose commit is there already. */
export function appendToHistory(entries: readonly HistoryEntry[], entry: HistoryEntry): History {
  return toHistory(sortHistory([...entries, entry]));
}

export function toHistory(entries: readonly HistoryEntry[]): History {
  return { schema: 'snapgate/history', version: historyVersion, entries: [...entries] };
}

/** A measurement in short; undefined for one without a commit, or without the time that it was taken at. */
export function historyEntryOf(measurement: Measurement): HistoryEntry | undefined {
  const entry = historyEntrySchema.safeParse({
    commit: measurement.subject.commit,
    measuredAt: measurement.createdAt,
    fingerprintSha256: fingerprintKey(measurement.fingerprint),
    snapgate: measurement.snapgate,
    boots: measurement.boots.length,
    scenarios: measurement.scenarios.map(({ name }) => ({ name, medians: mediansOf(measurement, name) })),
  });
  return entry.success ? entry.data : undefined;
}

/** Those that a comparison shows of this side, unless the other one has a longer warm-up: a history has no other side. */
function mediansOf(measurement: Measurement, scenario: string): Sample['metrics'] {
  const medians = measuredMetrics(measurement).flatMap((metric) => {
    const summary = summarizeSide(measurement, scenario, metric);
    return summary === undefined ? [] : [[metric, summary.median] as const];
  });
  return Object.fromEntries(medians);
}
