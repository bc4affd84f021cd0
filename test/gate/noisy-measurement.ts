import { builtInScenarios } from '../../src/config/scenarios.ts';
import type { Measurement } from '../../src/measure/record.ts';
import { drawNormal, seededRandom } from '../../src/stats/random.ts';
import { sampleMeasurement } from './sample-measurement.ts';

export interface Noise {
  readonly boots: number;
  /** Standard deviations of logarithms, of boots and of cycles. */
  readonly between: number;
  readonly within: number;
  readonly seed: number;
  /** Of a cycle. */
  readonly pages?: number;
  readonly scenarios?: readonly string[];
}

/** Boots of one image, one started each minute: 8 rounds after 2 to warm up, of which the first is twice the rest. */
export function noisyMeasurement(noise: Noise): Measurement {
  const { boots, between, within, seed, pages = 1280, scenarios = ['idle-2s'] } = noise;
  const number = (scenario: string) => scenarios.indexOf(scenario);
  const measurement = sampleMeasurement({
    side: 'head',
    boots,
    rounds: 8,
    warmup: 2,
    scenarios: builtInScenarios.filter(({ name }) => scenarios.includes(name)),
    metrics: (scenario, boot, round) => {
      const effect = between * drawNormal(seededRandom(seed, number(scenario), boot));
      const cycle = within * drawNormal(seededRandom(seed, number(scenario), boot, round));
      const size = pages * Math.exp(effect + cycle) * (round === 0 ? 2 : 1);
      return { 'memfile.writtenBytes': Math.max(1, Math.round(size)) * 4096 };
    },
  });
  return {
    ...measurement,
    boots: measurement.boots.map((boot) => ({
      ...boot,
      startedAt: new Date(Date.UTC(2026, 0, 1, 0, boot.index)).toISOString(),
    })),
  };
}
