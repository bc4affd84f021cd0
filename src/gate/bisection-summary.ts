import { metricLabels } from '../config/metrics.ts';
import { formatChance, formatGrowth } from '../host/units.ts';
import type { Measurement } from '../measure/record.ts';
import { locationErrors, summarizeSide, warmupRoundsOf } from '../measure/summarize.ts';
import { contrastSides } from '../stats/contrast.ts';
import type { BootNumbers } from '../stats/levels.ts';
import { median } from '../stats/median.ts';
import type { Candidate, Found, Judged, Search } from './bisection.ts';
import {
  type BisectedCommit,
  type Bisection,
  type BisectionJudgement,
  type BisectionStep,
  type BisectionTest,
  bisectionVersion,
} from './bisection-record.ts';
import type { Ends } from './bisection-rows.ts';
import type { RecordMeta } from './compare.ts';
import type { Row } from './record.ts';

/** A commit that was built and measured, or could not be. */
export interface TestedCommit {
  readonly commit: BisectedCommit;
  /** In the line of commits: GOOD is 0. */
  readonly place: number;
  readonly measurement?: Measurement | undefined;
  /** See `Candidate`. */
  readonly image?: string | undefined;
  readonly reusedBoots: number;
  /** More boots of it are not to be had. */
  readonly spent?: boolean;
  /** Why it cannot be tested. */
  readonly skipped?: string;
}

type Tested = ReadonlyMap<number, TestedCommit>;

/** The search for one of the rows that grew. */
export interface RowSearch {
  readonly row: Row;
  readonly search: Search;
}

/**
 * Each boot's location and what its cycles leave open of it; none of a commit that was not measured. The rounds that were warm-up for GOOD or BAD are
 * left out of all: a round is compared with its like.
 */
export function numbersFor(test: TestedCommit | undefined, { scenario, metric, base }: Row): BootNumbers {
  const measurement = test?.measurement;
  if (measurement === undefined) return { values: [], errors: [] };
  const warmup = base?.warmupRounds ?? warmupRoundsOf(measurement, scenario, metric);
  return {
    values: summarizeSide(measurement, scenario, metric, warmup)?.bootLocations ?? [],
    errors: locationErrors(measurement, scenario, metric, warmup),
  };
}

/** What is known of each commit of a line, for the search of one row. */
export function candidatesOf(
  commits: readonly BisectedCommit[],
  tested: Tested,
  row: Row,
): readonly Candidate[] {
  return commits.map((_, place) => {
    const test = tested.get(place);
    const { values: boots, errors } = numbersFor(test, row);
    const { image, skipped, spent = false } = test ?? {};
    return { boots, errors, image, skipped: skipped !== undefined, spent };
  });
}

/** What a judgement rests on; `first` is GOOD itself. */
export interface Witnesses {
  readonly test: TestedCommit;
  readonly first: TestedCommit | undefined;
  readonly good: TestedCommit | undefined;
  readonly bad: TestedCommit | undefined;
}

export function judgementOf(
  row: Row,
  judged: Judged,
  { test, first, good, bad }: Witnesses,
): BisectionJudgement {
  const numbers = numbersFor(test, row);
  const bootLocations = [...numbers.values];
  const { like, probability, clear, identical } = judged;
  return {
    scenario: row.scenario,
    metric: row.metric,
    median: median(bootLocations),
    bootLocations,
    ...changeOf(numbersFor(first, row), numbers),
    like,
    probability,
    clear,
    identical,
    good: good?.commit.commit ?? test.commit.commit,
    bad: bad?.commit.commit ?? test.commit.commit,
  };
}

function changeOf(from: BootNumbers, to: BootNumbers): Pick<BisectionStep, 'growth' | 'difference'> {
  const errors = { base: from.errors, head: to.errors };
  const { growth, difference } = contrastSides(from.values, to.values, errors);
  return { ...(growth === undefined ? {} : { growth }), difference };
}

export interface BisectionInput extends RecordMeta {
  readonly commits: readonly BisectedCommit[];
  readonly tested: Tested;
  readonly ends: Ends;
  readonly searches: readonly RowSearch[];
  /** What differs over a step. */
  readonly changed: (found: Found) => BisectionStep['changed'];
  readonly outOfTime: boolean;
  /** Sentences on what went wrong on the way. */
  readonly notes: readonly string[];
}

/** The record of a search, with all that its answer rests on. */
export function bisectionRecord(input: BisectionInput): Bisection {
  const { commits, tested, ends, searches } = input;
  const [good, bad] = [commits[0], commits.at(-1)];
  if (good === undefined || bad === undefined) throw new Error('a line of commits has two ends');
  const steps = searches.flatMap((each) => stepsOf(input, each));
  const fingerprint = [...tested.values()].find(hasBoots)?.measurement?.fingerprint;
  const outcome = outcomeOf(ends, steps);
  return {
    schema: 'snapgate/bisection',
    version: bisectionVersion,
    snapgate: input.snapgate,
    createdAt: input.now,
    outcome,
    headline: headlineOf(ends, steps),
    good,
    bad,
    commits: commits.length - 1,
    ...(fingerprint === undefined ? {} : { fingerprint }),
    rows: searches.map(({ row }) => rowRecord(row)),
    undecided: (ends.kind === 'not-grown' ? [] : ends.undecided).map(rowRecord),
    tested: [...tested.values()].map((test) => testRecord(test, tested, searches)),
    steps,
    notes: notesOf(input),
  };
}

/** Of the search, then of each commit's measurement, each once. */
function notesOf({ notes, outOfTime, tested }: BisectionInput): string[] {
  const cut = 'time-budget ended; what was measured is kept, and the same command goes on from there';
  const measured = [...tested.values()].flatMap(({ commit, measurement }) =>
    (measurement?.notes ?? []).map((note) => ({ note, name: commit.commit.slice(0, 7) })),
  );
  const ofCommits = [...Map.groupBy(measured, ({ note }) => note)].map(
    ([note, all]) => `${namesOf(all.map(({ name }) => name))}: ${note}`,
  );
  return [...(outOfTime ? [cut] : []), ...notes, ...ofCommits]
    .slice(0, 1000)
    .map((note) => note.slice(0, 2000));
}

/** What an engine says of every boot is said of many commits. */
function namesOf(names: readonly string[]): string {
  const more = names.length - mostNamed;
  return more > 0 ? `${names.slice(0, mostNamed).join(', ')} and ${more} more` : names.join(', ');
}

const mostNamed = 3;

function hasBoots({ measurement }: TestedCommit): boolean {
  return (measurement?.boots.length ?? 0) > 0;
}

function rowRecord({ scenario, metric, thresholds, growth, difference }: Row): Bisection['rows'][number] {
  const { failAbove, minGrowth } = thresholds;
  return {
    scenario,
    metric,
    failAbove,
    minGrowth,
    ...(growth === undefined ? {} : { growth }),
    ...(difference === undefined ? {} : { difference }),
  };
}

function testRecord(test: TestedCommit, tested: Tested, searches: readonly RowSearch[]): BisectionTest {
  const { commit, place, measurement, reusedBoots, skipped } = test;
  const judgements = searches.flatMap(({ row, search }) =>
    search.judged
      .filter(({ index }) => index === place)
      .map((judged) => {
        const [good, bad] = [tested.get(judged.good), tested.get(judged.bad)];
        return judgementOf(row, judged, { test, first: tested.get(0), good, bad });
      }),
  );
  const why = skipped === undefined ? {} : { skipped: skipped.slice(0, 2000) };
  const times = (measurement?.boots ?? []).map(({ startedAt }) => startedAt).toSorted();
  const [first, last] = [times[0], times.at(-1)];
  const booted = first === undefined || last === undefined ? {} : { booted: { first, last } };
  return { ...commit, place, boots: times.length, reusedBoots, ...booted, ...why, judgements };
}

function stepsOf({ commits, tested, changed }: BisectionInput, { row, search }: RowSearch): BisectionStep[] {
  return search.found.flatMap((found) => {
    const [after, at] = [commits[found.after], commits[found.at]];
    if (after === undefined || at === undefined) return [];
    const numbers = (place: number) => numbersFor(tested.get(place), row);
    const names = changed(found);
    return {
      scenario: row.scenario,
      metric: row.metric,
      kind: found.kind,
      after,
      at,
      commits: found.at - found.after,
      untried: found.untried,
      ...changeOf(numbers(found.good), numbers(found.bad)),
      probability: found.probability,
      clear: found.clear,
      ...(names === undefined ? {} : { changed: names }),
    };
  });
}

function outcomeOf(ends: Ends, steps: readonly BisectionStep[]): Bisection['outcome'] {
  if (ends.kind === 'not-grown') return 'nothing';
  if (ends.kind === 'undecided') return 'inconclusive';
  if (steps.some(({ kind }) => kind !== 'step')) return 'range';
  return steps.every(isSure) ? 'found' : 'likely';
}

function isSure({ clear, probability }: BisectionStep): boolean {
  return clear && probability >= leastFound;
}

/** How likely an answer must be to be called found. */
const leastFound = 0.9;

/** Exit status: 0 where the answer is known, 2 where it is only likely, a range or none. */
export function bisectionExitCode({ outcome }: Pick<Bisection, 'outcome'>): number {
  return outcome === 'found' || outcome === 'nothing' ? 0 : 2;
}

function headlineOf(ends: Ends, steps: readonly BisectionStep[]): string {
  if (ends.kind === 'not-grown') return `nothing to find: ${ends.reason}`.slice(0, 2000);
  if (ends.kind === 'undecided') return `whether it grew is not told: ${ends.reason}`.slice(0, 2000);
  const places = new Map(steps.map((step) => [`${step.after.commit} ${step.at.commit}`, step] as const));
  const [first, ...others] = [...places.values()];
  if (first === undefined) return 'no step was found';
  const more = others.length === 0 ? '' : `; and ${others.length} more`;
  return `${growthOf(first)} ${placeOf(first)}${oddsOf(first)}${more}`.slice(0, 2000);
}

function growthOf({ scenario, metric, growth }: BisectionStep): string {
  return `${metricLabels[metric]} of ${scenario} ${growth === undefined ? 'from nothing' : formatGrowth(growth.value)}`;
}

function placeOf(step: BisectionStep): string {
  const { kind, after, at, commits } = step;
  const [from, to] = [after.commit.slice(0, 7), at.commit.slice(0, 7)];
  const came = isSure(step) ? 'came' : 'likely came';
  if (kind === 'step') return `${came} with ${to}`;
  const spread = kind === 'spread' ? 'in several smaller steps ' : '';
  return `${came} ${spread}with the ${commits} commits after ${from} up to ${to}`;
}

/** None where no boots were judged: by the bytes of images, or not yet. */
function oddsOf({ probability }: BisectionStep): string {
  return probability === 1 ? '' : `, with a chance of ${formatChance(probability)}`;
}
