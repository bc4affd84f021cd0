import { z } from 'zod';
import { metricNames } from '../engine/contract.ts';
import { commitShaSchema, fingerprintSchema, subjectSchema } from '../measure/record.ts';

export const comparisonVersion = 1;

export const verdicts = ['pass', 'warn', 'fail', 'inconclusive'] as const;
export const verdictSchema = z.enum(verdicts);
export type Verdict = z.infer<typeof verdictSchema>;

/** Outliers that a record names of one row and side. */
export const mostOutliers = 5;

export const outlierSchema = z.strictObject({
  /** 0-based. */
  boot: z.int().nonnegative(),
  round: z.int().nonnegative(),
  /** ms since the boot's power-on. */
  atMs: z.number().nonnegative(),
  value: z.number(),
});

/** Per cycle, in the metric's unit, with its 95 % interval over boots. */
export const trendSchema = z.strictObject({ value: z.number(), low: z.number(), high: z.number() });
export type Slope = z.infer<typeof trendSchema>;

/** Location of one metric on one side. */
export const sideSummarySchema = z.strictObject({
  /** Median over boots of each boot's interquartile mean, in the metric's unit. */
  median: z.number(),
  /** Each boot's interquartile mean after warm-up, in order of boots. */
  bootLocations: z.array(z.number()),
  /** Samples that went into it. */
  samples: z.int().nonnegative(),
  /** Mean of all samples: what storing them costs, bursts included. Not tested. */
  mean: z.number().optional(),
  /** First rounds of each boot that are left out, the same on both sides: those asked for, and more where they differ from the rest. */
  warmupRounds: z.int().nonnegative().optional(),
  askedWarmupRounds: z.int().nonnegative().optional(),
  /** Samples far from the median of their boot: they count like all others. */
  outliers: z
    .strictObject({
      count: z.int().positive(),
      /** The farthest, in order of boots. */
      farthest: z.array(outlierSchema).max(mostOutliers),
    })
    .optional(),
  /** What a sample has more than the one before it, where that is told from chance. */
  trend: trendSchema.optional(),
});
export type SideSummary = z.infer<typeof sideSummarySchema>;

/** Estimate with its 95 % interval; `low`/`high` are absent when there are too few boots to say. */
export const estimateSchema = z.strictObject({
  value: z.number(),
  low: z.number().optional(),
  high: z.number().optional(),
});
export type Estimate = z.infer<typeof estimateSchema>;

export const rowSchema = z.strictObject({
  scenario: z.string(),
  metric: z.enum(metricNames),
  /** Only rows that gate have a verdict. */
  gates: z.boolean(),
  base: sideSummarySchema.optional(),
  head: sideSummarySchema.optional(),
  /** head/base − 1; absent without a base, or where the base is 0. */
  growth: estimateSchema.optional(),
  /** head − base, in the metric's unit. */
  difference: estimateSchema.optional(),
  /** Of no change, two-sided, before any correction. */
  pValue: z.number().optional(),
  /** Both medians and the growth without what an immediate pause costs on each side, in the metric's unit. */
  aboveFloor: z
    .strictObject({ base: z.number(), head: z.number(), growth: z.number().optional() })
    .optional(),
  /** What was applied to this row. Ratios and bytes. */
  thresholds: z.strictObject({
    failAbove: z.number(),
    warnAbove: z.number().optional(),
    minGrowth: z.number(),
    max: z.number().optional(),
    maxTrend: z.number().optional(),
  }),
  /** Growth and difference are each below this with 95 % confidence: what a pass rests on. */
  atMost: z.strictObject({ growth: z.number().optional(), difference: z.number().optional() }).optional(),
  /** The change is told from none after the correction over all rows that gate and all looks. */
  established: z.boolean().optional(),
  verdict: verdictSchema.optional(),
  /** Of a `fail`: which limit it is past. */
  failedBy: z.enum(['cap', 'trend', 'growth']).optional(),
  /** True: established and below zero by more than min-growth: said as loudly as a regression. */
  improved: z.boolean(),
  /** One sentence: why this verdict; for inconclusive, what would decide it. */
  reason: z.string(),
});
export type Row = z.infer<typeof rowSchema>;

/** There is no base to compare with although one was asked for: only caps decide. */
export const noVerdictSchema = z.strictObject({
  /** `no-baseline`: none is stored yet. `not-comparable`: there is one, of another machine, kernel or protocol. */
  state: z.enum(['no-baseline', 'not-comparable']),
  /** One sentence: the field that differs and both values, or what creates a baseline. */
  reason: z.string(),
});
export type NoVerdict = z.infer<typeof noVerdictSchema>;

/** Who accepted a growth, when, and at which head of the pull request. */
export const acceptanceSchema = z.strictObject({
  by: z.string().max(100),
  at: z.iso.datetime(),
  commit: commitShaSchema,
});
export type Acceptance = z.infer<typeof acceptanceSchema>;

export const errorRatesSchema = z.strictObject({
  /** Chance that any growth is called established where there is none, over all rows that gate and all looks. */
  alpha: z.number(),
  /** Of each interval. */
  confidence: z.number(),
  /** Looks that the plan of the measuring allowed, each with an equal share of alpha. */
  looks: z.int().positive(),
});

/** Two levels meet in the history of a row. */
export const historyStepSchema = z.strictObject({
  /** The first commit of the new level. */
  commit: commitShaSchema,
  measuredAt: z.iso.datetime(),
  /** As far as the noise tells, the step is at one of the commits from `earliest` to `latest`. */
  earliest: commitShaSchema,
  latest: commitShaSchema,
  /** The new level by the old one − 1; absent where the old one is 0. */
  growth: z.number().optional(),
  /** The new level less the old one, in the metric's unit. */
  difference: z.number(),
});
export type HistoryStep = z.infer<typeof historyStepSchema>;

/** What a row has crept by since a commit, head included. */
export const driftSchema = z.strictObject({
  from: commitShaSchema,
  since: z.iso.datetime(),
  /** Measurements from that one on, head included. */
  entries: z.int().positive(),
  /** Without the steps up that were past the row's own thresholds, and those that took one back: a ratio − 1, with its 95 % interval. */
  growth: z.strictObject({ value: z.number(), low: z.number(), high: z.number() }),
  /** The same of the head's own number: a ratio − 1. */
  head: z.number().optional(),
  /** In the metric's unit. */
  difference: z.number(),
  /** With all steps: a ratio − 1. */
  whole: z.number(),
  established: z.boolean(),
});
export type Drift = z.infer<typeof driftSchema>;

/** The history of a row that gates by growth. */
export const historyRowSchema = z.strictObject({
  scenario: z.string(),
  metric: z.enum(metricNames),
  /** Measurements that it was looked for in, head included. */
  entries: z.int().positive(),
  /** What it was at each of the history's `entries`, in the metric's unit; null where it was not measured. The head's own is its median. */
  series: z.array(z.number().nullable()).max(400).optional(),
  /** What measurements of one level usually differ by: a standard deviation as a ratio, robust; absent where there are too few. */
  noise: z.number().nonnegative().optional(),
  /** Of the last 20, oldest first. */
  steps: z.array(historyStepSchema).max(20),
  drift: driftSchema.optional(),
  /** With `max-drift`: whether it is past that. */
  verdict: z.enum(['pass', 'fail']).optional(),
  /** One sentence, where the verdict is fail. */
  reason: z.string().optional(),
});
export type HistoryRow = z.infer<typeof historyRowSchema>;

/** What the stored measurements of a branch tell. */
export const historyPartSchema = z.strictObject({
  branch: z.string().max(500),
  /** `max-drift` as a ratio, where it was given. */
  maxDrift: z.number().nonnegative().optional(),
  /** The commit that `drift-from` names, where it was given. */
  from: commitShaSchema.optional(),
  /** The measurements that were looked at, oldest first, without the head's. */
  entries: z
    .array(z.strictObject({ commit: commitShaSchema, measuredAt: z.iso.datetime() }))
    .max(400)
    .optional(),
  /** One clause, where no row has a drift: why. With `maxDrift` and a `from` that is not there the verdict is no `pass`. */
  notJudged: z.string().max(1000).optional(),
  rows: z.array(historyRowSchema).max(200),
});
export type HistoryPart = z.infer<typeof historyPartSchema>;

export const comparisonSchema = z.strictObject({
  schema: z.literal('snapgate/comparison'),
  version: z.literal(comparisonVersion),
  snapgate: z.string(),
  createdAt: z.string(),
  verdict: verdictSchema,
  /** One line without markup or emoji: `memfile diff of idle-2s +38 % per cycle (fails above +5 %)`. */
  headline: z.string(),
  base: subjectSchema.optional(),
  head: subjectSchema,
  fingerprint: fingerprintSchema,
  /** With it the verdict is `fail` (a cap, or `history`) or `inconclusive`. */
  noVerdict: noVerdictSchema.optional(),
  /** With it the verdict is `pass`; the rows keep theirs. */
  accepted: acceptanceSchema.optional(),
  /** Both images are the same bytes. */
  identicalImages: z.boolean(),
  boots: z.strictObject({ base: z.int().nonnegative(), head: z.int().nonnegative() }),
  /** What the verdicts may err by. */
  errors: errorRatesSchema.optional(),
  rows: z.array(rowSchema),
  /** Where stored measurements were there to be read; a row of it that fails makes the verdict `fail`. */
  history: historyPartSchema.optional(),
  notes: z.array(z.string()),
});
export type Comparison = z.infer<typeof comparisonSchema>;

export const matrixVersion = 1;

/** One entry of a matrix: compared, or why not. */
export const matrixEntrySchema = z.strictObject({
  name: z.string().max(100),
  comparison: comparisonSchema.optional(),
  /** One sentence, where there is no comparison. */
  missing: z.string().max(1000).optional(),
});
export type MatrixEntry = z.infer<typeof matrixEntrySchema>;

/** The comparisons of a matrix under one verdict. */
export const matrixSchema = z.strictObject({
  schema: z.literal('snapgate/matrix'),
  version: z.literal(matrixVersion),
  snapgate: z.string(),
  createdAt: z.string(),
  verdict: verdictSchema,
  headline: z.string(),
  accepted: acceptanceSchema.optional(),
  /** An entry without a comparison is only said; else it makes the verdict `fail`, and no acceptance changes that. */
  allowMissing: z.boolean(),
  entries: z.array(matrixEntrySchema).max(256),
});
export type Matrix = z.infer<typeof matrixSchema>;

/** A comparison, and the entry of a matrix that it is of; null where there is no matrix. */
export interface NamedComparison {
  readonly entry: string | null;
  readonly comparison: Comparison;
}

/** The one comparison, or those of a matrix in its order; entries that are missing have none. */
export function comparisonsOf(record: Comparison | Matrix): readonly NamedComparison[] {
  if (record.schema === 'snapgate/comparison') return [{ entry: null, comparison: record }];
  return record.entries.flatMap(({ name, comparison }) =>
    comparison === undefined ? [] : [{ entry: name, comparison }],
  );
}
