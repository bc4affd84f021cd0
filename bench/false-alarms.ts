import { join } from 'node:path';
import { readConfig } from '../src/config/config.ts';
import {
  type Experiment,
  type GateModel,
  type GateSetting,
  gatesOf,
  limitOf,
  meanPairs,
  medianPairs,
  modelOf,
  type Tally,
} from '../src/gate/simulate.ts';
import { formatBytes, formatGrowth } from '../src/host/units.ts';
import type { Measurement } from '../src/measure/record.ts';
import type { Condition } from '../src/stats/two-level.ts';
import type { Bench, BenchResult, Table } from './bench.ts';
import { readBoots } from './boots-data.ts';
import { type GateThreads, startGateThreads } from './gate-threads.ts';
import { locationTable } from './locations.ts';

/** What is simulated of which recorded boots. */
export interface FalseAlarmsExtent {
  readonly path: string;
  /** Gates of identical sides of each condition, and gates of sides that have grown. */
  readonly gates: number;
  readonly grownGates: number;
}

/** Fewer boots of an image are no sample to fit a model to. */
const leastBoots = 10;

const seed = 20_260_101;

/** What else than the fitted model must hold; the first is the model itself. */
const conditions: Readonly<Record<string, Condition>> = {
  '': {},
  SpreadDoubled: { spread: 2 },
  Bursts: { bursts: { share: 1 / 20, factor: 3 } },
  HeavyTails: { spread: Math.SQRT2, heavyTails: true },
};

const conditionWords: Readonly<Record<string, string>> = {
  '': 'as recorded',
  SpreadDoubled: 'spread between boots doubled',
  Bursts: 'one cycle in 20 three times as large',
  HeavyTails: 'boots with heavy tails',
};

export const falseAlarms: Bench = {
  about: 'how often gates are wrong, and what they need: simulated from recorded boots of real guests',
  run: () =>
    simulateFalseAlarms({
      path: join(import.meta.dirname, 'data/boots.jsonl'),
      gates: 10_000,
      grownGates: 2000,
    }),
};

export async function simulateFalseAlarms({
  path,
  gates,
  grownGates,
}: FalseAlarmsExtent): Promise<BenchResult> {
  const { gate: config, measure } = readConfig({}, undefined);
  const plan = { leastBoots: measure.boots, mostBoots: measure.maxBoots };
  const setting: GateSetting = { config, plan };
  const images = [...readBoots(path)].filter(([, { boots }]) => boots.length >= leastBoots);
  const outcomes: Outcome[] = [];
  const alone: Grown[] = [];
  for (const [image, measurement] of images) {
    const model = modelOf(measurement, config);
    const threads = startGateThreads(model, setting);
    const base = { seed, gates, rounds: measure.cycles };
    outcomes.push(...(await conditionOutcomes(threads, model, setting, image, { ...base, grownGates })));
    alone.push(...(await grownAlone(threads, model, setting, image, { ...base, gates: grownGates })));
    await threads.end();
  }
  return {
    tables: [
      conditionTable(outcomes, gates, grownGates),
      aloneTable(alone, grownGates),
      locationTable(images),
      modelTable(images, config),
    ],
    notes: notesOf(images),
    figures: Object.assign({}, ...Object.keys(conditions).map((name) => figuresOf(outcomes, name))),
  };
}

interface Outcome {
  readonly image: string;
  readonly condition: string;
  readonly identical: Tally;
  /** Every scenario has grown by twice fail-above. */
  readonly grown: Tally;
}

interface Amount {
  readonly seed: number;
  readonly gates: number;
  readonly rounds: number;
}

async function conditionOutcomes(
  threads: GateThreads,
  { rows }: GateModel,
  { config }: GateSetting,
  image: string,
  { rounds, grownGates, ...amount }: Amount & { readonly grownGates: number },
): Promise<Outcome[]> {
  const twice = rows.map(() => 1 + 2 * config.defaults.failAbove);
  const outcomes: Outcome[] = [];
  for (const [name, given] of Object.entries(conditions)) {
    const condition = { ...given, rounds };
    const identical = await threads.tally({ ...amount, condition });
    const grown = await threads.tally({ ...amount, gates: grownGates, condition, growth: twice });
    outcomes.push({ image, condition: name, identical, grown });
  }
  return outcomes;
}

/** One scenario of an image that has grown alone, by twice the limit that holds it. */
interface Grown {
  readonly image: string;
  readonly scenario: string;
  readonly locationBytes: number;
  readonly growth: number;
  readonly tally: Tally;
}

async function grownAlone(
  threads: GateThreads,
  model: GateModel,
  setting: GateSetting,
  image: string,
  { rounds, ...amount }: Amount,
): Promise<Grown[]> {
  const found: Grown[] = [];
  for (const [index, { scenario }] of model.rows.entries()) {
    const growth = 2 * limitOf(model, setting.config, index);
    const experiment: Experiment = {
      ...amount,
      condition: { rounds },
      growth: model.rows.map((_, other) => (other === index ? 1 + growth : 1)),
    };
    const locationBytes = model.model.series[index]?.location ?? Number.NaN;
    found.push({ image, scenario, locationBytes, growth, tally: await threads.tally(experiment) });
  }
  return found;
}

function conditionTable(outcomes: readonly Outcome[], gates: number, grownGates: number): Table {
  return {
    title: `Gates of an image with itself (${gates} of each row), and of one that grew by twice fail-above in every scenario (${grownGates})`,
    columns: [
      'image, boots',
      'fail',
      'pass',
      'inconclusive',
      'coverage',
      'pairs, median',
      'pairs, mean',
      'grown: fail',
      'grown: pass',
      'grown: pairs, mean',
    ],
    rows: outcomes.map(({ image, condition, identical, grown }) => [
      `${image}, ${conditionWords[condition]}`,
      percent(share(identical, 'fail')),
      percent(share(identical, 'pass')),
      percent(share(identical, 'inconclusive')),
      percent(coverageOf(identical)),
      String(medianPairs(identical)),
      meanPairs(identical).toFixed(2),
      percent(share(grown, 'fail')),
      percent(share(grown, 'pass')),
      meanPairs(grown).toFixed(2),
    ]),
  };
}

function aloneTable(alone: readonly Grown[], gates: number): Table {
  return {
    title: `One scenario that grew alone, by twice the limit that holds it: fail-above, or min-growth where that is more (${gates} gates each)`,
    columns: ['image, scenario', 'a cycle', 'growth', 'fail', 'pass', 'inconclusive', 'pairs, mean'],
    rows: alone.map(({ image, scenario, locationBytes, growth, tally }) => [
      `${image}, ${scenario}`,
      formatBytes(locationBytes),
      formatGrowth(growth),
      percent(share(tally, 'fail')),
      percent(share(tally, 'pass')),
      percent(share(tally, 'inconclusive')),
      meanPairs(tally).toFixed(2),
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
      'The model: standard deviations of one cycle, of the medians of boots, and what boots have of their own',
    columns: ['image, scenario', 'a cycle', 'cycle', 'boot', 'boot, its own', 'at most (95 %)'],
    rows,
  };
}

function spreadWords(spread: number, scale: 'ratio' | 'difference'): string {
  return scale === 'ratio' ? percent(spread) : formatBytes(spread);
}

function notesOf(images: readonly (readonly [string, Measurement])[]): string[] {
  const boots = images.map(([image, measurement]) => `${measurement.boots.length} of ${image}`).join(', ');
  return [
    `Recorded boots: ${boots}. Each gate decides as a real one does, on records of drawn boots, with the default thresholds, boots and cycles.`,
    'Doubled: the medians of boots spread twice as much as recorded, and all that is more is the boots’ own. Heavy tails: what boots have of their own is Student’s with 3 degrees of freedom, its standard deviation that of all that was seen between them.',
    'A row that grew by less than min-growth cannot fail: where every scenario grows, one that can is enough. In figures that are of several images the worst is given: the highest rate of false alarms, the least power, the coverage farthest from 95 %.',
  ];
}

function figuresOf(outcomes: readonly Outcome[], name: string): Record<string, number> {
  const all = outcomes.filter(({ condition }) => condition === name);
  const most = (of: (outcome: Outcome) => number) => Math.max(...all.map(of));
  const least = (of: (outcome: Outcome) => number) => Math.min(...all.map(of));
  const coverages = all.map(({ identical }) => coverageOf(identical));
  const farthest = coverages.toSorted((a, b) => Math.abs(b - 0.95) - Math.abs(a - 0.95))[0] ?? Number.NaN;
  const figures = {
    falseFailRate: most(({ identical }) => share(identical, 'fail')),
    identicalPassRate: least(({ identical }) => share(identical, 'pass')),
    powerAtTwice: least(({ grown }) => share(grown, 'fail')),
    coverage: farthest,
    medianPairs: most(({ identical }) => medianPairs(identical)),
  };
  return Object.fromEntries(
    Object.entries(figures).map(([key, value]) => [`${key}${name}`, Number(value.toFixed(4))]),
  );
}

function share(tally: Tally, verdict: keyof Tally['verdicts']): number {
  return tally.verdicts[verdict] / gatesOf(tally);
}

function coverageOf({ covering, intervals }: Tally): number {
  return covering / intervals;
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(ratio < 0.01 && ratio > 0 ? 2 : 1)} %`;
}
