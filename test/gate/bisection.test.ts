import { describe, expect, it } from 'vitest';
import { type Candidate, mostSkips, type SearchRules, searchSteps } from '../../src/gate/bisection.ts';
import { seededRandom } from '../stats/random.ts';
import { levelsOf, mebi, search, searchOneStep, usualRules } from './searched-history.ts';

/** Of seeds 1 to `count`, the share for which something holds. */
function share(count: number, holds: (seed: number) => boolean): number {
  return Array.from({ length: count }, (_, index) => index + 1).filter(holds).length / count;
}

describe('one step', () => {
  it('of 10 % in noise of 2 % is found at its commit in 95 % of histories and more', () => {
    let boots = 0;
    const found = share(500, (seed) => {
      const searched = searchOneStep(seed, { step: 0.1, noise: 0.02 });
      boots += searched.boots / 500;
      return searched.right;
    });
    expect(found).toBeGreaterThanOrEqual(0.95);
    // Both ends and five commits between, at three boots each.
    expect(boots).toBeLessThan(25);
  });

  it('that is large takes no more than the least boots of about log2 of the commits', () => {
    for (const at of [1, 2, 63, 64, 65, 100, 127, 128]) {
      const searched = search({ levels: levelsOf(128, { [at]: 2 }), noise: 0.02 }, at);
      expect(searched.found).toMatchObject([{ kind: 'step', after: at - 1, at }]);
      expect(searched.tested).toBeLessThanOrEqual(7);
      expect(searched.boots).toBeLessThanOrEqual(2 * (searched.tested + 2) + 6);
      expect(searched.judged.every(({ clear }) => clear)).toBe(true);
    }
  });

  it('is found without noise at all, to the byte', () => {
    const searched = search({ levels: levelsOf(12, { 5: 1.1 }), noise: 0 }, 1);
    expect(searched.found).toMatchObject([{ kind: 'step', after: 4, at: 5, probability: 1, clear: true }]);
  });

  it('is found from a size of 0', () => {
    const levels = Array.from({ length: 10 }, (_, index) => (index < 7 ? 0 : 4 * mebi));
    expect(search({ levels, noise: 0.02 }, 3).found).toMatchObject([{ kind: 'step', at: 7 }]);
  });

  it('between two neighbours needs no boot', () => {
    const searched = search({ levels: levelsOf(1, { 1: 1.2 }), noise: 0.02 }, 1);
    expect([searched.found, searched.tested]).toMatchObject([[{ kind: 'step', after: 0, at: 1 }], 0]);
  });

  it('says how sure it is, and is right at least as often', () => {
    const noisy: SearchRules = { ...usualRules, mostBoots: 3 };
    const outcomes = Array.from({ length: 400 }, (_, index) => {
      const at = 1 + (index % 16);
      const { found } = search({ levels: levelsOf(16, { [at]: 1.1 }), noise: 0.04 }, index + 1, noisy);
      const right = found.length === 1 && found[0]?.kind === 'step' && found[0].at === at;
      return { right, probability: found[0]?.probability ?? 0 };
    });
    const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
    const said = mean(outcomes.map(({ probability }) => probability));
    const was = mean(outcomes.map(({ right }) => Number(right)));
    expect(said).toBeLessThan(was + 0.03);
    expect(said).toBeGreaterThan(0.4);
    expect(was).toBeLessThan(0.95);
  });
});

describe('two steps', () => {
  it('past the limits are both found, the larger first', () => {
    const found = share(300, (seed) => {
      const random = seededRandom(seed * 104729);
      const first = 1 + Math.floor(random() * 20);
      const second = first + 1 + Math.floor(random() * (40 - first));
      const levels = levelsOf(40, { [first]: 1.1, [second]: 1.25 });
      const searched = search({ levels, noise: 0.02 }, seed).found;
      return JSON.stringify(searched.map(({ at }) => at)) === JSON.stringify([second, first]);
    });
    // One search may meet no commit between the two, where they are near.
    expect(found).toBeGreaterThanOrEqual(0.85);
  });

  it('of which one is below the limits: that one is not pursued', () => {
    const found = share(200, (seed) => {
      const searched = search({ levels: levelsOf(32, { 9: 1.02, 25: 1.2 }), noise: 0.01 }, seed).found;
      return searched.length === 1 && searched[0]?.kind === 'step' && searched[0].at === 25;
    });
    expect(found).toBeGreaterThanOrEqual(0.95);
  });
});

describe('no step', () => {
  it('past the limits: growth that creeps in is said to be spread', () => {
    const levels = Array.from({ length: 17 }, (_, index) => 4 * mebi * 1.005 ** index);
    const searched = search({ levels, noise: 0.001 }, 1);
    expect(searched.found.map(({ kind }) => kind)).toEqual(['spread']);
    expect(searched.found[0]).toMatchObject({ after: 0, at: 16 });
  });
});

describe('commits that cannot be tested', () => {
  it('leave the step where it can be told, and a range where it cannot', () => {
    const right = share(300, (seed) => {
      const random = seededRandom(seed * 15485863);
      const at = 1 + Math.floor(random() * 32);
      const broken = Array.from({ length: 31 }, (_, index) => index + 1).filter(() => random() < 0.3);
      const { found } = search({ levels: levelsOf(32, { [at]: 1.2 }), noise: 0.02, broken }, seed);
      // The nearest on either side that can be tested: the answer that nobody could better.
      let [after, before] = [at - 1, at];
      while (broken.includes(after)) after -= 1;
      while (broken.includes(before)) before += 1;
      const kind = before - after === 1 ? 'step' : 'range';
      return (
        JSON.stringify(found.map((each) => [each.kind, each.after, each.at])) ===
        JSON.stringify([[kind, after, before]])
      );
    });
    expect(right).toBeGreaterThanOrEqual(0.95);
  });

  it('in a row are left behind by steps that double', () => {
    const broken = Array.from({ length: 100 }, (_, index) => 78 + index);
    const searched = search({ levels: levelsOf(256, { 200: 1.5 }), noise: 0.02, broken }, 1);
    expect(searched.found).toMatchObject([{ kind: 'step', at: 200 }]);
    expect(searched.tested).toBeLessThan(35);
  });

  it('altogether leave the whole range', () => {
    const broken = Array.from({ length: 7 }, (_, index) => index + 1);
    const searched = search({ levels: levelsOf(8, { 3: 1.5 }), noise: 0.02, broken }, 1);
    expect(searched.found).toMatchObject([{ kind: 'range', after: 0, at: 8, untried: 0 }]);
    expect(searched.tested).toBe(7);
  });

  it('by the hundred are given up after some, with how many were not tried', () => {
    const broken = Array.from({ length: 499 }, (_, index) => index + 1);
    const searched = search({ levels: levelsOf(500, { 300: 1.5 }), noise: 0.02, broken }, 1);
    expect(searched.found).toMatchObject([{ kind: 'range', after: 0, at: 500, untried: 499 - mostSkips }]);
    expect(searched.tested).toBe(mostSkips);
  });
});

describe('commits of the same bytes', () => {
  it('are told without a boot', () => {
    const levels = levelsOf(12, { 8: 1.1 });
    const images = levels.map((_, index) => (index < 8 ? 0 : 12));
    const searched = search({ levels, noise: 0.02, images }, 1);
    expect(searched.found).toMatchObject([{ kind: 'step', after: 7, at: 8, probability: 1 }]);
    expect(searched.judged.every(({ identical }) => identical)).toBe(true);
    expect(searched.boots).toBe(4);
  });
});

describe('a search', () => {
  it('asks for the least boots of the middle first, then for one more of whatever is short', () => {
    const ends = { image: undefined, skipped: false };
    const commits = [[100, 101, 102], [], [105, 106, 104], [], [110, 111, 112]].map((boots) => ({
      ...ends,
      boots,
    }));
    const limits = { failAbove: 0.01, minGrowth: 0 };
    const untested = searchSteps(commits.with(2, { ...ends, boots: [] }), { ...usualRules, limits });
    expect(untested.wanted).toEqual([{ index: 2, boots: 2 }]);
    expect(untested.found).toMatchObject([{ kind: 'open', after: 0, at: 4 }]);
    const near = searchSteps(commits.with(2, { ...ends, boots: [104, 103, 102] }), { ...usualRules, limits });
    expect(near.wanted).toEqual(
      [0, 4, 2].toSorted((a, b) => Number(b === 2) - Number(a === 2)).map((index) => ({ index, boots: 4 })),
    );
  });

  it('with no more boots to be had takes the likelier side, and says that it is not clear', () => {
    const bare = { image: undefined, skipped: false };
    const commits = [
      [100, 104, 102],
      [103, 105, 104],
      [110, 106, 108],
    ].map((boots) => ({ ...bare, boots }));
    const { judged, found } = searchSteps(commits, { ...usualRules, mostBoots: 3 });
    expect(judged).toMatchObject([{ index: 1, clear: false }]);
    expect(found[0]?.probability).toBeLessThan(0.99);
  });

  it('takes no side where boots tell none: a stray boot that turns the two ends about', () => {
    const bare = { image: undefined, skipped: false };
    const commits = [
      [100, 100, 100, 100, 400],
      [100, 100, 100, 100, 100],
      [120, 120, 120, 120, 120],
    ].map((boots) => ({ ...bare, boots }));
    expect(searchSteps(commits, usualRules).wanted.map(({ index }) => index)).toEqual([1, 0, 2]);
    const { judged, found, wanted } = searchSteps(commits, { ...usualRules, mostBoots: 5 });
    expect([judged, wanted]).toEqual([[], []]);
    expect(found).toMatchObject([{ kind: 'untold', after: 0, at: 2 }]);
  });

  it('judges with what is there once no more boots of a commit are to be had', () => {
    const bare = { image: undefined, skipped: false };
    const commits: Candidate[] = [
      [100, 104, 102],
      [103, 105, 104],
      [110, 106, 108],
    ].map((boots) => ({ ...bare, boots }));
    const ofEnd = searchSteps(commits.with(0, { ...bare, boots: [100, 104, 102], spent: true }), usualRules);
    expect(ofEnd.wanted.map(({ index }) => index)).toEqual([1, 2]);
    const ofMiddle = searchSteps(
      commits.with(1, { ...bare, boots: [103, 105, 104], spent: true }),
      usualRules,
    );
    expect(ofMiddle.wanted).toEqual([]);
    expect(ofMiddle.found).toMatchObject([{ kind: 'step', clear: false }]);
  });
});
