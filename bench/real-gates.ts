import { join } from 'node:path';
import { readConfig } from '../src/config/config.ts';
import { compareMeasurements } from '../src/gate/compare.ts';
import type { Verdict } from '../src/gate/record.ts';
import {
  type Experiment,
  type GateModel,
  type GateSetting,
  modelOf,
  runGateOn,
  type SimulatedGate,
} from '../src/gate/simulate.ts';
import { smallestGrowth } from '../src/gate/smallest-growth.ts';
import { tallyGates } from '../src/gate/tally.ts';
import { SnapgateError } from '../src/host/error.ts';
import { formatBytes, formatGrowth } from '../src/host/units.ts';
import type { Side } from '../src/measure/plan.ts';
import type { Boot, Measurement } from '../src/measure/record.ts';
import { askedWarmupRounds } from '../src/measure/summarize.ts';
import type { Bench, BenchResult, Table } from './bench.ts';
import { readBoots } from './boots-data.ts';

/** The guest that gates are about, the names of those that it is compared with, `debian+rate-N`, and the scenario whose growth that is. */
const guest = 'debian';
const grown = /^debian\+rate-[0-9]+$/;
const scenario = 'work';
/** What the leaking guest's service holds more at each order, in pages. */
const leakPages = 3;

const mostGates = { identical: 30, grown: 20 };

/** Guests that have grown by so much at least are those that dirty a tenth more; there are some that dirty less. */
const aboutATenth = 0.09;

/** `max-boots` and `cycles` of the gates that what `calibrate` predicts is held against. */
const predictedBoots = 3;
const predictedCycles = [6, 8, 10];

export interface RealGatesExtent {
  /** Boots recorded with the protocol `work`. */
  readonly path: string;
  /** Boots of `debian+leak-3`, recorded with the protocol `leak`. */
  readonly leakPath: string;
  /** Gates that are simulated of each growth, for what is predicted. */
  readonly simulatedGates: number;
}

/** Gates of boots that were real, none of which is in two gates of an experiment: what `bench boots` recorded is taken in its order. */
export const realGates: Bench = {
  about: 'gates of real guests against themselves and against guests that dirty more, from recorded boots',
  run: async () =>
    decideRealGates({
      path: join(import.meta.dirname, 'data/work.jsonl'),
      leakPath: join(import.meta.dirname, 'data/leak.jsonl'),
      simulatedGates: 1000,
    }),
};

export function decideRealGates({ path, leakPath, simulatedGates }: RealGatesExtent): BenchResult {
  const { gate: config, measure } = readConfig({}, undefined);
  const setting: GateSetting = {
    config,
    plan: { leastBoots: measure.boots, mostBoots: measure.maxBoots },
  };
  const recorded = readBoots(path);
  const own = need(recorded, guest, path);
  const identical = gatesOf(own, neighbours(own.boots), setting, mostGates.identical);
  const others: Guest[] = [...recorded]
    .filter(([name]) => grown.test(name))
    .map(([name, { boots }]) => ({ name, pairs: pairsInTime(own.boots, boots) }));
  const comparisons = [
    { name: `${guest} against itself`, gates: identical, growth: 0 },
    ...others.map(({ name, pairs }) => ({
      name: `${guest} against ${name}`,
      gates: gatesOf(own, pairs, setting, mostGates.grown),
      growth: growthOf(own, pairs, config),
    })),
  ];
  const few = { config, plan: { ...setting.plan, mostBoots: predictedBoots } };
  const predictions = others.flatMap((other) =>
    predictedCycles.map((cycles) => predict(own, other, cycles, few, simulatedGates)),
  );
  const leak = leakOf(need(readBoots(leakPath), `${guest}+leak-${leakPages}`, leakPath), config);
  return {
    tables: [verdictTable(comparisons), predictionTable(predictions)],
    notes: [
      `Every boot is in one gate of a line at most; ${own.boots.length} boots of ${guest} were recorded.`,
      `The leaking service holds ${leakPages} pages more in each cycle, ${formatBytes(leakPages * 4096)}; its trend is told as ${formatBytes(leak)} a cycle.`,
    ],
    figures: {
      ...figuresOf('identical', identical),
      ...figuresOf(
        'grown',
        comparisons.filter(({ growth }) => growth >= aboutATenth).flatMap(({ gates }) => gates),
      ),
      ...predictionFigures(predictions),
      trendRatio: leak / (leakPages * 4096),
    },
  };
}

function need(recorded: ReadonlyMap<string, Measurement>, name: string, path: string): Measurement {
  const found = recorded.get(name);
  if (found !== undefined) return found;
  throw new SnapgateError(
    'record',
    `${path} has no boots of ${name}`,
    'Record some with script/bench boots.',
  );
}

/** Boots of two guests that ran at the same time, or as near to it as there are, each once. */
function pairsInTime(base: readonly Boot[], head: readonly Boot[]): Pair[] {
  const left = new Set(base);
  const pairs: Pair[] = [];
  for (const boot of head) {
    const apart = (other: Boot) => Math.abs(Date.parse(other.startedAt) - Date.parse(boot.startedAt));
    const [nearest] = [...left].toSorted((one, other) => apart(one) - apart(other));
    if (nearest === undefined) break;
    left.delete(nearest);
    pairs.push({ base: nearest, head: boot });
  }
  return pairs;
}

/** Neighbours are a pair, and which of them is the base alternates, as in a gate. */
function neighbours(boots: readonly Boot[]): Pair[] {
  const pairs: Pair[] = [];
  for (let index = 0; index + 1 < boots.length; index += 2) {
    const [one, other] = [boots[index], boots[index + 1]];
    if (one === undefined || other === undefined) break;
    pairs.push(index % 4 === 0 ? { base: one, head: other } : { base: other, head: one });
  }
  return pairs;
}

type Pair = Readonly<Record<Side, Boot>>;

/** One that has grown, and its boots with those of the guest that it is compared with. */
interface Guest {
  readonly name: string;
  readonly pairs: readonly Pair[];
}

/** One gate after the other, each of the pairs that the ones before left. One that has not decided when they end is none. */
function gatesOf(
  template: Measurement,
  pairs: readonly Pair[],
  setting: GateSetting,
  most: number,
): SimulatedGate[] {
  const gates: SimulatedGate[] = [];
  const { leastBoots, mostBoots } = setting.plan;
  for (let first = 0; gates.length < most && pairs.length - first >= leastBoots; ) {
    const bootOf = (side: Side, index: number): Boot => {
      const pair = pairs[first + index];
      if (pair === undefined) throw new RangeError(`no pair ${first + index}`);
      return { ...pair[side], index };
    };
    const available = pairs.length - first;
    const gate = runGateOn(template, setting, bootOf, available);
    if (gate.verdict === 'inconclusive' && available < mostBoots) break;
    first += gate.pairs;
    gates.push(gate);
  }
  return gates;
}

/** Gates of two guests: a line of the table. */
interface GatesOfTwo {
  readonly name: string;
  readonly gates: readonly SimulatedGate[];
  readonly growth: number;
}

/** Of all pairs together. */
function growthOf(template: Measurement, pairs: readonly Pair[], config: GateSetting['config']): number {
  const plan = { leastBoots: pairs.length, mostBoots: pairs.length };
  const [gate] = gatesOf(template, pairs, { config, plan }, 1);
  const row = gate?.comparison.rows.find((each) => each.scenario === scenario && each.gates);
  if (row?.growth === undefined) throw new Error(`${scenario} has no growth`);
  return row.growth.value;
}

/** What `calibrate` makes of a guest's boots, and what gates of real boots make of one that has grown. */
interface Prediction {
  readonly name: string;
  readonly cycles: number;
  readonly growth: number;
  readonly gates: readonly SimulatedGate[];
  /** Share of simulated gates of that growth that fail. */
  readonly share: number;
  /** Growth that 80 % of simulated gates fail. */
  readonly at80: number;
}

/** From the boots of the guest that are in the pairs: what it is on that host at that time. */
function predict(
  own: Measurement,
  { name, pairs: whole }: Guest,
  cycles: number,
  setting: GateSetting,
  simulatedGates: number,
): Prediction {
  const pairs = whole.map(({ base, head }) => ({
    base: shorter(own, base, cycles),
    head: shorter(own, head, cycles),
  }));
  const model = modelOf({ ...own, boots: pairs.map(({ base }) => base) }, setting.config);
  const row = model.rows.findIndex((each) => each.scenario === scenario);
  const growth = growthOf(own, pairs, setting.config);
  const factors = model.rows.map((_, index) => (index === row ? 1 + growth : 1));
  const effort = { gates: simulatedGates, seed: 1 };
  const { at80 } = smallestGrowth(model, setting, { row, boots: predictedBoots, ...effort });
  return {
    name,
    cycles,
    growth,
    gates: gatesOf(own, pairs, setting, mostGates.grown),
    share: shareFailed(model, setting, { ...effort, growth: factors }),
    at80: at80 ?? Number.NaN,
  };
}

/** A boot as it would have been with so many cycles after the warm-up. */
function shorter(own: Measurement, boot: Boot, cycles: number): Boot {
  const rounds = askedWarmupRounds(own) + cycles;
  return { ...boot, samples: boot.samples.filter(({ round }) => round < rounds) };
}

function shareFailed(model: GateModel, setting: GateSetting, experiment: Experiment): number {
  return tallyGates(model, setting, experiment).verdicts.fail / experiment.gates;
}

function leakOf(measurement: Measurement, config: GateSetting['config']): number {
  const { rows } = compareMeasurements(undefined, measurement, config, { snapgate: '', now: '' });
  const trend = rows.find((row) => row.head?.trend !== undefined)?.head?.trend;
  if (trend === undefined) throw new Error('the leak has no trend');
  return trend.value;
}

function verdictTable(comparisons: readonly GatesOfTwo[]): Table {
  return {
    title: 'Verdicts of gates of real boots, default settings',
    columns: ['gates of', 'growth', 'gates', 'pass', 'fail', 'inconclusive', 'pairs of boots, mean'],
    rows: comparisons.map(({ name, gates, growth }) => [
      name,
      formatGrowth(growth),
      String(gates.length),
      ...(['pass', 'fail', 'inconclusive'] as const).map((verdict) => String(countOf(gates, verdict))),
      (pairsOf(gates) / gates.length).toFixed(1),
    ]),
  };
}

function predictionTable(predictions: readonly Prediction[]): Table {
  return {
    title: `What calibrate says of gates of ${predictedBoots} pairs of boots at most, and what gates of real boots found`,
    columns: [
      'gates of',
      'cycles',
      'growth',
      'found in 80 %, it says',
      'this growth, it says',
      'gates',
      'found',
    ],
    rows: predictions.map(({ name, cycles, growth, gates, share, at80 }) => [
      `${guest} against ${name}`,
      String(cycles),
      formatGrowth(growth),
      formatGrowth(at80),
      `${(100 * share).toFixed(0)} %`,
      String(gates.length),
      `${countOf(gates, 'fail')}, ${((100 * countOf(gates, 'fail')) / gates.length).toFixed(0)} %`,
    ]),
  };
}

/** `rate38At8Cycles…`, and of all gates together what is said and what was found. */
function predictionFigures(predictions: readonly Prediction[]): Record<string, number> {
  const all = predictions.flatMap(({ gates }) => gates);
  const said = predictions.reduce((sum, { gates, share }) => sum + share * gates.length, 0);
  const each = predictions.map(({ name, cycles, growth, gates, share, at80 }) => {
    const key = `${keyOf(name)}At${cycles}Cycles`;
    return {
      [`${key}Growth`]: growth,
      [`${key}SmallestAt80`]: at80,
      [`${key}FoundPredicted`]: share,
      [`${key}FoundRate`]: countOf(gates, 'fail') / gates.length,
    };
  });
  return Object.assign(
    { foundPredicted: said / all.length, foundRate: countOf(all, 'fail') / all.length },
    ...each,
  );
}

/** `rate45` of `debian+rate-45`. */
function keyOf(name: string): string {
  return name.replace(/^.*\+rate-/, 'rate');
}

function countOf(gates: readonly SimulatedGate[], verdict: Verdict): number {
  return gates.filter((gate) => gate.verdict === verdict).length;
}

function pairsOf(gates: readonly SimulatedGate[]): number {
  return gates.reduce((sum, { pairs }) => sum + pairs, 0);
}

function figuresOf(name: string, gates: readonly SimulatedGate[]): Record<string, number> {
  return {
    [`${name}Gates`]: gates.length,
    [`${name}Pass`]: countOf(gates, 'pass'),
    [`${name}Fail`]: countOf(gates, 'fail'),
    [`${name}Pairs`]: pairsOf(gates),
  };
}
