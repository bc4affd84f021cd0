import type { MetricName, Scenario } from '../engine/contract.ts';
import type { ImageInputs } from '../image/types.ts';

/** Where the base side comes from. */
export type BaseSpec =
  | { readonly kind: 'auto' }
  | { readonly kind: 'ref'; readonly ref: string }
  | { readonly kind: 'image'; readonly reference: string }
  | { readonly kind: 'rootfs'; readonly path: string }
  | { readonly kind: 'measurement'; readonly path: string }
  | { readonly kind: 'none' };

/** Thresholds of one scenario and metric. Ratios (0.05), and bytes or ms in the metric's unit. */
export interface Thresholds {
  readonly failAbove: number;
  readonly warnAbove: number | undefined;
  readonly minGrowth: number;
  readonly max: number | undefined;
}

/** What gates, and from where on. */
export interface GateConfig {
  readonly defaults: Thresholds;
  /** Metrics that gate; the rest are shown without a verdict. */
  readonly gatedMetrics: readonly MetricName[];
  /** Absolute caps per metric over all scenarios (`max-memfile-written`). */
  readonly caps: Readonly<Partial<Record<MetricName, number>>>;
  /** From snapgate.yml: scenario → metric → what differs from the defaults; naming a metric here makes it gate. */
  readonly overrides: Readonly<Record<string, Readonly<Partial<Record<MetricName, Partial<Thresholds>>>>>>;
  /** What an inconclusive verdict does to the exit status. */
  readonly inconclusive: 'pass' | 'fail';
}

export interface MeasureConfig {
  readonly memoryBytes: number;
  readonly vcpus: number;
  readonly accel: 'auto' | 'kvm' | 'tcg';
  /** Cold boots of each side. */
  readonly boots: number;
  /** Rounds of all scenarios in a boot, after the warm-up. */
  readonly cycles: number;
  /** Warm-up rounds, dropped. */
  readonly warmup: number;
  readonly timeBudgetMs: number;
  readonly bootTimeoutMs: number;
  readonly readyCommand: string | undefined;
  readonly scenarios: readonly Scenario[];
}

/** Everything a run was asked for: read once, checked, passed down. */
export interface Config {
  readonly image: ImageInputs | undefined;
  readonly base: BaseSpec;
  readonly measure: MeasureConfig;
  readonly gate: GateConfig;
  readonly comment: { readonly post: boolean; readonly key: string };
  /** Folder that receives measurement-*.json, comparison.json, report.md. */
  readonly outputDir: string;
  readonly workDir: string | undefined;
  readonly cacheDir: string | undefined;
  readonly cacheLimitBytes: number;
}
