import { formatAmount, formatChange, metricLabels } from '../config/metrics.ts';
import type {
  BisectedCommit,
  Bisection,
  BisectionJudgement,
  BisectionRow,
  BisectionStep,
  BisectionTest,
} from '../gate/bisection-record.ts';
import type { Estimate } from '../gate/record.ts';
import { formatChance, formatGrowth } from '../host/units.ts';
import { shellWord, visibleText } from './escape.ts';
import { columns, type Paint, paintOf, type Style, texts } from './terminal-table.ts';
import { plural } from './wording.ts';

export interface BisectionLook {
  readonly colour: boolean;
  /** Options of the command line that build and measure as this search did, not quoted; undefined where they are not known. */
  readonly reproduce: readonly string[] | undefined;
}

/** A search for a person at a terminal: what came out, each commit that was tested with its evidence, what changed, and what to run. */
export function bisectionTable(bisection: Bisection, { colour, reproduce }: BisectionLook): string {
  const paint = paintOf(colour);
  const { outcome, headline, good, bad, commits, steps, undecided, notes } = bisection;
  const word = paint(outcomeStyles[outcome], paint('bold', outcomeWords[outcome]));
  return `${[
    `${word}  ${paint('bold', visibleText(headline, 500))}`,
    '',
    paint('dim', `GOOD   ${named(good)}`),
    paint('dim', `BAD    ${named(bad)}, ${plural(commits, 'commit')} later`),
    ...paragraph(testTable(bisection, paint)),
    ...paragraph(undecided.map((row) => `not searched: ${undecidedWords(row)}`)),
    ...placesOf(steps).flatMap((place) => ['', ...placeLines(place, reproduce, paint)]),
    ...paragraph(notes.map((note) => paint('dim', `note: ${visibleText(note, 500)}`))),
  ].join('\n')}\n`;
}

function paragraph(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}

/** One clause: `like GOOD (99.8 %): memfile diff of idle-2s 2.46 MiB, +0.4 % (−1.0 % … +1.8 %) against GOOD, 3 boots`. */
export function judgementWords(judgement: BisectionJudgement): string {
  const { scenario, metric, median, bootLocations } = judgement;
  const size = `${metricLabels[metric]} of ${scenario} ${formatAmount(metric, median)}`;
  const boots = plural(bootLocations.length, 'boot');
  return `${likeWords(judgement)}: ${size}, ${changeWords(judgement)} against GOOD, ${boots}`;
}

const outcomeWords: Readonly<Record<Bisection['outcome'], string>> = {
  found: 'FOUND',
  likely: 'LIKELY',
  range: 'NARROWED',
  nothing: 'NOTHING TO FIND',
  inconclusive: 'INCONCLUSIVE',
};

const outcomeStyles: Readonly<Record<Bisection['outcome'], Style>> = {
  found: 'green',
  likely: 'yellow',
  range: 'yellow',
  nothing: 'green',
  inconclusive: 'yellow',
};

const likes: Readonly<Record<BisectionJudgement['like'], string>> = {
  good: 'like GOOD',
  bad: 'like BAD',
  between: 'between the two',
};

function likeWords({ like, probability, clear, identical }: BisectionJudgement): string {
  if (identical) return `${likes[like]} (the same bytes)`;
  return `${clear ? '' : 'likelier '}${likes[like]} (${formatChance(probability)})`;
}

function changeWords({
  metric,
  growth,
  difference,
}: Pick<BisectionRow, 'metric' | 'growth' | 'difference'>): string {
  if (growth !== undefined) return withInterval(growth, formatGrowth);
  return difference === undefined ? '–' : withInterval(difference, (value) => formatChange(metric, value));
}

function undecidedWords(row: BisectionRow): string {
  const { scenario, metric } = row;
  return `${metricLabels[metric]} of ${visibleText(scenario, 60)} ${changeWords(row)}, which boots of GOOD and BAD did not decide`;
}

function withInterval({ value, low, high }: Estimate, format: (value: number) => string): string {
  if (low === undefined || high === undefined) return format(value);
  return `${format(value)} (${format(low)} … ${format(high)})`;
}

function named({ commit, subject }: BisectedCommit): string {
  return `${commit.slice(0, 7)} ${visibleText(subject, 60)}`;
}

/** In the order they were tested, a line for each row that a commit was judged by. */
function testTable({ tested, commits }: Bisection, paint: Paint): string[] {
  const head = texts('place', 'commit', 'metric', 'boots', 'booted', 'size', 'against GOOD (95 %)', 'judged');
  const body = tested
    .filter(({ place }) => place > 0 && place < commits)
    .flatMap((test) => rowsOf(test).map((row) => texts(...row)));
  return body.length === 0 ? [] : columns({ rows: [head, ...body], align: 'rllrlrrl' }, paint);
}

function rowsOf(test: BisectionTest): string[][] {
  const { place, boots, reusedBoots, booted, skipped, judgements } = test;
  const which = [String(place), named(test)];
  const told = boots === 0 ? '' : reusedBoots === 0 ? String(boots) : `${boots}, ${reusedBoots} reused`;
  const when = booted === undefined ? '' : timeWords(booted);
  if (skipped !== undefined)
    return [[...which, '', told, when, '', '', `skipped: ${visibleText(skipped, 200)}`]];
  return judgements.map((judgement) => [
    ...which,
    `${metricLabels[judgement.metric]} of ${visibleText(judgement.scenario, 60)}`,
    told,
    when,
    formatAmount(judgement.metric, judgement.median),
    changeWords(judgement),
    likeWords(judgement),
  ]);
}

/** Of the oldest boot that is used, to the minute, in UTC: `2026-01-02 03:04`. */
function timeWords({ first }: NonNullable<BisectionTest['booted']>): string {
  return visibleText(first.slice(0, 16).replace('T', ' '));
}

/** All that came in at the same place. */
type Place = readonly [BisectionStep, ...BisectionStep[]];

function placesOf(steps: readonly BisectionStep[]): Place[] {
  const keyOf = ({ after, at }: BisectionStep) => `${after.commit} ${at.commit}`;
  return [...Map.groupBy(steps, keyOf).values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [[first, ...others] as const],
  );
}

function placeLines(place: Place, reproduce: BisectionLook['reproduce'], paint: Paint): string[] {
  const [{ kind, after, at, changed }] = place;
  const to = at.commit.slice(0, 12);
  const show = kind === 'step' ? `git show ${to}` : `git log ${after.commit.slice(0, 12)}..${to}`;
  return [
    paint('bold', placeTitle(place[0])),
    ...place.map((step) => `  ${stepWords(step)}`),
    ...changedLines(changed).map((line) => `  ${line}`),
    paint('dim', `  ${show}`),
    ...(reproduce === undefined ? [] : [paint('dim', `  ${gateCommand(place[0], reproduce)}`)]),
  ];
}

function changedLines(changed: BisectionStep['changed']): string[] {
  if (changed === undefined) return ['(git could not tell which files differ)'];
  const { files, count } = changed;
  const more = count - files.length;
  return [
    ...files.map(({ path, added, removed }) => `${visibleText(path, 200)} ${linesWords(added, removed)}`),
    ...(more > 0 ? [`and ${plural(more, 'file')} more`] : []),
  ];
}

function gateCommand({ after, at }: BisectionStep, reproduce: readonly string[]): string {
  const sides = ['--base', `ref:${after.commit}`, '--head', `ref:${at.commit}`];
  return ['npx', 'snapgate', 'gate', ...sides, ...reproduce].map(shellWord).join(' ');
}

function placeTitle({ kind, after, at, commits, untried }: BisectionStep): string {
  if (kind === 'step') return named(at);
  const range = `one of the ${plural(commits, 'commit')} after ${named(after)} up to ${named(at)}`;
  const why = {
    range:
      untried === 0
        ? ': those between cannot be tested'
        : `: ${plural(commits - 1 - untried, 'commit')} between cannot be tested, and ${untried} were not tried`,
    spread: ', or several: none between them is past the limits by itself',
    untold: ': boots do not tell which side those between are on',
    open: ': not narrowed further yet',
  };
  return `${range}${why[kind]}`;
}

function stepWords(step: BisectionStep): string {
  const what = `${metricLabels[step.metric]} of ${visibleText(step.scenario, 60)} ${changeWords(step)}`;
  // Judged by no boots: by the bytes of images, or not yet.
  return step.probability === 1 ? what : `${what}; chance that it is here: ${formatChance(step.probability)}`;
}

function linesWords(added: number | undefined, removed: number | undefined): string {
  return added === undefined || removed === undefined ? '(no text)' : `(+${added} −${removed})`;
}
