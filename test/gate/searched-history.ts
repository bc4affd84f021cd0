import { type Candidate, type Search, type SearchRules, searchSteps } from '../../src/gate/bisection.ts';
import { normalFrom, seededRandom } from '../stats/random.ts';

export const mebi = 1024 ** 2;
/** A gate's own defaults. */
export const usualRules: SearchRules = {
  limits: { failAbove: 0.05, minGrowth: 64 * 1024 },
  leastBoots: 2,
  mostBoots: 10,
};

export interface History {
  /** True size at each commit, the first is GOOD, the last BAD. */
  readonly levels: readonly number[];
  /** Relative spread between boots. */
  readonly noise: number;
  readonly broken?: readonly number[];
  /** Commits with the same number are the same bytes. */
  readonly images?: readonly number[];
}

export interface Searched extends Search {
  /** Commits that were tested between the two ends, broken ones included. */
  readonly tested: number;
  readonly boots: number;
}

/** Searches a history whose boots are drawn from a seed: what is wanted is measured, until nothing is. */
export function search(history: History, seed: number, given: SearchRules = usualRules): Searched {
  const { levels, noise, broken = [], images } = history;
  const normal = normalFrom(seededRandom(seed));
  const pools = new Map<number, number[]>();
  const poolOf = (index: number) => images?.[index] ?? index;
  const boot = (index: number, boots: number) => {
    const pool = pools.get(poolOf(index)) ?? [];
    while (pool.length < boots) pool.push((levels[index] ?? 0) * Math.exp(noise * normal()));
    pools.set(poolOf(index), pool);
  };
  const last = levels.length - 1;
  const seen = new Set([0, last]);
  const refused = new Set<number>();
  for (const end of seen) boot(end, given.leastBoots);
  for (let asked = 0; asked < 1000; asked += 1) {
    const commits: Candidate[] = levels.map((_, index) => ({
      boots: seen.has(index) ? (pools.get(poolOf(index)) ?? []) : [],
      image: seen.has(index) ? String(poolOf(index)) : undefined,
      skipped: refused.has(index),
    }));
    const found = searchSteps(commits, given);
    const boots = [...pools.values()].reduce((sum, pool) => sum + pool.length, 0);
    if (found.wanted.length === 0) return { ...found, tested: seen.size - 2 + refused.size, boots };
    for (const { index, boots: wanted } of found.wanted) {
      if (broken.includes(index)) refused.add(index);
      else {
        seen.add(index);
        boot(index, wanted);
      }
    }
  }
  throw new Error('the search does not end');
}

/** `commits` + 1 sizes of 4 MiB that grow by each factor at its commit. */
export function levelsOf(commits: number, steps: Readonly<Record<number, number>>): number[] {
  let size = 4 * mebi;
  return Array.from({ length: commits + 1 }, (_, index) => {
    size *= steps[index] ?? 1;
    return size;
  });
}

/** Whether the one step of a history, at a commit and among commits that the seed draws, is found at just that commit. */
export function searchOneStep(
  seed: number,
  { step, noise }: { readonly step: number; readonly noise: number },
): Searched & { readonly right: boolean } {
  const random = seededRandom(seed * 7919);
  const commits = 2 + Math.floor(random() * 60);
  const at = 1 + Math.floor(random() * commits);
  const searched = search({ levels: levelsOf(commits, { [at]: 1 + step }), noise }, seed);
  const [only, other] = searched.found;
  return { ...searched, right: other === undefined && only?.kind === 'step' && only.at === at };
}
