import { fitLevels, type LevelFit, stepsOf } from '../src/stats/change-points.ts';
import { driftOf } from '../src/stats/drift.ts';
import { type HistoryShape, historyOf, noises, twoSteps } from '../test/stats/histories.ts';
import type { Bench, BenchResult, Table } from './bench.ts';

/** What a gate goes by where two rows share its chances. */
const stepLevel = 0.0005;
const driftLevel = 0.0025;

const falseSeries = 1000;
const trueSeries = 400;

const kinds = Object.keys(noises) as readonly (keyof typeof noises)[];

/** Series that are made up, of known steps, creep and noise. */
export const history: Bench = {
  about:
    'steps and drift that are found in made-up histories: false alarms of noise alone, and what is found where it is (a minute)',
  run: async () => simulate(),
};

function simulate(): BenchResult {
  const alarms = kinds.flatMap((kind) => [20, 60, 120].map((entries) => alarmsOf(kind, entries)));
  const found = [0.005, 0.01, 0.015, 0.02, 0.03].flatMap((noise) =>
    [0, 0.003].map((creep) => findsOf(noise, creep)),
  );
  const at = found.find(({ noise, creep }) => noise === 0.01 && creep > 0);
  return {
    tables: [alarmTable(alarms), foundTable(found)],
    notes: [
      'Noise has a standard deviation of about 2 % in the first table. A step of it is one that is established, a creep one that goes up.',
      'Steps of +6 % and +10 % at the 20th and the 40th of 60 entries. A location whose step is three times the noise cannot be told better than in 86 of 100: the entry at it looks like the other level in the rest.',
    ],
    figures: {
      falseStepRate: Math.max(...alarms.filter(({ kind }) => kind !== 'skewed').map(({ steps }) => steps)),
      falseDriftRate: Math.max(...alarms.map(({ drifts }) => drifts)),
      bothAtTheirCommit: at?.exact ?? Number.NaN,
      creepFound: at?.drifts ?? Number.NaN,
    },
  };
}

function fitOf(shape: HistoryShape): LevelFit {
  return fitLevels(historyOf(shape), { level: stepLevel, floor: 0.001 });
}

function creepsUp(fit: LevelFit): boolean {
  const apart = stepsOf(fit).filter(({ size }) => size > 0.05);
  const drift = driftOf(fit, 0, new Set(apart.map(({ index }) => index)));
  return drift !== undefined && drift.value > 0 && drift.pValue <= driftLevel;
}

interface Alarms {
  readonly kind: string;
  readonly entries: number;
  readonly steps: number;
  readonly drifts: number;
}

function alarmsOf(kind: keyof typeof noises, entries: number): Alarms {
  const fits = Array.from({ length: falseSeries }, (_, seed) => fitOf({ entries, seed, noise: 0.02, kind }));
  return {
    kind,
    entries,
    steps: shareOf(fits, (fit) => fit.segments.length > 1),
    drifts: shareOf(fits, creepsUp),
  };
}

interface Finds {
  readonly noise: number;
  readonly creep: number;
  /** Two steps and no other, wherever. */
  readonly both: number;
  readonly exact: number;
  /** Of the two: the commits that are named hold the right one. */
  readonly held: number;
  readonly drifts: number;
}

function findsOf(noise: number, creep: number): Finds {
  const signal = (index: number) => twoSteps(index) + creep * index;
  const fits = Array.from({ length: trueSeries }, (_, seed) => fitOf({ entries: 60, seed, noise, signal }));
  const both = fits.filter((fit) => fit.segments.length === 3);
  const steps = both.flatMap((fit) =>
    stepsOf(fit).map((step, which) => ({ ...step, truth: 20 * (which + 1) })),
  );
  return {
    noise,
    creep,
    both: both.length / fits.length,
    exact: shareOf(
      fits,
      (fit) =>
        stepsOf(fit)
          .map(({ index }) => index)
          .join() === '20,40',
    ),
    held: shareOf(steps, ({ first, last, truth }) => first <= truth && truth <= last),
    drifts: shareOf(fits, creepsUp),
  };
}

function shareOf<T>(all: readonly T[], is: (each: T) => boolean): number {
  return all.filter(is).length / all.length;
}

function alarmTable(alarms: readonly Alarms[]): Table {
  return {
    title: `Noise alone, ${falseSeries} series each`,
    columns: ['noise', 'entries', 'a step', 'a creep'],
    rows: alarms.map(({ kind, entries, steps, drifts }) => [
      kind,
      String(entries),
      percent(steps),
      percent(drifts),
    ]),
  };
}

function foundTable(found: readonly Finds[]): Table {
  return {
    title: `Two steps, with a creep and without, ${trueSeries} series each`,
    columns: [
      'noise',
      'creep a commit',
      'both steps',
      'both at their commit',
      'commit among those named',
      'creep established',
    ],
    rows: found.map(({ noise, creep, both, exact, held, drifts }) => [
      percent(noise),
      percent(creep),
      percent(both),
      percent(exact),
      percent(held),
      percent(drifts),
    ]),
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
