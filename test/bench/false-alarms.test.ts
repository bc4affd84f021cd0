import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Table } from '../../bench/bench.ts';
import { readBoots } from '../../bench/boots-data.ts';
import { simulateFalseAlarms } from '../../bench/false-alarms.ts';
import { SnapgateError } from '../../src/host/error.ts';
import type { Measurement } from '../../src/measure/record.ts';
import { temporaryFolder } from '../baseline/repository.ts';
import { noisyMeasurement } from '../gate/noisy-measurement.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const images: Readonly<Record<string, Measurement>> = {
  calm: noisyMeasurement({
    boots: 12,
    between: 0.005,
    within: 0.02,
    seed: 1,
    scenarios: ['idle-2s', 'spawn'],
  }),
  stormy: noisyMeasurement({
    boots: 12,
    between: 0.06,
    within: 0.2,
    seed: 2,
    scenarios: ['idle-2s', 'spawn'],
  }),
  few: noisyMeasurement({ boots: 3, between: 0.06, within: 0.2, seed: 3, scenarios: ['idle-2s', 'spawn'] }),
};

/** As `bench boots` writes it. */
function linesOf(): string[] {
  const { fingerprint, scenarios } =
    images['calm'] ?? noisyMeasurement({ boots: 1, between: 0, within: 0, seed: 1 });
  const head = { schema: 'snapgate/boots', version: 1, fingerprint, scenarios, warmup: 2 };
  const boots = Object.entries(images).flatMap(([image, measurement]) =>
    measurement.boots.map(({ startedAt, readyMs, samples }) => ({
      image,
      startedAt,
      readyMs,
      writtenPages: Object.fromEntries(
        scenarios.map(({ name }) => [
          name,
          samples
            .filter(({ scenario }) => scenario === name)
            .map(({ metrics }) => (metrics['memfile.writtenBytes'] ?? 0) / 4096),
        ]),
      ),
    })),
  );
  return [head, ...boots].map((line) => JSON.stringify(line));
}

function write(name: string, lines: readonly string[]): string {
  const path = join(folder.path, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

describe('bench false-alarms', () => {
  it('reads back the boots that were recorded', () => {
    const read = readBoots(write('boots.jsonl', linesOf()));
    expect([...read.keys()]).toEqual(['calm', 'stormy', 'few']);
    for (const [name, { boots, scenarios, fingerprint }] of read) {
      const measured = images[name];
      expect([scenarios, fingerprint]).toEqual([measured?.scenarios, measured?.fingerprint]);
      const essence = (all: Measurement['boots']) =>
        all.map(({ samples }) =>
          samples
            .map(({ scenario, round, warmup, metrics }) => ({ scenario, round, warmup, ...metrics }))
            .toSorted((a, b) => a.round - b.round || a.scenario.localeCompare(b.scenario)),
        );
      expect(essence(boots)).toEqual(essence(measured?.boots ?? []));
    }
  });

  it('says what is wrong with a file that is not one', () => {
    const [head = '', boot = ''] = linesOf();
    for (const lines of [[boot], [head, head], [head, boot.replace('"idle-2s":[', '"idle-2s":[-1,')]])
      expect(() => readBoots(write('bad.jsonl', lines))).toThrow(SnapgateError);
    expect(() => readBoots(join(folder.path, 'gone.jsonl'))).toThrow(/cannot be read/);
  });

  it('gives the figures of the worse image, of each condition', { timeout: 120_000 }, async () => {
    const path = write('boots.jsonl', linesOf());
    const { tables, figures } = await simulateFalseAlarms({
      path,
      gates: 60,
      otherGates: 40,
      grownGates: 20,
      curveGates: 20,
      aloneGates: 20,
    });
    const names = ['falseFailRate', 'identicalPassRate', 'powerAtTwice', 'coverage', 'medianPairs'];
    const suffixes = ['', 'SpreadDoubled', 'Bursts', 'HeavyTails', 'StoredBase'];
    expect(Object.keys(figures)).toEqual([
      ...suffixes.flatMap((suffix) => names.map((name) => name + suffix)),
      'coverageGrownBelow',
      'coverageGrownAtLimit',
      'coverageGrownTwice',
      'falsePassAtLimit',
      'falsePassAtLimitAlone',
      'powerAtTwiceAlone',
    ]);
    const [conditions, curve, alone, locations, pairing, model] = tables;
    expect(conditions?.rows.map(([name = '']) => name.split(',')[0])).toEqual([
      ...Array(5).fill('calm'),
      ...Array(5).fill('stormy'),
    ]);
    const shareIn = (table: Table | undefined, column: string) => {
      const index = table?.columns.indexOf(column) ?? -1;
      return table?.rows.map((row) => Number.parseFloat(row[index] ?? '') / 100) ?? [];
    };
    const growths = ['0.0', '+2.0', '+3.0', '+4.0', '+5.0', '+6.0', '+8.0', '+10.0'].map(
      (each) => `${each} %`,
    );
    expect(curve?.rows.map(([name]) => name)).toEqual(
      ['calm', 'stormy'].flatMap((image) =>
        [...growths, 'just past each limit'].map((growth) => `${image}, ${growth}`),
      ),
    );
    // The calm image: from all passed to all failed, and less of the one with each step.
    const [passed, failed] = [shareIn(curve, 'pass').slice(0, 8), shareIn(curve, 'fail').slice(0, 8)];
    expect([passed[0], failed[7]]).toEqual([1, 1]);
    expect(passed.toSorted((a, b) => b - a)).toEqual(passed);
    expect(figures['falsePassAtLimit']).toBeCloseTo(
      Math.max(...[8, 17].map((row) => shareIn(curve, 'pass')[row] ?? 1)),
      2,
    );
    expect(figures['falsePassAtLimit']).toBeLessThanOrEqual(0.15);
    const wrong = shareIn(alone, 'just past the limit: pass');
    expect(figures['falsePassAtLimitAlone']).toBeCloseTo(Math.max(...wrong), 2);
    expect(figures['powerAtTwiceAlone']).toBeCloseTo(Math.min(...shareIn(alone, 'fail')), 2);
    for (const table of [alone, locations, model]) expect(table?.rows).toHaveLength(4);
    expect(pairing?.rows).toHaveLength(2);
    expect(figures['falseFailRate']).toBeLessThanOrEqual(0.05);
    const passes = shareIn(conditions, 'pass');
    expect(figures['identicalPassRate']).toBeCloseTo(Math.min(passes[0] ?? 0, passes[5] ?? 0), 2);
    expect(passes[0]).toBeGreaterThan(passes[5] ?? 1);
    expect(figures['medianPairsSpreadDoubled']).toBeGreaterThanOrEqual(figures['medianPairs'] ?? 99);
  });
});
