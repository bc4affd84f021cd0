import {
  appendToHistory,
  type HistoryEntry,
  historyEntryOf,
  readHistory,
} from '../../src/baseline/history.ts';
import { builtInScenarios } from '../../src/config/scenarios.ts';
import type { Measurement } from '../../src/measure/record.ts';
import { normalFrom, seededRandom } from '../stats/random.ts';
import { sampleMeasurement } from './sample-measurement.ts';

export const dayMs = 86_400e3;
const firstDay = Date.UTC(2026, 0, 1);

export interface StoredShape {
  readonly commits: number;
  readonly seed: number;
  /** Of each commit, without noise, as a factor of what the first one dirties. */
  readonly growth?: (commit: number, scenario: string) => number;
  readonly scenarios?: readonly string[];
  /** Between the boots of an image and between the cycles of a boot, as ratios. */
  readonly betweenBoots?: number;
  readonly withinBoot?: number;
  /** Between one commit and the next. */
  readonly everyMs?: number;
}

export function commitOf(index: number): string {
  return (index + 1).toString(16).padStart(40, '0');
}

export function dateOf(index: number, everyMs = dayMs / 2): string {
  return new Date(firstDay + index * everyMs).toISOString();
}

/** A measurement of each commit: five boots of eight rounds, in whole pages; noise as real guests have it. */
export function storedMeasurements(shape: StoredShape): Measurement[] {
  const { commits, seed, growth = () => 1, scenarios = ['idle-2s'], everyMs } = shape;
  const { betweenBoots = 0.015, withinBoot = 0.04 } = shape;
  const normal = normalFrom(seededRandom(seed));
  return Array.from({ length: commits }, (_, index) => {
    const ofBoots = Array.from({ length: 5 }, () => Math.exp(betweenBoots * normal()));
    const measurement = sampleMeasurement({
      side: 'head',
      boots: 5,
      rounds: 8,
      warmup: 2,
      scenarios: builtInScenarios.filter(({ name }) => scenarios.includes(name)),
      metrics: (scenario, boot) => ({
        'memfile.writtenBytes':
          4096 *
          Math.round(800 * growth(index, scenario) * (ofBoots[boot] ?? 1) * Math.exp(withinBoot * normal())),
      }),
    });
    const commit = commitOf(index);
    return {
      ...measurement,
      createdAt: dateOf(index, everyMs),
      image: { ...measurement.image, rootfsSha256: commit.padStart(64, '0') },
      subject: { label: `commit ${commit.slice(-7)}`, commit },
    };
  });
}

/** What the store keeps of them, written and read again one after another. */
export function historyOfAll(measurements: readonly Measurement[]): readonly HistoryEntry[] {
  return measurements.reduce<readonly HistoryEntry[]>((entries, measurement) => {
    const entry = historyEntryOf(measurement);
    if (entry === undefined) throw new Error('a measurement has a commit and a time');
    return readHistory(JSON.stringify(appendToHistory(entries, entry)), 'history.json');
  }, []);
}

/** +6 % at the 20th commit after the first and +10 % at the 40th, and a creep of 0.3 % a commit. */
export function stepsAndCreep(commit: number): number {
  return (commit >= 20 ? 1.06 : 1) * (commit >= 40 ? 1.1 : 1) * Math.exp(0.003 * commit);
}
