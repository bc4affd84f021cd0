import { join } from 'node:path';
import { readConfig } from '../src/config/config.ts';
import { compareMeasurements } from '../src/gate/compare.ts';
import type { Verdict } from '../src/gate/record.ts';
import { type GateSetting, runGateOn, type SimulatedGate } from '../src/gate/simulate.ts';
import { SnapgateError } from '../src/host/error.ts';
import { formatBytes } from '../src/host/units.ts';
import type { Boot, Measurement } from '../src/measure/record.ts';
import type { Bench, BenchResult, Table } from './bench.ts';
import { readBoots } from './boots-data.ts';

/** The guest that gates are about, and the names of those that it is compared with, `debian+rate-N`. */
const guest = 'debian';
const grown = /^debian\+rate-[0-9]+$/;
/** What the leaking guest's service holds more at each order, in pages. */
const leakPages = 3;

const mostGates = { identical: 30, grown: 20 };

export interface RealGatesExtent {
  /** Boots recorded with the protocol `work`. */
  readonly path: string;
  /** Boots of `debian+leak-3`, recorded with the protocol `leak`. */
  readonly leakPath: string;
}

/** Gates of boots that were real, none of which is in two gates of an experiment: what `bench boots` recorded is taken in its order. */
export const realGates: Bench = {
  about: 'gates of real guests against themselves and against guests that dirty more, from recorded boots',
  run: async () =>
    decideRealGates({
      path: join(import.meta.dirname, 'data/work.jsonl'),
      leakPath: join(import.meta.dirname, 'data/leak.jsonl'),
    }),
};

export function decideRealGates({ path, leakPath }: RealGatesExtent): BenchResult {
  const { gate: config, measure } = readConfig({}, undefined);
  const setting: GateSetting = {
    config,
    plan: { leastBoots: measure.boots, mostBoots: measure.maxBoots },
  };
  const recorded = readBoots(path);
  const own = need(recorded, guest, path);
  const identical = gatesOf(own, own.boots, undefined, setting, mostGates.identical);
  const others = [...recorded].filter(([name]) => grown.test(name));
  const experiments = [
    { name: `${guest} against itself`, gates: identical, growth: 0 },
    ...others.map(([name, other]) => ({
      name: `${guest} against ${name}`,
      gates: gatesOf(own, own.boots, other.boots, setting, mostGates.grown),
      growth: growthOf(own, other),
    })),
  ];
  const leak = leakOf(need(readBoots(leakPath), `${guest}+leak-${leakPages}`, leakPath), config);
  return {
    tables: [verdictTable(experiments)],
    notes: [
      `Every boot is in one gate of a line at most; ${own.boots.length} boots of ${guest} were recorded.`,
      `The leaking service holds ${leakPages} pages more in each cycle, ${formatBytes(leakPages * 4096)}; its trend is told as ${formatBytes(leak)} a cycle.`,
    ],
    figures: {
      ...figuresOf('identical', identical),
      ...Object.assign(
        {},
        ...experiments
          .slice(1)
          .map(({ name, gates }) => figuresOf(name.replace(/^.*\+rate-/, 'rate'), gates)),
      ),
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

/** Gates while there are boots left for the next one to take as many as it may. Without boots of a head both sides are of the base's. */
function gatesOf(
  template: Measurement,
  base: readonly Boot[],
  head: readonly Boot[] | undefined,
  setting: GateSetting,
  most: number,
): SimulatedGate[] {
  const gates: SimulatedGate[] = [];
  const next = { base: 0, head: 0 };
  const left = () =>
    head === undefined
      ? Math.floor((base.length - next.base) / 2)
      : Math.min(base.length - next.base, head.length - next.head);
  while (gates.length < most && left() >= setting.plan.mostBoots) {
    const pairOf = (side: 'base' | 'head', index: number) =>
      head === undefined
        ? // Neighbours are a pair, and which of them is the base alternates, as in a gate.
          base[next.base + 2 * index + ((side === 'base') === (index % 2 === 0) ? 0 : 1)]
        : side === 'base'
          ? base[next.base + index]
          : head[next.head + index];
    const gate = runGateOn(template, setting, (side, index) => {
      const boot = pairOf(side, index);
      if (boot === undefined) throw new Error('out of boots');
      return { ...boot, index };
    });
    next.base += gate.pairs * (head === undefined ? 2 : 1);
    next.head += gate.pairs;
    gates.push(gate);
  }
  return gates;
}

interface Experiment {
  readonly name: string;
  readonly gates: readonly SimulatedGate[];
  readonly growth: number;
}

/** Of all boots together. */
function growthOf(base: Measurement, head: Measurement): number {
  const other = { ...head, image: { ...head.image } };
  const { gate } = readConfig({}, undefined);
  const { rows } = compareMeasurements(base, other, gate, { snapgate: '', now: '' });
  return Math.max(...rows.filter((row) => row.gates).map((row) => row.growth?.value ?? 0));
}

function leakOf(measurement: Measurement, config: GateSetting['config']): number {
  const { rows } = compareMeasurements(undefined, measurement, config, { snapgate: '', now: '' });
  const trend = rows.find((row) => row.head?.trend !== undefined)?.head?.trend;
  if (trend === undefined) throw new Error('the leak has no trend');
  return trend.value;
}

function verdictTable(experiments: readonly Experiment[]): Table {
  return {
    title: 'Verdicts of gates of real boots, default settings',
    columns: ['gates of', 'growth', 'gates', 'pass', 'fail', 'inconclusive', 'pairs of boots, mean'],
    rows: experiments.map(({ name, gates, growth }) => [
      name,
      `${(100 * growth).toFixed(1)} %`,
      String(gates.length),
      ...(['pass', 'fail', 'inconclusive'] as const).map((verdict) => String(countOf(gates, verdict))),
      (pairsOf(gates) / gates.length).toFixed(1),
    ]),
  };
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
