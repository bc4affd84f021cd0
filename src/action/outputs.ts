import type { Comparison } from '../gate/record.ts';

/** Outputs of the action, in the order of the documentation. action.yml and the README come from here. */
export const outputs = [
  { name: 'verdict', description: '`pass`, `warn`, `fail` or `inconclusive`; empty in `mode: measure`.' },
  { name: 'comparison', description: 'Path of comparison.json; empty in `mode: measure`.' },
  { name: 'report', description: 'Path of report.md, the text of the comment.' },
  {
    name: 'measurement',
    description: "Path of the head's measurement, which can be the base of a later run.",
  },
  {
    name: 'memfile-growth',
    description:
      'Largest growth of `memfile.writtenBytes` over all scenarios as a ratio: `0.382` is +38.2 %, negative is less; empty without a base.',
  },
  {
    name: 'comment-url',
    description: "Address of the pull request's comment; empty where none was written.",
  },
] as const;

export type OutputName = (typeof outputs)[number]['name'];

/** Largest growth of the memfile diff over all scenarios, as a ratio with four decimals at most; empty where there is none. */
export function memfileGrowth(comparison: Comparison): string {
  const growths = comparison.rows.flatMap((row) =>
    row.metric === 'memfile.writtenBytes' && row.growth !== undefined ? [row.growth.value] : [],
  );
  return growths.length === 0 ? '' : String(Number(Math.max(...growths).toFixed(4)));
}
