import { limitOf } from '../src/gate/simulate.ts';
import { gatesOf, meanPairs, type Tally } from '../src/gate/tally.ts';
import { formatGrowth } from '../src/host/units.ts';
import type { Table } from './bench.ts';
import { coverageOf, farthestCoverage, grownAll, percent, type Simulation, share } from './simulation.ts';

/** What gates make of one true growth. */
export interface CurvePoint {
  readonly image: string;
  /** Growth of every scenario, in times of fail-above; `limit`: each by a ten-thousandth more than what holds it. */
  readonly times: number | 'limit';
  readonly growth: number;
  readonly tally: Tally;
}

/** With a fail-above of 5 %: 2, 3, 4, 5, 6 and 8 %. None and 10 % are simulated for other tables. */
const between = [0.4, 0.6, 0.8, 1, 1.2, 1.6];

/** Growth that is past a limit, and by nothing that a gate could see. */
export const justPast = 1.0001;

/** From no growth to one of twice fail-above; `identical` and `grown` are the gates of these two. */
export async function operatingCurve(
  simulation: Simulation,
  identical: Tally,
  grown: Tally,
): Promise<CurvePoint[]> {
  const { threads, model, setting, image, extent, rounds, seed } = simulation;
  const { config } = setting;
  const tallyOf = (growth: readonly number[]) =>
    threads.tally(setting, { seed, gates: extent.curveGates, condition: { rounds }, growth });
  const point = (times: number, tally: Tally): CurvePoint => {
    return { image, times, growth: times * config.defaults.failAbove, tally };
  };
  const points: CurvePoint[] = [point(0, identical)];
  for (const times of between) points.push(point(times, await tallyOf(grownAll(simulation, times))));
  const limits = model.rows.map((_, index) => limitOf(model, config, index));
  // What is 0 has no ratio to grow by.
  const past = limits.map((limit) => (Number.isFinite(limit) ? 1 + justPast * limit : 1));
  const atLimit = await tallyOf(past);
  return [
    ...points,
    point(2, grown),
    { image, times: 'limit', growth: Math.min(...limits) * justPast, tally: atLimit },
  ];
}

export function curveTable(points: readonly CurvePoint[]): Table {
  return {
    title:
      'What gates make of a true growth of every scenario, of which one below min-growth cannot fail; the last of each image grew in each scenario to just past what holds it',
    columns: ['image, growth', 'gates', 'fail', 'pass', 'inconclusive', 'coverage', 'pairs, mean'],
    rows: points.map(({ image, times, growth, tally }) => [
      `${image}, ${times === 'limit' ? 'just past each limit' : formatGrowth(growth)}`,
      String(gatesOf(tally)),
      percent(share(tally, 'fail')),
      percent(share(tally, 'pass')),
      percent(share(tally, 'inconclusive')),
      percent(coverageOf(tally)),
      meanPairs(tally).toFixed(2),
    ]),
  };
}

/** Of the worst image each. */
export function curveFigures(points: readonly CurvePoint[]): Record<string, number> {
  const at = (times: CurvePoint['times']) =>
    points.filter((point) => point.times === times).map(({ tally }) => tally);
  return {
    coverageGrownBelow: farthestCoverage(at(0.6)),
    coverageGrownAtLimit: farthestCoverage(at(1)),
    coverageGrownTwice: farthestCoverage(at(2)),
    falsePassAtLimit: Math.max(...at('limit').map((tally) => share(tally, 'pass'))),
  };
}
