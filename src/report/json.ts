import type { Exporter } from './exporter.ts';

/** The record itself: exact numbers, for later steps and other tools. */
export const json: Exporter = {
  name: 'json',
  render: ({ comparison }) => text(comparison),
  renderMatrix: ({ matrix }) => text(matrix),
  renderMeasurement: text,
  renderCalibration: text,
  renderBisection: text,
};

function text(record: object): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}
