import { isTimeMetric } from '../config/metrics.ts';
import type { GateConfig, Thresholds } from '../config/types.ts';
import type { MetricName } from '../engine/contract.ts';

/** What `min-growth` is for a metric of time, whose default in bytes says nothing about it. */
const minGrowthMs = 50;

export interface Applied {
  readonly thresholds: Thresholds;
  /** Growth against base decides. */
  readonly gatesGrowth: boolean;
  /** Growth or a cap decides: the row has a verdict. */
  readonly gates: boolean;
}

/**
 * What holds for one scenario and metric: snapgate.yml's own word on it, else the general thresholds and caps. The general growth is of a
 * cycle: a scenario whose sample is the sum of `repeat` cycles may have as many times as much.
 */
export function thresholdsFor(
  config: GateConfig,
  scenario: string,
  metric: MetricName,
  repeat: number,
): Applied {
  // A scenario may be called `constructor`.
  const own = Object.hasOwn(config.overrides, scenario) ? config.overrides[scenario]?.[metric] : undefined;
  const defaults: Thresholds = {
    ...config.defaults,
    minGrowth: repeat * (isTimeMetric(metric) ? minGrowthMs : config.defaults.minGrowth),
    max: config.caps[metric],
    maxTrend: isTimeMetric(metric) ? undefined : config.defaults.maxTrend,
  };
  const thresholds = { ...defaults, ...own };
  const gatesGrowth = own !== undefined || config.gatedMetrics.includes(metric);
  return { thresholds, gatesGrowth, gates: gatesGrowth || thresholds.max !== undefined };
}

/** Whether anything is held against a limit that no base moves: a cap, or `max-trend`. */
export function limitsHeadAlone({ caps, defaults, overrides }: GateConfig): boolean {
  const own = Object.values(overrides).flatMap((metrics) => Object.values(metrics));
  const limits = [
    ...Object.values(caps),
    defaults.maxTrend,
    ...own.flatMap(({ max, maxTrend }) => [max, maxTrend]),
  ];
  return limits.some((limit) => limit !== undefined);
}

/** Every metric that has a verdict in some scenario of these. */
export function gatingMetrics(
  config: GateConfig,
  scenarios: readonly string[],
  metrics: readonly MetricName[],
): readonly MetricName[] {
  return metrics.filter((metric) =>
    scenarios.some((scenario) => thresholdsFor(config, scenario, metric, 1).gates),
  );
}

/**
 * Whether a number is past a limit. At the limit it is not, and a limit in percent is rarely a number that floating point has: 0.9 % as it is
 * written and 9 pages more on 1,000 differ in their last bit.
 */
export function isAbove(value: number, limit: number): boolean {
  return value - limit > Math.abs(limit) * roundingError;
}

/** Of a quotient and of a percentage that was read, relative; a byte more on any guest's memory is far above it. */
const roundingError = Number.EPSILON * 8;
