import type { Row, SideSummary } from '../gate/record.ts';

/** Bars of a side at most. */
export const mostBars = 8;

/** Of the block elements (Unicode, U+2581 to U+2588), lowest first; nothing at all is a dot, so that it is seen. */
const heights = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const nothing = '·';

/**
 * A picture of a row in text: `▆▆▆▆▆ → █████`, a bar for each boot, of both sides on one scale that starts at 0. Growth is the
 * step between the sides, noise the unevenness within one. A side of more than eight boots is shown by eight of them, from the lowest to
 * the highest, both included. Empty where nothing was measured.
 */
export function bootBars({ base, head }: Pick<Row, 'base' | 'head'>): string {
  const sides = [base, head].flatMap((side) => (side === undefined ? [] : [shownBoots(side)]));
  const largest = sides.flat().reduce((most, value) => Math.max(most, value), 0);
  return sides.map((side) => side.map((value) => barOf(value, largest)).join('')).join(' → ');
}

/** Whether the bars of a row are a choice of its boots. */
export function leavesOutBoots({ base, head }: Pick<Row, 'base' | 'head'>): boolean {
  return [base, head].some((side) => side !== undefined && side.bootLocations.length > mostBars);
}

function shownBoots({ bootLocations }: SideSummary): readonly number[] {
  if (bootLocations.length <= mostBars) return bootLocations;
  const sorted = bootLocations.toSorted((a, b) => a - b);
  const step = (sorted.length - 1) / (mostBars - 1);
  return Array.from({ length: mostBars }, (_, index) => sorted[Math.round(index * step)] ?? 0);
}

/** The nearest height, but never nothing for something. */
function barOf(value: number, largest: number): string {
  if (!(value > 0)) return nothing;
  const height = Math.max(1, Math.round((value / largest) * heights.length));
  return heights[height - 1] ?? nothing;
}
