import type { MetricName } from '../engine/contract.ts';
import type { Row } from './record.ts';

/** One measurement of a branch, in the unit of each metric: an entry of its history. */
export interface HistoryPoint {
  readonly commit: string;
  /** ISO 8601. */
  readonly measuredAt: string;
  readonly scenarios: readonly {
    readonly name: string;
    readonly medians: Readonly<Partial<Record<MetricName, number>>>;
  }[];
}

/** What was stored of a branch, of the machine class of the head that is judged. */
export interface BranchHistory {
  readonly branch: string;
  /** Oldest first, one a commit. */
  readonly entries: readonly HistoryPoint[];
  /** The commit that `drift-from` names; undefined where it is not given. */
  readonly from?: string | undefined;
}

/** An entry that is looked at. */
export interface PickedPoint extends HistoryPoint {
  /** The commit after the entry that was picked before this one: its own, where none was passed over. */
  readonly after: string;
}

/** Measurements that are looked at, the head's included. A record holds one fewer. */
export const mostEntries = 400;

/**
 * Of more rows than these fewer measurements are looked at, but never fewer than those: the time that a row takes grows with their square (400
 * of them take a tenth of a second and more, 80 a hundredth).
 */
const rowsInFull = 8;
const fewestEntries = 80;

/**
 * The entries that a history is looked for in: the newest, and all from `start` on. Where those are too many, some of them at even distances.
 *
 * @param start index of the entry that is looked back to; undefined: none.
 */
export function pickEntries(
  entries: readonly HistoryPoint[],
  start: number | undefined,
  rows: number,
): readonly PickedPoint[] {
  const share = Math.sqrt(rowsInFull / Math.max(rowsInFull, rows));
  const most = Math.max(fewestEntries, Math.floor(mostEntries * share)) - 1;
  const first = Math.max(0, Math.min(start ?? entries.length, entries.length - most));
  const count = Math.min(most, entries.length - first);
  const indices = Array.from({ length: count }, (_, at) =>
    count < 2 ? first : first + Math.round((at * (entries.length - 1 - first)) / (count - 1)),
  );
  return indices.flatMap((index, at) => {
    const point = entries[index];
    const before = indices[at - 1] ?? index - 1;
    return point === undefined ? [] : [{ ...point, after: entries[before + 1]?.commit ?? point.commit }];
  });
}

/** What one row was, commit after commit; the head's own number is the last, and has no point here. */
export interface Series {
  readonly points: readonly Pick<PickedPoint, 'commit' | 'measuredAt' | 'after'>[];
  readonly values: readonly number[];
}

/** What the row was at each of the entries, in the metric's unit; null where that was not measured. */
export function valuesOf(
  { scenario, metric }: Pick<Row, 'scenario' | 'metric'>,
  entries: readonly HistoryPoint[],
) {
  return entries.map(
    ({ scenarios }) => scenarios.find(({ name }) => name === scenario)?.medians[metric] ?? null,
  );
}

export function seriesOf(
  entries: readonly PickedPoint[],
  values: readonly (number | null)[],
  head: number,
): Series {
  const known = entries.flatMap((point, index) => {
    const value = values[index] ?? null;
    return value === null ? [] : [{ point, value }];
  });
  return { points: known.map(({ point }) => point), values: [...known.map(({ value }) => value), head] };
}
