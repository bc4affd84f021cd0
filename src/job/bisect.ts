import { type ChangedNames, readChangedNames } from '../baseline/changed-names.ts';
import { type CommitLine, type LineCommit, readCommitLine } from '../baseline/commit-line.ts';
import { type Git, openWorkTree } from '../baseline/git.ts';
import { requireImage } from '../config/config.ts';
import type { Config } from '../config/types.ts';
import { type Found, searchSteps } from '../gate/bisection.ts';
import type { Bisection } from '../gate/bisection-record.ts';
import { compareEnds, type Ends, growthAlone } from '../gate/bisection-rows.ts';
import {
  bisectionRecord,
  candidatesOf,
  judgementOf,
  numbersFor,
  type RowSearch,
  type TestedCommit,
} from '../gate/bisection-summary.ts';
import type { RecordMeta } from '../gate/compare.ts';
import { sameImage } from '../gate/facts.ts';
import type { Row } from '../gate/record.ts';
import { type ErrorCode, SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import { version } from '../host/version.ts';
import type { Measurement } from '../measure/record.ts';
import { judgementWords } from '../report/bisection-table.ts';
import { type CommitBench, openCommitBench } from './commit-bench.ts';
import { openEngine } from './engine.ts';
import { checkGatedMetrics } from './gated-metrics.ts';
import { planLanes, readHostResources } from './preflight.ts';

export interface BisectRequest {
  readonly config: Config;
  /** Absolute path, in the repository whose commits are tested; its work tree stays as it is. */
  readonly checkout: string;
  /** What a person names the older commit by, and the newer. */
  readonly good: string;
  readonly bad: string;
}

/**
 * Finds the commit that an image grew with: measures GOOD and BAD, and if the gate says that it grew, those between by binary search.
 * What was measured is kept in the cache folder, so that a search that was ended goes on.
 *
 * @throws SnapgateError where the two ends cannot be measured or compared; `host` for a machine that cannot measure
 */
export async function runBisect(run: Run, request: BisectRequest): Promise<Bisection> {
  const { config, checkout, good, bad } = request;
  const inputs = requireImage(config);
  checkGatedMetrics({ ...config, gate: growthAlone(config.gate) });
  const git = await openWorkTree(run, checkout);
  const line = await readCommitLine(git, good, bad);
  run.log.info(`${line.commits.length - 1} commits from ${named(line.good)} to ${named(line.bad)}`);
  const engine = await openEngine(run, config, checkout);
  planLanes(config.measure, 1, readHostResources(run));
  const bench = await openCommitBench(run, { config, checkout, inputs, git, engine });
  const bisect: Bisect = { run, config, line, bench, tested: new Map(), outOfTime: false };
  const ends = await measureEnds(bisect);
  const searches = ends.kind === 'grown' ? await searchRows(bisect, ends.rows) : [];
  return await conclude(bisect, git, ends, searches);
}

interface Bisect {
  readonly run: Run;
  readonly config: Config;
  readonly line: CommitLine;
  readonly bench: CommitBench;
  /** By place in the line, in the order in which they were first tested. */
  readonly tested: Map<number, TestedCommit>;
  outOfTime: boolean;
}

/** Boots of both ends until the gate has decided, as a pull request's are; none where they are the same bytes. */
async function measureEnds(bisect: Bisect): Promise<Ends> {
  const { config } = bisect;
  const { boots: leastBoots, maxBoots: mostBoots } = config.measure;
  const plan = { leastBoots, mostBoots };
  const compare = ([good, bad]: EndPair) => compareEnds(good, bad, config.gate, { ...metaOf(), plan });
  const built = await measureBoth(bisect, 0);
  if (sameImage(built[0].image, built[1].image)) return compare(built);
  for (let boots = leastBoots; ; boots += 1) {
    const measured = await measureBoth(bisect, boots);
    if (measured.some((end) => end.boots.length === 0))
      return { kind: 'undecided', reason: 'time-budget ended before both GOOD and BAD were booted' };
    const ends = compare(measured);
    if (ends.kind !== 'undecided' || bisect.outOfTime || boots >= mostBoots) return ends;
  }
}

type EndPair = readonly [good: Measurement, bad: Measurement];

async function measureBoth(bisect: Bisect, boots: number): Promise<EndPair> {
  const last = bisect.line.commits.length - 1;
  return [await measureAt(bisect, 0, boots), await measureAt(bisect, last, boots)];
}

async function measureAt(bisect: Bisect, place: number, boots: number): Promise<Measurement> {
  const commit = commitAt(bisect, place);
  const { outOfTime, ...measured } = await bisect.bench.measure(commit, boots);
  bisect.tested.set(place, { commit, place, ...measured });
  if (outOfTime) bisect.outOfTime = true;
  return measured.measurement;
}

/** All that grew, each by a search of its own; what one has measured the others need not. */
async function searchRows(bisect: Bisect, rows: readonly Row[]): Promise<readonly RowSearch[]> {
  const said = new Set<string>();
  for (;;) {
    const searches = rows.map((row) => searchRow(bisect, row));
    for (const each of searches) sayJudgements(bisect, each, said);
    const next = searches.find(({ search }) => search.wanted.length > 0);
    if (next === undefined || bisect.outOfTime) return searches;
    await testWanted(bisect, next);
  }
}

function searchRow({ line, tested, config }: Bisect, row: Row): RowSearch {
  const { boots: leastBoots, maxBoots: mostBoots } = config.measure;
  const candidates = candidatesOf(line.commits, tested, row);
  return { row, search: searchSteps(candidates, { limits: row.thresholds, leastBoots, mostBoots }) };
}

/** Each once, as soon as it is made: a later one of the same commit may be surer. */
function sayJudgements({ run, tested, line }: Bisect, { row, search }: RowSearch, said: Set<string>): void {
  for (const judged of search.judged) {
    const key = `${row.scenario} ${row.metric} ${judged.index}`;
    const test = tested.get(judged.index);
    if (said.has(key) || test === undefined) continue;
    said.add(key);
    const [good, bad] = [tested.get(judged.good), tested.get(judged.bad)];
    const words = judgementWords(judgementOf(row, judged, { test, first: tested.get(0), good, bad }));
    run.log.info(`${named(test.commit)}, ${judged.index} of ${line.commits.length - 1}: ${words}`);
  }
}

async function testWanted(bisect: Bisect, { row, search }: RowSearch): Promise<void> {
  const [candidate] = search.wanted;
  const bootsOf = () => numbersFor(bisect.tested.get(candidate?.index ?? 0), row).values.length;
  const before = bootsOf();
  for (const { index, boots } of search.wanted) {
    try {
      await measureAt(bisect, index, boots);
    } catch (error) {
      if (index !== candidate?.index) throw error;
      return skip(bisect, index, error);
    }
  }
  if (candidate === undefined || bisect.outOfTime || bootsOf() > before) return;
  skip(
    bisect,
    candidate.index,
    new SnapgateError('record', `it has no ${row.metric} of ${row.scenario}`, ''),
  );
}

/** What is wrong with a commit keeps it from being tested; what is wrong with the machine ends the search. */
const errorsOfCommit: readonly ErrorCode[] = ['image', 'usage', 'guest', 'scenario', 'record'];

function skip({ run, tested, line }: Bisect, place: number, error: unknown): void {
  if (!(error instanceof SnapgateError) || !errorsOfCommit.includes(error.code)) throw error;
  const commit = line.commits[place];
  if (commit === undefined) throw error;
  for (const each of error.details?.lines.slice(-shownLines) ?? []) run.log.detail(`  | ${each}`);
  run.log.warning(`${named(commit)} cannot be tested, and is skipped: ${error.message}`);
  const measured = tested.get(place);
  tested.set(place, { reusedBoots: 0, ...measured, commit, place, skipped: error.message });
}

/** Of a build's or a guest's last ones. */
const shownLines = 10;

async function conclude(
  bisect: Bisect,
  git: Git,
  ends: Ends,
  searches: readonly RowSearch[],
): Promise<Bisection> {
  const { line, tested, outOfTime } = bisect;
  const changes = new Map<string, ChangedNames>();
  for (const { after, at } of searches.flatMap(({ search }) => search.found)) {
    const [from, to] = [commitAt(bisect, after).commit, commitAt(bisect, at).commit];
    const key = `${after} ${at}`;
    if (!changes.has(key)) changes.set(key, await readChangedNames(git, from, to));
  }
  const changed = ({ after, at }: Found) => {
    const { files, count } = changes.get(`${after} ${at}`) ?? { files: [], count: 0 };
    return { files: [...files], count };
  };
  return bisectionRecord({ ...metaOf(), commits: line.commits, tested, ends, searches, changed, outOfTime });
}

function metaOf(): RecordMeta {
  return { snapgate: version, now: new Date().toISOString() };
}

function commitAt({ line }: Bisect, place: number): LineCommit {
  const commit = line.commits[place];
  if (commit === undefined) throw new Error(`no commit at ${place}`);
  return commit;
}

/** `1a2b3c4 "Its subject"`. */
function named({ commit, subject }: LineCommit): string {
  return `${commit.slice(0, 7)} ${JSON.stringify(subject.slice(0, 60))}`;
}
