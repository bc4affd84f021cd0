import type { Thresholds } from '../config/types.ts';
import { contrastSides } from '../stats/contrast.ts';
import { type Cuts, levelOdds } from '../stats/levels.ts';
import { isAbove } from './thresholds.ts';

/** What is known so far of one commit, of the one scenario and metric that is searched. */
export interface Candidate {
  /** Each boot's location; empty: not measured yet. */
  readonly boots: readonly number[];
  /** What the cycles of each boot leave open of it; see `contrastSides`. */
  readonly errors?: readonly number[];
  /** What the commits whose images are the same bytes have in common; undefined where that is not known. */
  readonly image: string | undefined;
  /** It cannot be built or measured. */
  readonly skipped: boolean;
  /** It is measured, and more boots of it are not to be had. */
  readonly spent?: boolean;
}

export interface SearchRules {
  readonly limits: Pick<Thresholds, 'failAbove' | 'minGrowth'>;
  /** Boots of a commit before it is judged, and at which it is judged by what is likelier. */
  readonly leastBoots: number;
  readonly mostBoots: number;
}

/** A commit, judged against the two that stand for either side of a growth. Commits by their index, the oldest is 0. */
export interface Judged {
  readonly index: number;
  readonly good: number;
  readonly bad: number;
  readonly like: 'good' | 'bad' | 'between';
  /** That it is so; 0 to 1. */
  readonly probability: number;
  /** False: more boots were not to be had, and it is only the likeliest. */
  readonly clear: boolean;
  /** It is the same bytes as one of the two. */
  readonly identical: boolean;
}

/** A growth, narrowed to what came after the commit `after` up to the commit `at`. */
export interface Found {
  /**
   * `step`: it came with the commit `at`; `range`: with one of those up to it, and those between cannot be tested, or so many of them cannot that
   * the others were not tried; `spread`: with several of them, of which none is past the limits; `untold`: boots of those between do not tell
   * which side they are on; `open`: not narrowed further yet.
   */
  readonly kind: 'step' | 'range' | 'spread' | 'untold' | 'open';
  readonly after: number;
  readonly at: number;
  /** The commits that stand for before and after it. */
  readonly good: number;
  readonly bad: number;
  /** That each commit on the way was judged rightly; 0 to 1. */
  readonly probability: number;
  /** That each of them was, by `Judged.clear`. */
  readonly clear: boolean;
  /** Of a `range`: commits between that were not tried. */
  readonly untried: number;
}

/** Boots that a commit should have, those it has included. */
export interface Wanted {
  readonly index: number;
  readonly boots: number;
}

export interface Search {
  /** In the order in which they were looked at. */
  readonly judged: readonly Judged[];
  /** The largest growth first. */
  readonly found: readonly Found[];
  /** What to measure next; empty: the search is over. */
  readonly wanted: readonly Wanted[];
}

/** How likely a judgement must be before no more boots are taken for it. Some five of them make a search. */
export const clearProbability = 0.99;

/** Commits that may fail one after the other before their neighbours are not tried any more: each costs a build, and a line may have thousands. */
export const mostSkips = 20;

/**
 * Where the growth between the first of some commits and the last came in, by binary search, as far as what is measured says. The two
 * ends are measured, and differ. It follows from its arguments alone: a search goes on by being asked again with more measured.
 */
export function searchSteps(commits: readonly Candidate[], rules: SearchRules): Search {
  const last = commits.length - 1;
  const walk: Walk = { commits, rules, judged: [], found: [], wanted: [] };
  narrow(walk, { after: 0, at: last, good: 0, bad: last, probability: 1, clear: true }, new Set());
  const size = ({ good, bad }: Found) => growthBetween(walk, good, bad);
  return { ...walk, found: walk.found.toSorted((a, b) => size(b) - size(a)) };
}

type Segment = Omit<Found, 'kind' | 'untried'>;

interface Walk {
  readonly commits: readonly Candidate[];
  readonly rules: SearchRules;
  readonly judged: Judged[];
  readonly found: Found[];
  wanted: readonly Wanted[];
}

/** `passed`: those that cannot be tested and were tried already before it was narrowed to this. */
function narrow(walk: Walk, segment: Segment, passed: ReadonlySet<number>): void {
  const { index, failed } = nextToTest(walk.commits, segment, passed);
  const end = (kind: Found['kind'], untried = 0) => walk.found.push({ ...segment, kind, untried });
  if (index === undefined) {
    end(segment.at - segment.after === 1 ? 'step' : 'range', countUntried(walk.commits, segment));
    return;
  }
  const judged = judge(walk, segment, index);
  if (typeof judged === 'string') {
    end(judged);
    return;
  }
  walk.judged.push(judged);
  const narrowed = {
    ...segment,
    probability: segment.probability * judged.probability,
    clear: segment.clear && judged.clear,
  };
  if (judged.like === 'between') narrowHalves(walk, narrowed, index, failed);
  else narrow(walk, { ...narrowed, [judged.like === 'good' ? 'after' : 'at']: index }, failed);
}

/** Each half that holds a growth past the limits, the larger first. */
function narrowHalves(walk: Walk, segment: Segment, index: number, passed: ReadonlySet<number>): void {
  const halves: readonly Segment[] = [
    { ...segment, at: index, bad: index },
    { ...segment, after: index, good: index },
  ];
  const grown = halves.filter(({ good, bad }) => isPastLimits(walk, good, bad));
  if (grown.length === 0) walk.found.push({ ...segment, kind: 'spread', untried: 0 });
  const size = ({ good, bad }: Segment) => growthBetween(walk, good, bad);
  for (const half of grown.toSorted((a, b) => size(b) - size(a))) narrow(walk, half, passed);
}

/**
 * The middle, or the nearest to it that can be tested. From one that cannot, by steps that double: such commits often come in a row, which
 * is then left behind at once. `index` is undefined where there is none, or where `mostSkips` have failed beside those of `passed`.
 */
function nextToTest(
  commits: readonly Candidate[],
  { after, at }: Segment,
  passed: ReadonlySet<number>,
): { readonly index: number | undefined; readonly failed: ReadonlySet<number> } {
  const middle = (after + at) >> 1;
  const distances = [0, ...Array.from({ length: 31 }, (_, power) => 2 ** power)];
  const near = distances.flatMap((distance) => [middle - distance, middle + distance]);
  const all = Array.from({ length: at - after - 1 }, (_, offset) => after + 1 + offset);
  const failed = new Set(passed);
  for (const index of [...near, ...all]) {
    if (index <= after || index >= at) continue;
    if (commits[index]?.skipped === false) return { index, failed };
    failed.add(index);
    if (failed.size - passed.size >= mostSkips) break;
  }
  return { index: undefined, failed };
}

function countUntried(commits: readonly Candidate[], { after, at }: Segment): number {
  return commits.slice(after + 1, at).filter(({ skipped }) => !skipped).length;
}

/** `open`: it takes more boots, which `wanted` then says, unless others are wanted already; `untold`: they would not help. */
function judge(walk: Walk, { good, bad }: Segment, index: number): Judged | 'open' | 'untold' {
  const { leastBoots, mostBoots } = walk.rules;
  const of = (which: number) => walk.commits[which] ?? nobody;
  const numbers = (which: number) => ({ values: of(which).boots, errors: of(which).errors ?? [] });
  const { boots, image, spent = false } = of(index);
  if (boots.length > 0 && image !== undefined) {
    const twin = (
      [
        ['good', good],
        ['bad', bad],
      ] as const
    ).find(([, end]) => of(end).image === image);
    if (twin) return { index, good, bad, like: twin[0], probability: 1, clear: true, identical: true };
  }
  if (boots.length < leastBoots) return want(walk, [{ index, boots: leastBoots }]);
  const likeliest = likeliestOf(
    levelOdds(numbers(good), numbers(bad), numbers(index), cutsAt(walk.rules.limits)),
  );
  const clear = likeliest !== undefined && likeliest.probability >= clearProbability;
  if (!clear && boots.length < mostBoots && !spent) {
    const more = boots.length + 1;
    const short = [good, bad].filter((end) => of(end).boots.length < more && of(end).spent !== true);
    return want(
      walk,
      [index, ...short].map((each) => ({ index: each, boots: more })),
    );
  }
  return likeliest === undefined ? 'untold' : { index, good, bad, ...likeliest, clear, identical: false };
}

/** Of the two ends of a growth, what has not grown past the limits from the one, and from what the other has not. */
function cutsAt({ failAbove, minGrowth }: SearchRules['limits']): Cuts {
  return (atLow, atHigh) => ({
    low: atLow + Math.max(atLow * failAbove, minGrowth),
    high: Math.min(atHigh / (1 + failAbove), atHigh - minGrowth),
  });
}

const nobody: Candidate = { boots: [], image: undefined, skipped: true };

function want(walk: Walk, wanted: readonly Wanted[]): 'open' {
  if (walk.wanted.length === 0) walk.wanted = wanted;
  return 'open';
}

/** undefined: there is nothing to judge by, and no side is taken. */
function likeliestOf(odds: ReturnType<typeof levelOdds>): Pick<Judged, 'like' | 'probability'> | undefined {
  if (odds === undefined) return undefined;
  const { low, between, high } = odds;
  if (between > low && between > high) return { like: 'between', probability: between };
  return low >= high ? { like: 'good', probability: low } : { like: 'bad', probability: high };
}

function isPastLimits(walk: Walk, good: number, bad: number): boolean {
  const { growth, difference } = contrastOf(walk, good, bad);
  const { failAbove, minGrowth } = walk.rules.limits;
  return (
    isAbove(growth?.value ?? Number.POSITIVE_INFINITY, failAbove) && isAbove(difference.value, minGrowth)
  );
}

/** In the metric's unit. */
function growthBetween(walk: Walk, good: number, bad: number): number {
  return contrastOf(walk, good, bad).difference.value;
}

function contrastOf({ commits }: Walk, good: number, bad: number) {
  return contrastSides(commits[good]?.boots ?? [], commits[bad]?.boots ?? []);
}
