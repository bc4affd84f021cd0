import { formatBytes } from '../src/host/units.ts';
import type { Measurement } from '../src/measure/record.ts';
import { askedWarmupRounds, countedValues } from '../src/measure/summarize.ts';
import { locationOf } from '../src/stats/location.ts';
import { mean, median, variance } from '../src/stats/median.ts';
import type { Table } from './bench.ts';

const metric = 'memfile.writtenBytes';

/** What a boot's location may be, from its cycles after the warm-up. */
const estimators: readonly (readonly [string, (cycles: readonly number[]) => number])[] = [
  ['interquartile mean', locationOf],
  ['median', median],
  ['mean', mean],
];

/** How much each estimator of a boot's location differs from boot to boot: the less, the fewer boots a gate needs. */
export function locationTable(images: readonly (readonly [string, Measurement])[]): Table {
  return {
    title:
      'Locations of a boot: standard deviation over boots, of logarithms, and the median over boots of each',
    columns: [
      'image, scenario',
      ...estimators.map(([name]) => name),
      ...estimators.map(([name]) => `${name}, a cycle`),
    ],
    rows: images.flatMap(([image, measurement]) =>
      measurement.scenarios.map(({ name }) => rowOf(`${image}, ${name}`, cyclesOf(measurement, name))),
    ),
  };
}

/** Of each boot, those after the warm-up that was asked for. */
export function cyclesOf(measurement: Measurement, scenario: string): (readonly number[])[] {
  return countedValues(measurement, scenario, metric, askedWarmupRounds(measurement));
}

function rowOf(name: string, boots: readonly (readonly number[])[]): string[] {
  const all = estimators.map(([, estimate]) => boots.map(estimate));
  return [
    name,
    ...all.map((locations) => `${(100 * Math.sqrt(variance(locations.map(Math.log)))).toFixed(2)} %`),
    ...all.map((locations) => formatBytes(median(locations))),
  ];
}
