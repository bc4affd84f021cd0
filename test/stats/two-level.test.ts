import { sampleKurtosis, standardDeviation } from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import { mean, median } from '../../src/stats/median.ts';
import { drawNormal, type Random, seededRandom } from '../../src/stats/random.ts';
import {
  type Condition,
  drawBoot,
  fitTwoLevel,
  type Series,
  type TwoLevelModel,
} from '../../src/stats/two-level.ts';

const page = 4096;

interface Truth {
  readonly boots: number;
  readonly rounds: number;
  readonly location: number;
  /** Standard deviations of logarithms. */
  readonly between: number;
  readonly within: number;
}

/** Boots made by the textbook, not by the model: normal effects on logarithms, and a first round that is twice the rest. */
function madeBoots(random: Random, truth: Truth, effects: readonly number[]): number[][] {
  const { rounds, location, between, within } = truth;
  return effects.map((effect) => {
    const center = Math.log(location) + between * effect;
    const cycles = Array.from({ length: rounds }, () => Math.exp(center + within * drawNormal(random)));
    return [2 * Math.exp(center), ...cycles];
  });
}

function normals(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => drawNormal(random));
}

function seriesOf(truth: Truth, seed: number, group = 'a'): Series {
  const random = seededRandom(seed);
  return { group, boots: madeBoots(random, truth, normals(random, truth.boots)) };
}

function mediansOf(
  model: TwoLevelModel,
  boots: number,
  condition: Condition = {},
  growth?: number[],
): number[] {
  return Array.from({ length: boots }, (_, index) => {
    const [values = []] = drawBoot(model, seededRandom(99, index), growth, condition);
    return median(values.slice(model.warmup));
  });
}

const logs = (values: readonly number[]) => values.map(Math.log);
const usual: Truth = { boots: 40, rounds: 10, location: 3e6, between: 0.03, within: 0.05 };

describe('the two-level model', () => {
  it.each([
    { between: 0.03, within: 0.05, error: 0.004 },
    { between: 0.1, within: 0.3, error: 0.02 },
    // The median of ten such cycles varies by 8 %, by chance more or less: what is left of it has no sign to cancel out.
    { between: 0, within: 0.2, error: 0.04 },
    { between: 0.05, within: 0.001, error: 0.004 },
  ])('finds what boots were made with: %j', ({ between, within, error }) => {
    const fits = Array.from({ length: 30 }, (_, seed) => {
      const model = fitTwoLevel([seriesOf({ ...usual, between, within }, seed)], 1);
      expect(model).toMatchObject({ rounds: 10, warmup: 1, shared: 0 });
      return model.series.map((series) => series)[0];
    });
    const of = (field: 'location' | 'between' | 'within' | 'betweenAtMost') =>
      fits.map((series) => series?.[field] ?? Number.NaN);
    expect(Math.abs(mean(logs(of('location'))) - Math.log(3e6))).toBeLessThan(0.15 * (between + within));
    // Of a lognormal number about its median.
    const relative = Math.sqrt(Math.exp(2 * within ** 2) - 2 * Math.exp(within ** 2 / 2) + 1);
    expect(Math.abs(mean(of('within')) / relative - 1)).toBeLessThan(0.06);
    expect(Math.abs(mean(of('between')) - between)).toBeLessThan(error);
    const above = of('betweenAtMost').filter((limit) => limit >= between).length;
    expect(above).toBeGreaterThanOrEqual(25);
  });

  it('draws boots that spread as those that it was fitted to', () => {
    const model = fitTwoLevel([seriesOf(usual, 3)], 1);
    const medians = logs(mediansOf(model, 2000));
    expect(standardDeviation(medians) / (model.series[0]?.spread ?? 0)).toBeCloseTo(1, 1);
    expect(mean(medians)).toBeCloseTo(Math.log(model.series[0]?.location ?? 0), 2);
  });

  it('doubles the spread of the medians, adds bursts and heavy tails, and takes the most that is possible', () => {
    const model = fitTwoLevel([seriesOf(usual, 3)], 1);
    const [series] = model.series;
    if (series === undefined) throw new Error('no series');
    const spread = (condition: Condition) => standardDeviation(logs(mediansOf(model, 4000, condition)));
    expect(spread({ spread: 2 }) / series.spread).toBeCloseTo(2, 1);
    expect(spread({ spread: 2, heavyTails: true }) / series.spread).toBeGreaterThan(1.6);
    expect(spread({ atMost: true })).toBeGreaterThan(spread({}));
    const kurtosis = (condition: Condition) => sampleKurtosis(logs(mediansOf(model, 4000, condition)));
    expect(kurtosis({ spread: 3 })).toBeLessThan(1);
    expect(kurtosis({ spread: 3, heavyTails: true })).toBeGreaterThan(3);
    const cycles = Array.from({ length: 500 }, (_, index) =>
      drawBoot(model, seededRandom(1, index), [], { bursts: { share: 0.05, factor: 10 } }),
    ).flatMap(([values = []]) => values.slice(1));
    const bursts = cycles.filter((value) => value > 5 * series.location).length;
    expect(bursts / cycles.length).toBeCloseTo(0.05, 1.5);
  });

  it('is the same for the same seed, and a growth changes nothing but the size', () => {
    const model = fitTwoLevel([seriesOf(usual, 5), seriesOf(usual, 6, 'b')], 1);
    const draw = (growth?: number[]) => drawBoot(model, seededRandom(7, 8), growth);
    expect(draw()).toEqual(draw());
    const [plain, grown] = [draw(), draw([1, 1.25])];
    expect(grown[0]).toEqual(plain[0]);
    expect(grown[1]?.map((value, round) => value / (plain[1]?.[round] ?? 0))).toEqual(
      plain[1]?.map(() => expect.closeTo(1.25, 9)),
    );
    expect(drawBoot(model, seededRandom(7, 8), [], { rounds: 23 })[0]).toHaveLength(24);
  });

  it('sees that boots are larger in all scenarios at once, and does not see it where they are not', () => {
    const shared = (alike: boolean, seed: number) => {
      const random = seededRandom(seed);
      const effects = normals(random, 40);
      const series = ['a', 'b', 'c'].map((group) => ({
        group,
        boots: madeBoots(random, usual, alike ? effects : normals(random, 40)),
      }));
      return fitTwoLevel(series, 1).shared;
    };
    const seeds = Array.from({ length: 40 }, (_, seed) => seed);
    expect(median(seeds.map((seed) => shared(true, seed)))).toBeGreaterThan(0.85);
    expect(seeds.filter((seed) => shared(false, seed) > 0).length).toBeLessThanOrEqual(5);
  });

  it('draws cycles of one group at once', () => {
    const written = seriesOf({ ...usual, within: 0.5 }, 4);
    const changed = { ...written, boots: written.boots.map((values) => values.map((value) => value / 2)) };
    const model = fitTwoLevel([written, changed], 1);
    const [a = [], b = []] = drawBoot(model, seededRandom(1));
    expect(b.map((value, round) => value / (a[round] ?? 0))).toEqual(a.map(() => expect.closeTo(0.5, 9)));
  });

  it.each([
    ['zeros alone', () => 0],
    ['one page alone', () => page],
    ['zeros and pages', (boot: number, round: number) => ((boot + round) % 3) * page],
    ['the same number always', () => 700 * page],
  ])('knows %s', (_name, value) => {
    const boots = Array.from({ length: 6 }, (_, boot) =>
      Array.from({ length: 8 }, (_, round) => value(boot, round)),
    );
    const model = fitTwoLevel([{ group: 'a', boots }], 2);
    expect(model.series[0]?.grid).toBe(page);
    for (const field of ['location', 'spread', 'between', 'betweenAtMost', 'within'] as const)
      expect(model.series[0]?.[field]).not.toBeNaN();
    const seen = new Set(boots.flat());
    for (let number = 0; number < 50; number += 1) {
      const [drawn = []] = drawBoot(model, seededRandom(number));
      expect(drawn).toHaveLength(8);
      expect(drawn.every((each) => Number.isInteger(each / page) && each >= 0)).toBe(true);
      if (seen.size === 1) expect(new Set(drawn)).toEqual(seen);
    }
  });

  it('never draws less than a page where none was seen', () => {
    const boots = Array.from({ length: 6 }, (_, boot) =>
      Array.from({ length: 12 }, (_, round) => (((boot * 7 + round * 5) % 18) + 1) * page),
    );
    const model = fitTwoLevel([{ group: 'pause', boots }], 2);
    const drawn = Array.from({ length: 200 }, (_, seed) =>
      drawBoot(model, seededRandom(seed), [], { spread: 3 }),
    );
    expect(Math.min(...drawn.flat(2))).toBe(page);
  });
});
