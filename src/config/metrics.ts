import type { MetricName } from '../engine/contract.ts';
import { formatByteChange, formatBytes } from '../host/units.ts';

/** What a metric is called in a sentence. */
export const metricLabels: Readonly<Record<MetricName, string>> = {
  'memfile.writtenBytes': 'memfile diff',
  'memfile.changedBytes': 'changed memory',
  'memfile.zeroedBytes': 'zeroed memory',
  'memfile.compressedBytes': 'compressed memfile diff',
  'memfile.hugeBytes': 'memfile diff in huge pages',
  'memfile.storedBytes': 'stored memfile diff',
  'rootfs.writtenBytes': 'rootfs diff',
  'rootfs.storedBytes': 'stored rootfs diff',
  stateBytes: 'device state',
  resumeMs: 'resume time',
  pauseMs: 'pause time',
};

/** Counted in milliseconds; every other metric is in bytes. */
export function isTimeMetric(metric: MetricName): boolean {
  return metric.endsWith('Ms');
}

/** A value of a metric for people: `2.46 MiB`, `85.2 ms`. */
export function formatAmount(metric: MetricName, value: number): string {
  if (!isTimeMetric(metric)) return formatBytes(value);
  return `${value < 0 ? '−' : ''}${Math.abs(value).toFixed(1)} ms`;
}

/** A change of a metric for people: `+0.94 MiB`, `−3.0 ms`. */
export function formatChange(metric: MetricName, value: number): string {
  if (!isTimeMetric(metric)) return formatByteChange(value);
  return value > 0 ? `+${formatAmount(metric, value)}` : formatAmount(metric, value);
}

/** A threshold as a person wrote it: `5 %`, `12.5 %`. */
export function formatThreshold(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(6))} %`;
}
