import { describe, expect, it } from 'vitest';
import { pairingTable } from '../../bench/pairing.ts';
import type { Measurement } from '../../src/measure/record.ts';
import { sampleMeasurement } from '../gate/sample-measurement.ts';
import { normalFrom, seededRandom } from '../stats/random.ts';

const pairs = 400;

/** Boots whose sizes are spread by what a pair has in common and by what each has of its own. */
function measured(image: string, seed: number, common: number, own: number): Measurement {
  const [ofPair, ofBoot] = [normalFrom(seededRandom(1)), normalFrom(seededRandom(seed))];
  const shared = Array.from({ length: pairs }, () => common * ofPair());
  const sizes = shared.map((each) => 4096 * 1000 * Math.exp(each + own * ofBoot()));
  const measurement = sampleMeasurement({
    side: 'head',
    boots: pairs,
    metrics: (_, boot) => ({ 'memfile.writtenBytes': sizes[boot] ?? Number.NaN }),
  });
  return {
    ...measurement,
    subject: { label: image },
    boots: measurement.boots.map((boot, index) => ({
      ...boot,
      startedAt: new Date(60_000 * index + seed).toISOString(),
    })),
  };
}

describe('the correlation of boots that ran at the same time', () => {
  it.each([
    { common: 0, own: 0.02, correlation: 0 },
    { common: 0.02, own: 0.02, correlation: 0.5 },
    { common: 0.02, own: 0, correlation: 1 },
  ])('is $correlation of $common in common and $own of each', ({ common, own, correlation }) => {
    const { rows } = pairingTable([
      ['base', measured('base', 2, common, own)],
      ['head', measured('head', 3, common, own)],
    ]);
    const [scenario, count, value, chance] = rows[0] ?? [];
    expect([scenario, count, chance]).toEqual([expect.any(String), String(pairs), '± 0.10']);
    expect(Math.abs(Number(value) - correlation)).toBeLessThan(0.1);
  });
});
