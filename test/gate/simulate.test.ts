import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { compareMeasurements } from '../../src/gate/compare.ts';
import { limitOf, modelOf, runGateOn, simulateGate } from '../../src/gate/simulate.ts';
import { addTallies, gatesOf, keyOf, meanPairs, medianPairs, tallyGates } from '../../src/gate/tally.ts';
import type { Boot, Measurement } from '../../src/measure/record.ts';
import { seededRandom, shuffledIndices } from '../../src/stats/random.ts';
import { noisyMeasurement } from './noisy-measurement.ts';

const { gate: config } = readConfig({}, undefined);
const plan = { leastBoots: 2, mostBoots: 6 };
const setting = { config, plan };
const meta = { snapgate: '0', now: '' };

function bootOf({ boots }: Measurement, index = -1): Boot {
  const boot = boots[index];
  if (boot === undefined) throw new Error(`no boot ${index}`);
  return boot;
}

function rootfsOf({ image }: Measurement) {
  if (!('rootfsSha256' in image)) throw new Error('not built of a rootfs');
  return image;
}

describe('a simulated gate', () => {
  it('decides what a comparison of the same records decides, at the look at which it is first decided', () => {
    const measurement = noisyMeasurement({ boots: 14, between: 0.02, within: 0.06, seed: 3 });
    const seen = new Map<string, number>();
    for (let first = 0; first < 60; first += 1) {
      const order = shuffledIndices(seededRandom(first), 14);
      const ofSide = (side: 'base' | 'head', index: number) =>
        bootOf(measurement, order[2 * index + (side === 'head' ? 1 : 0)]);
      const gate = runGateOn(measurement, setting, ofSide);
      const side = (name: 'base' | 'head', pairs: number): Measurement => ({
        ...measurement,
        side: name,
        plan,
        image: { ...rootfsOf(measurement), ...(name === 'head' ? { rootfsSha256: 'other' } : {}) },
        boots: Array.from({ length: pairs }, (_, index) => ofSide(name, index)),
      });
      const verdicts = [2, 3, 4, 5, 6].map((pairs) =>
        compareMeasurements(side('base', pairs), side('head', pairs), config, meta),
      );
      const decided = verdicts.findIndex(({ verdict }) => verdict !== 'inconclusive');
      expect(gate.pairs).toBe(decided === -1 ? 6 : decided + 2);
      const expected = verdicts.at(decided);
      expect(gate.comparison.rows).toEqual(expected?.rows);
      expect(gate.verdict).toBe(expected?.verdict);
      seen.set(gate.verdict, (seen.get(gate.verdict) ?? 0) + 1);
    }
    expect([...seen.keys()]).toEqual(expect.arrayContaining(['pass', 'inconclusive']));
  });

  it('of drawn boots is the same for the same seed, whatever order gates are run in', () => {
    const model = modelOf(noisyMeasurement({ boots: 10, between: 0.03, within: 0.1, seed: 1 }), config);
    const experiment = { gates: 20, seed: 5, growth: [1.1] };
    const whole = tallyGates(model, setting, experiment);
    const parts = [
      tallyGates(model, setting, experiment, [12, 20]),
      tallyGates(model, setting, experiment, [0, 12]),
    ];
    expect(addTallies(parts)).toEqual(whole);
    expect(simulateGate(model, setting, experiment, 3)).toEqual(simulateGate(model, setting, experiment, 3));
    expect(tallyGates(model, setting, { ...experiment, seed: 6 })).not.toEqual(whole);
  });

  it('passes identical sides and fails grown ones, with intervals that hold the truth', () => {
    const model = modelOf(noisyMeasurement({ boots: 40, between: 0.01, within: 0.04, seed: 2 }), config);
    const same = tallyGates(model, setting, { gates: 300, seed: 1 });
    expect(same.verdicts.fail).toBeLessThanOrEqual(3);
    expect(same.verdicts.pass).toBeGreaterThanOrEqual(285);
    const grown = tallyGates(model, setting, { gates: 300, seed: 1, growth: [1.15] });
    expect(grown.verdicts.fail).toBeGreaterThanOrEqual(285);
    for (const tally of [same, grown]) {
      expect(tally.intervals).toBe(300);
      expect(tally.covering / tally.intervals).toBeGreaterThan(0.9);
    }
  });

  it('of a stored base holds all its boots against those of head, one more at a time', () => {
    const measurement = noisyMeasurement({ boots: 14, between: 0.02, within: 0.06, seed: 3 });
    const pairsSeen = new Set<number>();
    for (let first = 0; first < 40; first += 1) {
      const order = shuffledIndices(seededRandom(first), 14);
      const ofSide = (name: 'base' | 'head', index: number) =>
        bootOf(measurement, order[name === 'base' ? index : 5 + index]);
      const gate = runGateOn(measurement, { ...setting, storedBoots: 5 }, ofSide);
      const base = { ...measurement, boots: [0, 1, 2, 3, 4].map((index) => ofSide('base', index)) };
      const head = (boots: number): Measurement => ({
        ...measurement,
        plan,
        image: { ...rootfsOf(measurement), rootfsSha256: 'other' },
        boots: Array.from({ length: boots }, (_, index) => ofSide('head', index)),
      });
      const looks = [2, 3, 4, 5, 6].map((boots) => compareMeasurements(base, head(boots), config, meta));
      const decided = looks.findIndex(({ verdict }) => verdict !== 'inconclusive');
      expect(gate.pairs).toBe(decided === -1 ? 6 : decided + 2);
      expect(gate.comparison.rows).toEqual(looks.at(decided)?.rows);
      expect(gate.comparison.boots).toEqual({ base: 5, head: gate.pairs });
      pairsSeen.add(gate.pairs);
    }
    expect(pairsSeen.size).toBeGreaterThan(2);
  });

  it('ends where there are no more boots, with what it knows', () => {
    const measurement = noisyMeasurement({ boots: 4, between: 0.3, within: 0.3, seed: 4 });
    const model = modelOf(measurement, config);
    const ofSide = (side: 'base' | 'head', index: number) =>
      bootOf(measurement, 2 * index + (side === 'head' ? 1 : 0));
    const gate = runGateOn(measurement, setting, ofSide, 2);
    expect(gate).toMatchObject({ pairs: 2, verdict: 'inconclusive' });
    // As the plan has it, not as the boots were.
    expect(gate.comparison.errors?.looks).toBe(5);
    expect(model.rows).toEqual([{ scenario: 'idle-2s', metric: 'memfile.writtenBytes' }]);
  });
});

describe('what is told of gates', () => {
  const tally = {
    verdicts: { pass: 6, warn: 0, fail: 1, inconclusive: 3 },
    pairs: { 2: 4, 3: 2, 10: 4 },
    open: {},
    intervals: 10,
    covering: 9,
  };

  it('counts them, and the pairs of boots that they took', () => {
    expect([gatesOf(tally), medianPairs(tally), meanPairs(tally)]).toEqual([10, 3, 5.4]);
    const twice = addTallies([tally, { ...tally, open: { a: 2 } }]);
    expect(twice).toMatchObject({ pairs: { 2: 8, 10: 8 }, open: { a: 2 }, intervals: 20, covering: 18 });
    expect(gatesOf(twice)).toBe(20);
  });

  it('knows the limit that holds a row', () => {
    const small = modelOf(
      noisyMeasurement({ boots: 6, between: 0, within: 0.01, seed: 1, pages: 320 }),
      config,
    );
    const large = modelOf(
      noisyMeasurement({ boots: 6, between: 0, within: 0.01, seed: 1, pages: 6400 }),
      config,
    );
    expect(limitOf(small, config, 0)).toBeCloseTo(256 / 1280, 2);
    expect(limitOf(large, config, 0)).toBe(0.05);
    expect(keyOf({ scenario: 'a b', metric: 'pauseMs' })).toBe('pauseMs a b');
  });
});
