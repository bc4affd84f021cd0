import type { MetricName, Scenario } from '../engine/contract.ts';
import type { EngineSettings } from '../engine/settings.ts';
import type { ImageInputs } from '../image/types.ts';
import type { AcceptScope, CommentPolicy } from './inputs.ts';

/** Where a side comes from that is not what the event says. */
export type SideSpec =
  | { readonly kind: 'ref'; readonly ref: string }
  | { readonly kind: 'image'; readonly reference: string }
  | { readonly kind: 'rootfs'; readonly path: string }
  | { readonly kind: 'measurement'; readonly path: string };

/** Where the base side comes from. */
export type BaseSpec =
  | SideSpec
  | { readonly kind: 'auto' }
  | { readonly kind: 'cache' }
  | { readonly kind: 'none' };

/** What is judged. */
export type HeadSpec = SideSpec | { readonly kind: 'checkout' };

/** What `mode: measure` measures. */
export type SideChoice = 'head' | 'base' | 'both';

/** Thresholds of one scenario and metric. Ratios (0.05), and bytes or ms in the metric's unit. */
export interface Thresholds {
  readonly failAbove: number;
  readonly warnAbove: number | undefined;
  readonly minGrowth: number;
  readonly max: number | undefined;
  /** What a cycle may have more than the one before it. */
  readonly maxTrend: number | undefined;
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
  readonly drift: DriftConfig;
}

/** How far an image may creep over many commits, none of which fails. */
export interface DriftConfig {
  /** As a ratio; undefined: what has crept up is only told. */
  readonly max: number | undefined;
  /** How far back it is looked. */
  readonly windowMs: number;
  /** In place of the window, the name of the commit that it is looked back to. */
  readonly from: string | undefined;
}

export interface MeasureConfig {
  readonly memoryBytes: number;
  readonly vcpus: number;
  readonly engine: EngineSettings;
  /** Cold boots of each side before a gate first looks. */
  readonly boots: number;
  /** Nobody has named `boots`: where the image's history says that more are needed, a gate first looks then. */
  readonly plansBoots: boolean;
  /** Cold boots of a side that is measured without a gate that looks. */
  readonly soloBoots: number;
  /** Cold boots of each side at which a gate that could not decide stops. */
  readonly maxBoots: number;
  /** Rounds of all scenarios in a boot, after the warm-up. */
  readonly cycles: number;
  /** Warm-up rounds, dropped. */
  readonly warmup: number;
  readonly timeBudgetMs: number;
  readonly bootTimeoutMs: number;
  readonly readyCommand: string | undefined;
  readonly scenarios: readonly Scenario[];
}

/** What only a run on GitHub knows: whom it tells, and what it keeps for other runs. */
export interface GitHubConfig {
  readonly comment: { readonly policy: CommentPolicy; readonly key: string };
  readonly check: boolean;
  readonly accept: { readonly label: string; readonly scope: AcceptScope };
  readonly onPush: 'warn' | 'fail';
  readonly artifact: 'auto' | 'always' | 'never';
  readonly baselineBranch: string | undefined;
  readonly allowForks: boolean;
  /** A verdict fails the step and the check. */
  readonly fail: boolean;
  /** Nothing outside the job is written to. */
  readonly dryRun: boolean;
  readonly matrix: {
    /** Of a job in `mode: measure`. */
    readonly entry: string | undefined;
    readonly shard: string | undefined;
    readonly side: SideChoice;
    /** Of the job that decides: undefined where it measures itself. */
    readonly entries: readonly string[] | 'all' | undefined;
    readonly allowMissing: boolean;
  };
}

/** Everything a run was asked for: read once, checked, passed down. */
export interface Config {
  /** undefined: none was given, which an engine with a builder of its own does without. */
  readonly image: ImageInputs | undefined;
  readonly base: BaseSpec;
  readonly head: HeadSpec;
  readonly measure: MeasureConfig;
  readonly gate: GateConfig;
  readonly github: GitHubConfig;
  /** Folder that receives measurement-*.json, comparison.json, report.md. */
  readonly outputDir: string;
  readonly workDir: string | undefined;
  readonly cacheDir: string | undefined;
  readonly cacheLimitBytes: number;
}
