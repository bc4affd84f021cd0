import { beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { type CalibrationRequest, calibrate } from '../../src/gate/calibrate.ts';
import { type Calibration, calibrationSchema } from '../../src/gate/calibration-record.ts';
import { type GateSetting, limitOf, modelOf } from '../../src/gate/simulate.ts';
import { growthFoundIn, isFound, smallestGrowth } from '../../src/gate/smallest-growth.ts';
import { tallyGates } from '../../src/gate/tally.ts';
import { SnapgateError } from '../../src/host/error.ts';
import { emitSchemas } from '../../src/report/schemas.ts';
import { accepts } from '../report/json-schema.ts';
import { noisyMeasurement } from './noisy-measurement.ts';

const { gate: config } = readConfig({}, undefined);
const setting: GateSetting = { config, plan: { leastBoots: 2, mostBoots: 10 } };
const effort = { gates: 60, triedGates: 60, seed: 3 };
const measurement = noisyMeasurement({
  boots: 12,
  between: 0.01,
  within: 0.04,
  seed: 5,
  scenarios: ['pause', 'idle-2s'],
});

function calibrated(more: Partial<CalibrationRequest> = {}): Promise<Calibration> {
  return calibrate({ measurement, setting, meta: { snapgate: '0', now: 'now' }, effort, ...more });
}

describe('a calibration', () => {
  let record: Calibration;
  beforeAll(async () => {
    record = await calibrated();
  }, 60_000);

  it('is a record, the same for the same boots', { timeout: 60_000 }, async () => {
    expect(calibrationSchema.parse(record)).toEqual(record);
    expect(accepts(JSON.parse(emitSchemas()['calibration.schema.json'] ?? ''), record)).toBe(true);
    expect(await calibrated()).toEqual(record);
    expect(await calibrated({ effort: { ...effort, seed: 4 } })).not.toEqual(record);
  });

  it('is of growth alone: caps and a limited trend say nothing of an image against itself', {
    timeout: 60_000,
  }, async () => {
    const inputs = { 'max-memfile-written': '1MiB', 'max-rootfs-written': '1KiB', 'max-trend': '1B' };
    const text = 'gate: { idle-2s: { memfile.writtenBytes: { max: 1KiB, max-trend: 1B } } }';
    const capped = readConfig(inputs, { path: 'snapgate.yml', text }).gate;
    expect(await calibrated({ setting: { ...setting, config: capped } })).toEqual(record);
  });

  it('tells of gates of the image with itself, of its boots and of its model', () => {
    expect(record).toMatchObject({ boots: 12, rounds: 8, warmupRounds: 2 });
    for (const gates of [record.measured, record.simulated, record.simulatedAtMost]) {
      expect(gates.pass + gates.warn + gates.fail + gates.inconclusive).toBe(60);
      expect(gates.fail).toBeLessThanOrEqual(1);
    }
    expect(record.measured.falseAlarms).toEqual({ value: record.measured.fail / 60 });
    expect(record.simulated.falseAlarms.high).toBeGreaterThan(0.05);
    expect(record.simulated.pass).toBeGreaterThanOrEqual(54);
    expect(record.simulatedAtMost.meanPairs).toBeGreaterThanOrEqual(record.simulated.meanPairs);
  });

  it('finds less with more boots', () => {
    expect(record.rows.map(({ scenario }) => scenario)).toEqual(['pause', 'idle-2s']);
    for (const { limit, smallest, location } of record.rows) {
      expect(limit).toBe(Math.max(0.05, (256 * 1024) / location));
      expect(smallest.map(({ boots }) => boots)).toEqual([3, 5, 10]);
      const [three, five, ten] = smallest.map(({ at80 }) => at80 ?? Number.NaN);
      expect(three).toBeGreaterThanOrEqual(five ?? Number.NaN);
      expect(five).toBeGreaterThanOrEqual(ten ?? Number.NaN);
      expect(ten).toBeGreaterThanOrEqual(0.9 * (limit ?? Number.NaN));
      for (const { at80 = 0, at95 = 0 } of smallest) expect(at95).toBeGreaterThanOrEqual(at80);
    }
  });

  it('suggests what does as it says', () => {
    const { failAbove = 0, minGrowthBytes = 0, boots = 0, maxBoots = 0, cycles = 0 } = record.suggested;
    const suggested = {
      config: { ...config, defaults: { ...config.defaults, failAbove, minGrowth: minGrowthBytes } },
      plan: { leastBoots: boots, mostBoots: maxBoots },
    };
    const model = modelOf(measurement, config);
    const tally = tallyGates(model, suggested, { gates: 200, seed: 77 });
    expect(tally.verdicts.pass).toBeGreaterThanOrEqual(0.85 * 200);
    expect(tally.verdicts.fail).toBeLessThanOrEqual(2);
    expect(boots).toBeGreaterThanOrEqual(2);
    expect(boots).toBeLessThanOrEqual(3);
    expect(cycles).toBeGreaterThanOrEqual(4);
  });

  it('suggests wider limits for what is noisier', async () => {
    const noisy = noisyMeasurement({ boots: 12, between: 0.08, within: 0.3, seed: 5 });
    const { suggested } = await calibrated({ measurement: noisy });
    expect(suggested.failAbove ?? 1).toBeGreaterThan(record.suggested.failAbove ?? 1);
  });

  it.each([
    [
      { measurement: noisyMeasurement({ boots: 3, between: 0, within: 0, seed: 1 }) },
      'there are 3 boots of the image',
    ],
    [{ setting: { config, plan: { leastBoots: 7, mostBoots: 10 } } }, 'takes 14 at least'],
    [
      { setting: { ...setting, config: { ...config, gatedMetrics: ['pauseMs' as const] } } },
      'no scenario has a metric that gates',
    ],
  ])('is not made of too little: %#', async (more, said) => {
    const error = await calibrated(more).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(SnapgateError);
    expect(String(error)).toContain(said);
  });

  it('knows what is always the same, and what is 0', async () => {
    const still = await calibrated({
      measurement: noisyMeasurement({ boots: 4, between: 0, within: 0, seed: 1, pages: 1 }),
    });
    expect(still.simulated).toMatchObject({ pass: 60, medianPairs: 2 });
    expect(still.rows[0]).toMatchObject({ ownSpread: 0, bootSpread: 0, limit: 64 });
    const nothing = noisyMeasurement({ boots: 4, between: 0, within: 0, seed: 1 });
    const empty = {
      ...nothing,
      boots: nothing.boots.map((boot) => ({
        ...boot,
        samples: boot.samples.map((sample) => ({ ...sample, metrics: { 'memfile.writtenBytes': 0 } })),
      })),
    };
    const zero = await calibrated({ measurement: empty });
    expect(zero.simulated.pass).toBe(60);
    expect(zero.rows[0]?.smallest).toEqual([{ boots: 3 }, { boots: 5 }, { boots: 10 }]);
    expect(calibrationSchema.parse(JSON.parse(JSON.stringify(zero)))).toEqual(zero);
  });
});

describe('the smallest growth', () => {
  it.each([3, 5])('is found in 80 and in 95 of 100 gates of other boots, with %i boots', (boots) => {
    const model = modelOf(noisyMeasurement({ boots: 30, between: 0.02, within: 0.06, seed: 8 }), config);
    const found = smallestGrowth(model, setting, { row: 0, boots, gates: 600, seed: 1 });
    for (const [growth = 0, share] of [
      [found.at80, 0.8],
      [found.at95, 0.95],
    ] as const) {
      const experiment = { gates: 1000, seed: 2, growth: [1 + growth] };
      const tally = tallyGates(model, { config, plan: { leastBoots: 2, mostBoots: boots } }, experiment);
      expect(Math.abs(tally.verdicts.fail / 1000 - share)).toBeLessThan(0.05);
    }
  });

  it('may be less than the limit, where a gate need see more than that only once', () => {
    const model = modelOf(noisyMeasurement({ boots: 30, between: 0.02, within: 0.03, seed: 8 }), config);
    const search = { row: 0, boots: 10, gates: 200, seed: 1 };
    const half = growthFoundIn(model, setting, search, 0.5) ?? Number.NaN;
    expect(half).toBeLessThan(limitOf(model, config, 0));
    const tally = tallyGates(model, setting, { gates: 500, seed: 2, growth: [1 + half] });
    // The share rises steeply there: 3 % of the growth are 8 % of the gates.
    expect(Math.abs(tally.verdicts.fail / 500 - 0.5)).toBeLessThan(0.12);
  });

  it('is of the row that grew: gates that another row fails have not found it', () => {
    const text = `gate:
  pause: { memfile.writtenBytes: { fail-above: 0%, min-growth: 0B } }
  idle-2s: { memfile.writtenBytes: { fail-above: 50% } }
`;
    const strict = readConfig({}, { path: 'snapgate.yml', text }).gate;
    const scenarios = ['pause', 'idle-2s'];
    const boots = noisyMeasurement({ boots: 12, between: 0.02, within: 0.002, seed: 5, scenarios });
    const model = modelOf(boots, strict);
    const once = { config: strict, plan: { leastBoots: 2, mostBoots: 2 } };
    const { verdicts } = tallyGates(model, once, { gates: 500, seed: 1 });
    expect(verdicts.fail).toBeGreaterThan(0);
    const row = model.rows.findIndex(({ scenario }) => scenario === 'idle-2s');
    expect(isFound(model, once, { row, boots: 2, gates: 500, seed: 1 }, 0, 1 / 500)).toBe(false);
  });
});
