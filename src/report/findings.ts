import { formatAmount } from '../config/metrics.ts';
import type { Comparison, Row, SideSummary } from '../gate/record.ts';
import { formatDuration, formatGrowth } from '../host/units.ts';
import { plural } from './wording.ts';

/** The name of a scenario, and a clause about it without anything of the guest's or the user's in it. */
export type Finding = readonly [scenario: string, clause: string];

/** More would be a table of their own: the JSON has all. */
const mostFindings = 24;

/** What the gating rows' numbers rest on beyond what their table shows: warm-up that was found, the share above the floor, outliers. */
export function findingsOf({ rows }: Comparison): Finding[] {
  const gating = rows.filter((row) => row.gates);
  const all = [aboveFloor, warmup, outliers].flatMap((find) =>
    gating.flatMap((row) => {
      const clause = find(row);
      return clause === undefined ? [] : [[row.scenario, clause] as const];
    }),
  );
  return all.slice(0, mostFindings);
}

/** How often the gate could look, and how wrong it may be: of a gate that booted until it had decided. */
export function looksFact({ errors, boots }: Comparison): string | undefined {
  if (errors === undefined || errors.looks === 1) return undefined;
  const chance = `at most ${100 * errors.alpha} % over all rows that gate and all looks`;
  return `up to ${errors.looks}, the last after ${plural(boots.head, 'boot')} of head; growth that is none is called established with a chance of ${chance}`;
}

function aboveFloor({ aboveFloor: above, metric }: Row): string | undefined {
  if (above === undefined) return undefined;
  const growth = above.growth === undefined ? '' : `, ${formatGrowth(above.growth)}`;
  return `above an immediate pause ${formatAmount(metric, above.base)} on base and ${formatAmount(metric, above.head)} on head${growth}`;
}

function warmup({ head }: Row): string | undefined {
  const { warmupRounds, askedWarmupRounds } = head ?? {};
  if (warmupRounds === undefined || askedWarmupRounds === undefined || warmupRounds <= askedWarmupRounds)
    return undefined;
  return `${warmupRounds} rounds of each boot left out as warm-up, for more than ${askedWarmupRounds} differ from the rest`;
}

function outliers({ base, head, metric }: Row): string | undefined {
  const sides = [
    ['base', base],
    ['head', head],
  ] as const;
  const said = sides.flatMap(([side, summary]) =>
    summary?.outliers === undefined ? [] : [outliersOf(side, summary, metric)],
  );
  return said.length === 0 ? undefined : said.join('; ');
}

function outliersOf(side: string, { outliers, samples }: SideSummary, metric: Row['metric']): string {
  if (outliers === undefined) return '';
  const named = outliers.farthest.map(
    ({ boot, round, atMs, value }) =>
      `${formatAmount(metric, value)} in round ${round + 1} of boot ${boot + 1}, ${formatDuration(atMs)} after power-on`,
  );
  const rest = outliers.count - named.length;
  const more = rest > 0 ? `, and ${rest} more` : '';
  return `${outliers.count} of ${plural(samples, 'cycle')} on ${side} far from the rest of their boot, and counted: ${named.join(', ')}${more}`;
}
