import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { builtInScenarios } from '../../src/config/scenarios.ts';
import { compareMeasurements } from '../../src/gate/compare.ts';
import { comparisonSchema } from '../../src/gate/record.ts';
import { readMeasurement } from '../../src/measure/read.ts';
import type { Measurement } from '../../src/measure/record.ts';
import { sampleMeasurement } from '../gate/sample-measurement.ts';

const least = 1e-6;
const most = 2 ** 53 - 1;

/** Three boots of one scenario, whose cycles have these numbers, one after the other. */
function measured(side: 'base' | 'head', values: readonly number[]): Measurement {
  const scenarios = builtInScenarios.filter(({ name }) => name === 'idle-2s');
  let next = 0;
  return sampleMeasurement({
    side,
    boots: 3,
    rounds: 5,
    scenarios,
    metrics: () => {
      next += 1;
      return { pauseMs: values[next % values.length] ?? 0 };
    },
  });
}

function read(measurement: Measurement): Measurement {
  return readMeasurement(JSON.stringify(measurement), 'head.json');
}

describe('a measurement that is read', () => {
  const measurement = measured('head', [1]);

  it.each([
    [{ leastBoots: 2, mostBoots: 1_000_000 }, 'plan.mostBoots: Too big: expected number to be <=1000'],
    [{ leastBoots: 2, mostBoots: 2 }, 'plan.mostBoots: there are more boots than that'],
    [{ leastBoots: 4, mostBoots: 3 }, 'plan: leastBoots is more than mostBoots'],
  ])('has no plan but one that its boots can have followed: %o', (plan, said) => {
    expect(() => read({ ...measurement, plan })).toThrow(`head.json is not a valid measurement: ${said}`);
  });

  it('has a plan that its boots have not come to the end of', () => {
    const planned = { ...measurement, plan: { leastBoots: 2, mostBoots: 3 } };
    expect(read(planned)).toEqual(planned);
  });

  it.each([most + 1, 1e300, least / 2, -1])('has no number that nothing measures: %d', (value) => {
    expect(() => read(measured('head', [value]))).toThrow(
      /boots\.0\.samples\.0\.metrics\.pauseMs: Too (big|small)/,
    );
  });

  it.each([
    ['all that is smallest against all that is largest', [least], [most]],
    ['the other way round', [most], [least]],
    ['with both on either side', [least, most, least], [most, least, most, most]],
    ['with 0', [0, most], [most, 0, least]],
  ])('of the widest numbers gives a comparison that can be read again: %s', (_, ofBase, ofHead) => {
    const [base, head] = [read(measured('base', ofBase)), read(measured('head', ofHead))];
    // Fewer boots on one side have the fewest degrees of freedom, and the widest intervals.
    for (const boots of [1, 2, 3]) {
      const { gate } = readConfig({ metrics: 'pauseMs' }, undefined);
      const fewer = { ...base, boots: base.boots.slice(0, boots) };
      const comparison = compareMeasurements(fewer, head, gate, { snapgate: '0', now: '' });
      const text = JSON.stringify(comparison);
      expect(text).not.toContain('null');
      expect(comparisonSchema.parse(JSON.parse(text))).toEqual(comparison);
    }
  });
});
