import type { Exporter } from './exporter.ts';

/** The record itself: exact numbers, for later steps and other tools. */
export const json: Exporter = {
  name: 'json',
  render: ({ comparison }) => `${JSON.stringify(comparison, null, 2)}\n`,
  renderMeasurement: (measurement) => `${JSON.stringify(measurement, null, 2)}\n`,
};
