import { join } from 'node:path';
import { readConfig } from '../src/config/config.ts';
import { type GateSetting, limitOf, modelOf } from '../src/gate/simulate.ts';
import { gatesOf, keyOf, meanPairs, medianPairs, type Tally } from '../src/gate/tally.ts';
import { formatBytes, formatGrowth } from '../src/host/units.ts';
import type { Measurement } from '../src/measure/record.ts';
import type { Condition } from '../src/stats/two-level.ts';
import type { Bench, BenchResult, Table } from './bench.ts';
import { readBoots } from './boots-data.ts';
import { startGateThreads } from './gate-threads.ts';
import { locationTable } from './locations.ts';
import { type CurvePoint, curveFigures, curveTable, justPast, operatingCurve } from './operating-curve.ts';
import { pairingTable } from './pairing.ts';
import {
  coverageOf,
  farthestCoverage,
  grownAll,
  percent,
  type SimulatedGates,
  type Simulation,
  share,
} from './simulation.ts';

/** What is simulated of which recorded boots. */
export interface FalseAlarmsExtent extends SimulatedGates {
  readonly path: string;
}

/** Fewer boots of an image are no sample to fit a model to. */
const leastBoots = 10;

const seed = 20_260_101;

/** Of what gates are simulated: by the end of the figures' names. */
interface Circumstances {
  readonly words: string;
  /** What the boots do that the fitted model does not. */
  readonly condition?: Condition;
  readonly storedBase?: boolean;
}

/** The first is the model itself. */
const circumstances: Readonly<Record<string, Circumstances>> = {
  '': { words: 'as recorded' },
  SpreadDoubled: { words: 'spread between boots doubled', condition: { spread: 2 } },
  Bursts: {
    words: 'one cycle in 20 three times as large',
    condition: { bursts: { share: 1 / 20, factor: 3 } },
  },
  HeavyTails: {
    words: 'boots with heavy tails',
    condition: { spread: Math.SQRT2, heavyTails: true },
  },
  StoredBase: { words: 'base stored', storedBase: true },
};

export const falseAlarms: Bench = {
  about: 'how often gates are wrong, and what they need: simulated from recorded boots of real guests',
  run: () =>
    simulateFalseAlarms({
      path: join(import.meta.dirname, 'data/boots.jsonl'),
      gates: 10_000,
      otherGates: 600,
      grownGates: 300,
      curveGates: 200,
      aloneGates: 120,
    }),
};

export async function simulateFalseAlarms(extent: FalseAlarmsExtent): Promise<BenchResult> {
  const { gate: config, measure } = readConfig({}, undefined);
  const setting = { config, plan: { leastBoots: measure.boots, mostBoots: measure.maxBoots } };
  const images = [...readBoots(extent.path)].filter(([, { boots }]) => boots.length >= leastBoots);
  const outcomes: Outcome[] = [];
  const curve: CurvePoint[] = [];
  const alone: Grown[] = [];
  for (const [image, measurement] of images) {
    const model = modelOf(measurement, config);
    const threads = startGateThreads(model);
    const simulation = { threads, model, setting, image, extent, rounds: measure.cycles, seed };
    const ofImage = await outcomesOf(simulation, measure.soloBoots);
    outcomes.push(...ofImage);
    const [recorded] = ofImage;
    if (recorded) curve.push(...(await operatingCurve(simulation, recorded.identical, recorded.grown)));
    alone.push(...(await grownAlone(simulation)));
    await threads.end();
  }
  return {
    tables: [
      outcomeTable(outcomes),
      curveTable(curve),
      aloneTable(alone),
      locationTable(images),
      pairingTable(images),
      modelTable(images, config),
    ],
    notes: notesOf(images, measure.soloBoots),
    figures: {
      ...Object.assign({}, ...Object.keys(circumstances).map((name) => figuresOf(outcomes, name))),
      ...rounded({
        ...curveFigures(curve),
        falsePassAtLimitAlone: Math.max(...alone.map(({ pastLimit }) => share(pastLimit, 'pass'))),
        powerAtTwiceAlone: Math.min(...alone.map(({ tally }) => share(tally, 'fail'))),
      }),
    },
  };
}

interface Outcome {
  readonly image: string;
  /** Of `circumstances`. */
  readonly name: string;
  readonly identical: Tally;
  /** Every scenario has grown by twice fail-above. */
  readonly grown: Tally;
}

async function outcomesOf(simulation: Simulation, storedBoots: number): Promise<Outcome[]> {
  const { threads, image, extent, rounds } = simulation;
  const growth = grownAll(simulation, 2);
  const outcomes: Outcome[] = [];
  for (const [name, { condition: given, storedBase = false }] of Object.entries(circumstances)) {
    const condition = { ...given, rounds };
    const setting = storedBase ? { ...simulation.setting, storedBoots } : simulation.setting;
    const gates = name === '' ? extent.gates : extent.otherGates;
    const identical = await threads.tally(setting, { seed, gates, condition });
    const grown = await threads.tally(setting, { seed, gates: extent.grownGates, condition, growth });
    outcomes.push({ image, name, identical, grown });
  }
  return outcomes;
}

/** One scenario of an image: what it keeps gates waiting for, and what they make of its growth. */
interface Grown {
  readonly image: string;
  readonly scenario: string;
  readonly locationBytes: number;
  /** Share of gates of identical sides in which its row is still inconclusive after three pairs. */
  readonly open: number;
  /** It grew alone, by twice the limit that holds it. */
  readonly growth: number;
  readonly tally: Tally;
  /** It grew alone, by just more than that limit: a gate that passes is wrong. */
  readonly pastLimit: Tally;
}

async function grownAlone(simulation: Simulation): Promise<Grown[]> {
  const { threads, model, setting, image, extent, rounds } = simulation;
  const common = { seed, gates: extent.aloneGates, condition: { rounds } };
  const three = { ...setting, plan: { leastBoots: 3, mostBoots: 3 } };
  const { open } = await threads.tally(three, common);
  const found: Grown[] = [];
  for (const [index, row] of model.rows.entries()) {
    const limit = limitOf(model, setting.config, index);
    const tallyOf = (growth: number) => {
      const factors = model.rows.map((_, other) => (other === index ? 1 + growth : 1));
      return threads.tally(setting, { ...common, growth: factors });
    };
    found.push({
      image,
      scenario: row.scenario,
      locationBytes: model.model.series[index]?.location ?? Number.NaN,
      open: (open[keyOf(row)] ?? 0) / extent.aloneGates,
      growth: 2 * limit,
      tally: await tallyOf(2 * limit),
      pastLimit: await tallyOf(justPast * limit),
    });
  }
  return found;
}

function outcomeTable(outcomes: readonly Outcome[]): Table {
  return {
    title: 'Gates of an image with itself, and of one that grew by twice fail-above in every scenario',
    columns: [
      'image, boots',
      'gates',
      'fail',
      'pass',
      'inconclusive',
      'coverage',
      'pairs, median',
      'pairs, mean',
      'grown: gates',
      'fail',
      'pass',
      'pairs, mean',
    ],
    rows: outcomes.map(({ image, name, identical, grown }) => [
      `${image}, ${circumstances[name]?.words}`,
      String(gatesOf(identical)),
      percent(share(identical, 'fail')),
      percent(share(identical, 'pass')),
      percent(share(identical, 'inconclusive')),
      percent(coverageOf(identical)),
      String(medianPairs(identical)),
      meanPairs(identical).toFixed(2),
      String(gatesOf(grown)),
      percent(share(grown, 'fail')),
      percent(share(grown, 'pass')),
      meanPairs(grown).toFixed(2),
    ]),
  };
}

function aloneTable(alone: readonly Grown[]): Table {
  return {
    title:
      'Each scenario: identical, after three pairs; and grown alone, by twice the limit that holds it (fail-above, or min-growth where that is more), and by just more than that limit',
    columns: [
      'image, scenario',
      'a cycle',
      'open after 3',
      'growth',
      'fail',
      'pass',
      'inconclusive',
      'pairs, mean',
      'just past the limit: pass',
    ],
    rows: alone.map(({ image, scenario, locationBytes, open, growth, tally, pastLimit }) => [
      `${image}, ${scenario}`,
      formatBytes(locationBytes),
      percent(open),
      formatGrowth(growth),
      percent(share(tally, 'fail')),
      percent(share(tally, 'pass')),
      percent(share(tally, 'inconclusive')),
      meanPairs(tally).toFixed(2),
      percent(share(pastLimit, 'pass')),
    ]),
  };
}

function modelTable(
  images: readonly (readonly [string, Measurement])[],
  config: GateSetting['config'],
): Table {
  const rows = images.flatMap(([image, measurement]) => {
    const { model, rows: fitted } = modelOf(measurement, config);
    return model.series.map((series, index) => [
      `${image}, ${fitted[index]?.scenario}`,
      formatBytes(series.location),
      spreadWords(series.within, series.scale),
      spreadWords(series.spread, series.scale),
      spreadWords(series.between, series.scale),
      spreadWords(series.betweenAtMost, series.scale),
    ]);
  });
  return {
    title:
      'The model: standard deviations of one cycle, of the locations of boots, and what boots have of their own',
    columns: ['image, scenario', 'a cycle', 'cycle', 'boot', 'boot, its own', 'at most (95 %)'],
    rows,
  };
}

function spreadWords(spread: number, scale: 'ratio' | 'difference'): string {
  return scale === 'ratio' ? percent(spread) : formatBytes(spread);
}

function notesOf(images: readonly (readonly [string, Measurement])[], storedBoots: number): string[] {
  const boots = images.map(([image, measurement]) => `${measurement.boots.length} of ${image}`).join(', ');
  return [
    `Recorded boots: ${boots}. Each gate decides as a real one does, on records of drawn boots, with the default thresholds, boots and cycles.`,
    'Doubled: the locations of boots spread twice as much as recorded, and all that is more is the boots’ own. Heavy tails: what boots have of their own is Student’s with 3 degrees of freedom, its standard deviation that of all that was seen between them.',
    'A row that grew by less than min-growth cannot fail: where every scenario grows, one that can is enough. In figures that are of several images the worst is given: the highest rate of false alarms, the least power, the coverage farthest from 95 %.',
    `Base stored: its ${storedBoots} boots are there from the start, and of head one more at a time is taken; pairs are boots of head.`,
  ];
}

function figuresOf(outcomes: readonly Outcome[], name: string): Record<string, number> {
  const all = outcomes.filter((outcome) => outcome.name === name);
  const most = (of: (outcome: Outcome) => number) => Math.max(...all.map(of));
  const least = (of: (outcome: Outcome) => number) => Math.min(...all.map(of));
  const figures = {
    falseFailRate: most(({ identical }) => share(identical, 'fail')),
    identicalPassRate: least(({ identical }) => share(identical, 'pass')),
    powerAtTwice: least(({ grown }) => share(grown, 'fail')),
    coverage: farthestCoverage(all.map(({ identical }) => identical)),
    medianPairs: most(({ identical }) => medianPairs(identical)),
  };
  return rounded(Object.fromEntries(Object.entries(figures).map(([key, value]) => [`${key}${name}`, value])));
}

function rounded(figures: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, Number(value.toFixed(4))]));
}
