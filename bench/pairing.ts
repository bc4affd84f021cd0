import type { Boot, Measurement } from '../src/measure/record.ts';
import { locationOf } from '../src/stats/location.ts';
import { mean } from '../src/stats/median.ts';
import type { Table } from './bench.ts';
import { cyclesOf } from './locations.ts';

/**
 * Whether it would help to pair the boots that ran at the same time: their locations would have to be alike. The correlation is of logarithms,
 * each less the mean of its image's.
 */
export function pairingTable(images: readonly (readonly [string, Measurement])[]): Table {
  const scenarios = new Set(images.flatMap(([, { scenarios: all }]) => all.map(({ name }) => name)));
  return {
    title: 'Boots that ran at the same time: how alike they are',
    columns: ['scenario', 'pairs', 'correlation', 'by chance, 95 %'],
    rows: [...scenarios].map((scenario) => {
      const pairs = pairsOf(images.map(([, measurement]) => deviations(measurement, scenario)));
      const products = pairs.map(([one, other]) => one * other);
      const squares = pairs.map(([one, other]) => (one * one + other * other) / 2);
      return [
        scenario,
        String(pairs.length),
        (mean(products) / mean(squares)).toFixed(2),
        `± ${(1.96 / Math.sqrt(pairs.length)).toFixed(2)}`,
      ];
    }),
  };
}

type Deviation = readonly [startedAt: Boot['startedAt'], value: number];

function deviations(measurement: Measurement, scenario: string): Deviation[] {
  const locations = cyclesOf(measurement, scenario).map((cycles) => Math.log(locationOf(cycles)));
  const center = mean(locations);
  return measurement.boots.map(({ startedAt }, index) => [
    startedAt,
    (locations[index] ?? Number.NaN) - center,
  ]);
}

/** Of two boots that were started within a second, as those are that ran at the same time. */
function pairsOf(images: readonly (readonly Deviation[])[]): (readonly [number, number])[] {
  const all = images.flat().toSorted(([one], [other]) => Date.parse(one) - Date.parse(other));
  const pairs: (readonly [number, number])[] = [];
  for (let index = 0; index + 1 < all.length; index += 1) {
    const [one, other] = [all[index], all[index + 1]];
    if (one === undefined || other === undefined) break;
    if (Date.parse(other[0]) - Date.parse(one[0]) > 1000) continue;
    pairs.push([one[1], other[1]]);
    index += 1;
  }
  return pairs;
}
