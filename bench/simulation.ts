import type { GateModel, GateSetting } from '../src/gate/simulate.ts';
import { gatesOf, type Tally } from '../src/gate/tally.ts';
import type { GateThreads } from './gate-threads.ts';

/** Gates that are simulated, of each kind and image. */
export interface SimulatedGates {
  /** Of identical sides as recorded. */
  readonly gates: number;
  /** Of identical sides under other conditions. */
  readonly otherGates: number;
  /** Of sides that have grown by twice fail-above. */
  readonly grownGates: number;
  /** Of each other growth. */
  readonly curveGates: number;
  /** Of one scenario that has grown alone. */
  readonly aloneGates: number;
}

/** What gates of one image are simulated with. */
export interface Simulation {
  readonly threads: GateThreads;
  readonly model: GateModel;
  readonly setting: GateSetting;
  readonly image: string;
  readonly extent: SimulatedGates;
  /** Cycles of a boot that count. */
  readonly rounds: number;
  readonly seed: number;
}

/** Every scenario grown by so many times fail-above, as factors of the model's rows. */
export function grownAll({ model, setting }: Simulation, times: number): number[] {
  return model.rows.map(() => 1 + times * setting.config.defaults.failAbove);
}

export function share(tally: Tally, verdict: keyof Tally['verdicts']): number {
  return tally.verdicts[verdict] / gatesOf(tally);
}

/** Intervals of gates' last looks that hold the true growth. */
export function coverageOf({ covering, intervals }: Tally): number {
  return covering / intervals;
}

/** The one that is farthest from the 95 % that all should be. */
export function farthestCoverage(tallies: readonly Tally[]): number {
  const off = (tally: Tally) => Math.abs(coverageOf(tally) - 0.95);
  const [farthest] = tallies.toSorted((a, b) => off(b) - off(a));
  return farthest === undefined ? Number.NaN : coverageOf(farthest);
}

export function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(ratio < 0.01 && ratio > 0 ? 2 : 1)} %`;
}
