import { type ChangedNames, readChangedNames } from '../baseline/changed-names.ts';
import { type CommitLine, type LineCommit, readCommitLine } from '../baseline/commit-line.ts';
import { type Git, openWorkTree } from '../baseline/git.ts';
import { requireImage } from '../config/config.ts';
import type { Config } from '../config/types.ts';
import { type Found, searchSteps, type Wanted } from '../gate/bisection.ts';
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
import { SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import { version } from '../host/version.ts';
import type { Measurement } from '../measure/record.ts';
import { judgementWords } from '../report/bisection-table.ts';
import { type CommitBench, OutdatedRecords, openCommitBench } from './commit-bench.ts';
import { CommitFailure } from './commit-failure.ts';
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
  const begin = async () => {
    const bisect: Bisect = {
      run,
      config,
      line,
      bench,
      tested: new Map(),
      notes: [],
      failed: 0,
      outOfTime: false,
    };
    const ends = await measureEnds(bisect);
    const searches = ends.kind === 'grown' ? await searchRows(bisect, ends.rows) : [];
    return await conclude(bisect, git, ends, searches);
  };
  return await startingOver(run, bench, begin);
}

/** Once: nothing is kept then that could be outdated. */
async function startingOver<T>(run: Run, bench: CommitBench, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OutdatedRecords)) throw error;
    run.log.warning(
      'What an earlier run has kept was measured with another kernel or VMM than what is built now; its commits are measured again.',
    );
    bench.startOver();
    return await work();
  }
}

interface Bisect {
  readonly run: Run;
  readonly config: Config;
  readonly line: CommitLine;
  readonly bench: CommitBench;
  /** By place in the line, in the order in which they were first tested. */
  readonly tested: Map<number, TestedCommit>;
  /** For the record. */
  readonly notes: string[];
  /** Commits in a row that could not be tested. */
  failed: number;
  outOfTime: boolean;
}

/** Boots of both ends until the gate has decided, as a pull request's are; none where they are the same bytes. */
async function measureEnds(bisect: Bisect): Promise<Ends> {
  const { config } = bisect;
  const { boots: leastBoots, maxBoots: mostBoots } = config.measure;
  const plan = { leastBoots, mostBoots };
  const compare = ([good, bad]: EndPair) => compareEnds(good, bad, config.gate, { ...metaOf(), plan });
  const built = await measureBoth(bisect, 0);
  if (built !== undefined && sameImage(built[0].image, built[1].image)) return compare(built);
  for (let boots = leastBoots; ; boots += 1) {
    const measured = await measureBoth(bisect, boots);
    if (measured === undefined || measured.some((end) => end.boots.length === 0)) {
      const reason = 'time-budget ended before both GOOD and BAD were booted';
      return { kind: 'undecided', reason, undecided: [] };
    }
    const ends = compare(measured);
    const isSpent = [...bisect.tested.values()].every(({ spent }) => spent === true);
    if (ends.kind !== 'undecided' || bisect.outOfTime || boots >= mostBoots || isSpent) return ends;
  }
}

type EndPair = readonly [good: Measurement, bad: Measurement];

/** undefined: there was no time to build both. */
async function measureBoth(bisect: Bisect, boots: number): Promise<EndPair | undefined> {
  const last = bisect.line.commits.length - 1;
  const [good, bad] = [await measureMore(bisect, 0, boots), await measureMore(bisect, last, boots)];
  return good === undefined || bad === undefined ? undefined : [good, bad];
}

async function measureAt(bisect: Bisect, place: number, boots: number): Promise<Measurement | undefined> {
  const commit = commitAt(bisect, place);
  const { outOfTime, ...measured } = await bisect.bench.measure(commit, boots);
  const { spent = false } = bisect.tested.get(place) ?? {};
  bisect.tested.set(place, { commit, place, ...measured, spent });
  if (outOfTime) bisect.outOfTime = true;
  return measured.measurement;
}

/** Of a commit that has enough boots to be judged, one that fails is tried again once, and is then done without. */
async function measureMore(bisect: Bisect, place: number, boots: number): Promise<Measurement | undefined> {
  const before = bisect.tested.get(place);
  const there = before?.measurement;
  if (before?.spent === true) return there;
  const canDoWithout = (there?.boots.length ?? 0) >= bisect.config.measure.boots;
  try {
    return await measureAt(bisect, place, boots);
  } catch (error) {
    if (!canDoWithout || !isFailure(error)) throw error;
    bisect.run.log.warning(
      `${named(commitAt(bisect, place))}: one more boot failed, and is tried again: ${error.message}`,
    );
  }
  try {
    return await measureAt(bisect, place, boots);
  } catch (error) {
    if (before === undefined || !isFailure(error)) throw error;
    const note = `${named(before.commit)} is judged by ${there?.boots.length} boots, for one more failed twice: ${error.message}`;
    bisect.run.log.warning(note);
    bisect.notes.push(note);
    bisect.tested.set(place, { ...before, spent: true });
    return there;
  }
}

/** Of whatever may not be so the next time. */
function isFailure(error: unknown): error is SnapgateError {
  return (
    error instanceof SnapgateError && !error.ofMachine && !['interrupted', 'internal'].includes(error.code)
  );
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
      await measureMore(bisect, index, boots);
    } catch (error) {
      if (index !== candidate?.index || !(error instanceof CommitFailure)) throw error;
      await proveMachine(bisect, error);
      return skip(bisect, index, error);
    }
  }
  bisect.failed = 0;
  if (candidate === undefined || bisect.outOfTime || bootsOf() > before || isSpent(bisect, candidate)) return;
  const what = `it has no ${row.metric} of ${row.scenario}`;
  skip(bisect, candidate.index, new SnapgateError('record', what, ''));
}

function isSpent({ tested }: Bisect, { index }: Wanted): boolean {
  return tested.get(index)?.spent === true;
}

/**
 * Whether commits fail or the machine does: after several failures in a row, or one that says it is the machine's, BAD is built again.
 *
 * @throws SnapgateError `host` where that fails too: what would be skipped then are commits that nothing is wrong with
 */
async function proveMachine(bisect: Bisect, { code, phase }: CommitFailure): Promise<void> {
  bisect.failed += 1;
  if (code !== 'host' && (phase === 'boot' || bisect.failed % failuresInRow !== 0)) return;
  const end = bisect.line.bad;
  bisect.run.log.info(`commits fail: ${named(end)}, which did not, is tried again`);
  try {
    await bisect.bench.tryAgain(end, phase);
  } catch (error) {
    if (!isFailure(error)) throw error;
    throw new SnapgateError(
      'host',
      `commits cannot be tested, and neither can BAD, ${end.commit.slice(0, 7)}, which could before: ${error.message}`,
      'Look at what builds need of others, such as a registry or a mirror. What was measured is kept for some hours: the same command goes on from there.',
      { cause: error, ...(error.details === undefined ? {} : { details: error.details }) },
    );
  }
}

const failuresInRow = 3;

function skip({ run, tested, line }: Bisect, place: number, error: SnapgateError): void {
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
  const { line, tested, outOfTime, notes } = bisect;
  const changes = new Map<string, ChangedNames | undefined>();
  for (const { after, at } of searches.flatMap(({ search }) => search.found)) {
    const [from, to] = [commitAt(bisect, after).commit, commitAt(bisect, at).commit];
    const key = `${after} ${at}`;
    if (!changes.has(key)) changes.set(key, await readChangedNames(git, from, to));
  }
  const changed = ({ after, at }: Found) => {
    const names = changes.get(`${after} ${at}`);
    return names && { files: [...names.files], count: names.count };
  };
  const { commits } = line;
  return bisectionRecord({ ...metaOf(), commits, tested, ends, searches, changed, outOfTime, notes });
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
