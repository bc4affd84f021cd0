import { floorScenario } from '../config/scenarios.ts';
import type { Measurement } from '../measure/record.ts';
import type { Row } from './record.ts';

/**
 * Rows with what their scenario costs above an immediate pause on each side, which is what the agent and pausing itself cost in every
 * scenario. A scenario that repeats has that cost as often. Nothing is added where pauses were not measured, or cost as much as the scenario.
 */
export function withFloor(rows: readonly Row[], head: Measurement): Row[] {
  return rows.map((row) => {
    const floor = rows.find(({ scenario, metric }) => scenario === floorScenario && metric === row.metric);
    const above = floor && aboveFloor(row, floor, repeatOf(head, row.scenario));
    return above === undefined ? row : { ...row, aboveFloor: above };
  });
}

function repeatOf({ scenarios }: Measurement, name: string): number {
  return scenarios.find((scenario) => scenario.name === name)?.repeat ?? 1;
}

function aboveFloor(row: Row, floor: Row, repeat: number): Row['aboveFloor'] {
  if (row === floor || !row.base || !row.head || !floor.base || !floor.head) return undefined;
  const base = row.base.median - repeat * floor.base.median;
  const head = row.head.median - repeat * floor.head.median;
  if (!(base > 0 && head > 0)) return undefined;
  return { base, head, growth: head / base - 1 };
}
