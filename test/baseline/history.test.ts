import { describe, expect, test } from 'vitest';
import {
  appendToHistory,
  type HistoryEntry,
  historyEntryOf,
  maxHistoryEntries,
  readHistory,
  sortHistory,
  toHistory,
} from '../../src/baseline/history.ts';
import { type MetricName, metricNames } from '../../src/engine/contract.ts';
import { SnapgateError } from '../../src/host/error.ts';
import type { Measurement } from '../../src/measure/record.ts';
import { locationOf } from '../../src/stats/location.ts';
import { sampleMeasurement } from '../gate/sample-measurement.ts';

const day = 24 * 3600e3;

function commitOf(index: number): string {
  return index.toString(16).padStart(40, '0');
}

function entryOf(index: number, more: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    commit: commitOf(index),
    measuredAt: new Date(index * day).toISOString(),
    fingerprintSha256: 'f'.repeat(64),
    snapgate: '0.1.0',
    boots: 5,
    scenarios: [{ name: 'pause', medians: { 'memfile.writtenBytes': index } }],
    ...more,
  };
}

/** Computed anew: the median of each boot's cycles after its warm-up, and of these medians their own. */
function medianOfBoots({ boots }: Measurement, scenario: string, metric: MetricName): number | undefined {
  const middle = (values: readonly number[]): number | undefined => {
    const [low, high] = [values.length / 2 - 0.5, values.length / 2].map(Math.floor);
    const sorted = values.toSorted((a, b) => a - b);
    const [a, b] = [sorted[low ?? 0], sorted[high ?? 0]];
    return a === undefined || b === undefined ? undefined : (a + b) / 2;
  };
  return middle(
    boots.flatMap(({ samples }) => {
      const counted = samples.filter((sample) => sample.scenario === scenario && !sample.warmup);
      const values = counted.flatMap(({ metrics }) => metrics[metric] ?? []);
      return values.length === 0 ? [] : locationOf(values);
    }),
  );
}

describe('an entry', () => {
  test('has the medians that a comparison shows, of every scenario and metric', () => {
    // A seed of which no scenario's noise happens to begin like a warm-up, which would be left out too.
    let next = 2;
    const noise = () => {
      next = (next * 48271) % 2147483647;
      return next % 1_000_003;
    };
    const measurement = sampleMeasurement({
      side: 'head',
      boots: 4,
      rounds: 5,
      warmup: 2,
      metrics: (scenario) => ({
        'memfile.writtenBytes': noise(),
        resumeMs: noise() / 7,
        ...(scenario === 'pause' ? { stateBytes: noise() } : {}),
      }),
    });
    const entry = historyEntryOf(measurement);
    expect(entry?.scenarios.map(({ name }) => name)).toEqual(measurement.scenarios.map(({ name }) => name));
    for (const { name, medians } of entry?.scenarios ?? []) {
      const expected = metricNames.map((metric) => medianOfBoots(measurement, name, metric));
      expect(metricNames.map((metric) => medians[metric])).toEqual(expected);
    }
    expect(entry).toMatchObject({ commit: 'b'.repeat(40), boots: 4, measuredAt: measurement.createdAt });
  });

  test('is none without a commit, or without a time', () => {
    const measurement = sampleMeasurement({ side: 'head', metrics: () => ({ resumeMs: 1 }) });
    expect(historyEntryOf({ ...measurement, subject: { label: 'folder' } })).toBeUndefined();
    expect(historyEntryOf({ ...measurement, createdAt: 'yesterday' })).toBeUndefined();
  });
});

describe('a history', () => {
  test('is in the order of time, whatever order it was written in', () => {
    const text = JSON.stringify(toHistory([entryOf(3), entryOf(1), entryOf(2)]));
    expect(readHistory(text, 'history').map(({ commit }) => commit)).toEqual([1, 2, 3].map(commitOf));
  });

  test('has one entry a commit, with its last numbers at its first time', () => {
    const early = entryOf(1, { boots: 1 });
    const late = entryOf(1, { boots: 2, measuredAt: entryOf(9).measuredAt });
    // The numbers of the last, in the place of the first: a push that is run again is no newer commit.
    const inPlace = { ...late, measuredAt: early.measuredAt };
    expect(sortHistory([late, entryOf(5), early])).toEqual([inPlace, entryOf(5)]);
    expect(appendToHistory([early, entryOf(5)], late).entries).toEqual([inPlace, entryOf(5)]);
  });

  test('keeps the newest thousand', () => {
    const full = Array.from({ length: maxHistoryEntries }, (_, index) => entryOf(index));
    const { entries } = appendToHistory(full, entryOf(maxHistoryEntries));
    expect(entries).toHaveLength(maxHistoryEntries);
    expect(entries[0]).toEqual(entryOf(1));
    expect(entries.at(-1)).toEqual(entryOf(maxHistoryEntries));
    expect(readHistory(JSON.stringify(toHistory(entries)), 'history')).toEqual(entries);
  });

  test.each([
    ['no JSON', '{'],
    ['deep JSON', '['.repeat(200_000)],
    ['another record', JSON.stringify({ schema: 'snapgate/measurement', version: 1 })],
    ['another version', JSON.stringify({ ...toHistory([]), version: 2 })],
    [
      'too many entries',
      JSON.stringify(toHistory(Array.from({ length: 1001 }, (_, index) => entryOf(index)))),
    ],
    ['a commit that is a path', JSON.stringify(toHistory([entryOf(1, { commit: '../../etc/passwd' })]))],
    ['a time that is none', JSON.stringify(toHistory([entryOf(1, { measuredAt: 'now' })]))],
    ['a field more', JSON.stringify(toHistory([{ ...entryOf(1), ...{ extra: 1 } }]))],
    [
      'a metric that is none',
      JSON.stringify(toHistory([entryOf(1)])).replace('memfile.writtenBytes', 'constructor'),
    ],
    ['a negative number', JSON.stringify(toHistory([entryOf(1)])).replace(':1}', ':-1}')],
  ])('%s is refused', (_, text) => {
    expect(() => readHistory(text, 'history.json')).toThrow(SnapgateError);
    expect(() => readHistory(text, 'history.json')).toThrow('history.json');
  });
});
