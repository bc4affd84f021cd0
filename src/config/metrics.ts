import type { MetricName } from '../engine/contract.ts';

/** Counted in milliseconds; every other metric is in bytes. */
export function isTimeMetric(metric: MetricName): boolean {
  return metric.endsWith('Ms');
}
