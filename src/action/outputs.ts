import { outcomeOf } from '../gate/outcome.ts';
import { type Comparison, comparisonsOf, type Matrix } from '../gate/record.ts';
import { type Judged, type JudgedFiles, type NamedRow, namedRows, recordOf } from './judged.ts';

/** Outputs of the action, in the order of the documentation. action.yml and the README come from here. */
export const outputs = [
  {
    name: 'verdict',
    description: '`pass`, `warn`, `fail` or `inconclusive`; empty in `mode: measure`.',
  },
  {
    name: 'outcome',
    description:
      'Like `verdict`, but `accepted` where a label made it pass, `no-baseline` or `not-comparable` where there was nothing to compare with, and `not-measured` after an error.',
  },
  {
    name: 'rows',
    description:
      'What gates, the first 100 rows, as JSON for `fromJSON`: an array of `{entry, scenario, metric, verdict, base, head, growth}` with medians in the unit of the metric and the growth as a ratio; what is not known is null. `[]` in `mode: measure` and after an error. Names in it may come from a pull request: hand it to a script by `env:`, never inside the text of `run:`.',
  },
  {
    name: 'memfile-growth',
    description:
      'Largest growth of `memfile.writtenBytes` over all scenarios as a ratio: `0.382` is +38.2 %, negative is less; empty without a base.',
  },
  {
    name: 'comparison',
    description:
      'Path of comparison.json, or of matrix.json where `entries` were decided on; empty in `mode: measure`.',
  },
  { name: 'report', description: 'Path of report.md, the text of the comment.' },
  {
    name: 'measurement',
    description: "Path of the head's measurement, which can be the base of a later run.",
  },
  {
    name: 'comment-url',
    description: "Address of the pull request's comment; empty where there is none.",
  },
  { name: 'check-url', description: 'Address of the check; empty where there is none.' },
] as const;

export type OutputName = (typeof outputs)[number]['name'];

/** An output may not grow without end: GitHub takes 1 MiB of all outputs of a job. */
const mostRows = 100;

/** What they are where nothing was decided: what is read as JSON is JSON in any case. */
export function noOutputs(): Record<OutputName, string> {
  const empty = {
    verdict: '',
    'memfile-growth': '',
    comparison: '',
    report: '',
    measurement: '',
    'comment-url': '',
    'check-url': '',
  };
  return { ...empty, outcome: 'not-measured', rows: '[]' };
}

/** What is known once the records are written. */
export function outputsOf(judged: Judged, files: JudgedFiles): Partial<Record<OutputName, string>> {
  const record = recordOf(judged);
  return {
    verdict: record.verdict,
    outcome: outcomeOf(record),
    rows: JSON.stringify(namedRows(record).slice(0, mostRows).map(rowOutput)),
    'memfile-growth': memfileGrowth(record),
    comparison: files.comparison,
    report: files.report,
    measurement: files.measurement ?? '',
  };
}

/** Largest growth of the memfile diff over all scenarios, as a ratio with four decimals at most; empty where there is none. */
export function memfileGrowth(record: Comparison | Matrix): string {
  const growths = comparisonsOf(record).flatMap(({ comparison }) =>
    comparison.rows.flatMap((row) =>
      row.metric === 'memfile.writtenBytes' && row.growth !== undefined ? [row.growth.value] : [],
    ),
  );
  return growths.length === 0 ? '' : String(Number(Math.max(...growths).toFixed(4)));
}

function rowOutput({ entry, scenario, metric, verdict, base, head, growth }: NamedRow): object {
  return {
    entry,
    scenario,
    metric,
    verdict: verdict ?? null,
    base: base?.median ?? null,
    head: head?.median ?? null,
    growth: growth?.value ?? null,
  };
}
